"""Drivers: each knows one kind of data plane.

A driver takes the intermediate representation only, never `model`. It renders (pure) and publishes (hands what it rendered to the
running data plane). It declares what it can do, so that what it cannot is a condition and never silently different.
"""

from typing import Protocol

from genkan.ir import Binding, Capabilities, DriverState, EndpointSet, Rejection, Traffic, Workload

__all__ = ["Driver", "DriverState", "Rejection"]


class Driver(Protocol):
    """One kind of data plane. `unit` is the data plane's key as text: namespace/name."""

    name: str
    capabilities: Capabilities

    def workload(self, unit: str, traffic: Traffic, binding: Binding) -> Workload:
        """Say what has to run (pure)."""

    def publish(self, unit: str, traffic: Traffic, endpoints: tuple[EndpointSet, ...], binding: Binding) -> None:
        """Make this the data plane's configuration. Returns at once; equal configuration is no work and wakes nobody."""

    def publish_endpoints(self, unit: str, endpoints: tuple[EndpointSet, ...]) -> None:
        """Replace the endpoint sets of what was published last; no route is rendered again."""

    def withdraw(self, unit: str) -> None:
        """Forget the data plane; it has been or is being deleted."""

    def state(self, unit: str) -> DriverState:
        """Tell what is known now."""
