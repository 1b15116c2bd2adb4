"""The driver "envoy": what to run, and what it shall serve, over xDS.

Importing it loads neither protobuf nor grpc; rendering does.
"""

import resource
from typing import TYPE_CHECKING, Protocol

from genkan.dataplanes import DriverState
from genkan.dataplanes.envoy.workload import find_program, workload
from genkan.ir import Binding, Capabilities, EndpointSet, Traffic, Workload
from genkan.settings import Settings

if TYPE_CHECKING:
    from genkan.dataplanes.envoy.render import Rendering
    from genkan.dataplanes.envoy.xds.snapshot import Snapshot


class Server(Protocol):
    """What the driver needs of an xDS server."""

    def set_snapshot(self, unit: str, snapshot: "Snapshot") -> None:
        """Make this what the unit's Envoy shall have."""

    def remove(self, unit: str) -> None:
        """Forget the unit."""

    def state(self, unit: str) -> DriverState:
        """Tell what its Envoy has acknowledged and refused."""


class EnvoyDriver:
    """Renders for Envoy and hands the result to the xDS server. Implements `genkan.dataplanes.Driver`."""

    name = "envoy"
    capabilities = Capabilities()

    def __init__(self, server: Server, settings: Settings) -> None:
        self._server = server
        self._settings = settings
        self._program = find_program(settings.envoy)
        self._files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self._published: dict[str, Rendering] = {}

    def workload(self, unit: str, traffic: Traffic, binding: Binding) -> Workload:
        """Say what has to run (pure); it is the same whatever the traffic."""
        del traffic
        return workload(unit, binding, self._settings, self._program, self._files)

    def publish(self, unit: str, traffic: Traffic, endpoints: tuple[EndpointSet, ...], binding: Binding) -> None:
        """Render what differs from the last time and hand it on."""
        from genkan.dataplanes.envoy import render

        before = self._published.get(unit, render.NOTHING)
        self._hand_on(unit, render.render(traffic, endpoints, binding, self._settings, before))

    def publish_endpoints(self, unit: str, endpoints: tuple[EndpointSet, ...]) -> None:
        """Render endpoint sets alone; nothing to do for a unit of which nothing was published."""
        from genkan.dataplanes.envoy import render

        before = self._published.get(unit)
        if before is not None:
            self._hand_on(unit, render.render_endpoints(endpoints, before))

    def withdraw(self, unit: str) -> None:
        """Forget the data plane."""
        self._published.pop(unit, None)
        self._server.remove(unit)

    def state(self, unit: str) -> DriverState:
        """Tell what is known now."""
        return self._server.state(unit)

    def _hand_on(self, unit: str, rendering: "Rendering") -> None:
        before = self._published.get(unit)
        self._published[unit] = rendering
        if before is None or before.snapshot != rendering.snapshot:
            self._server.set_snapshot(unit, rendering.snapshot)
