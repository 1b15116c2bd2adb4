"""Infrastructures: where data planes run, and where the user looks for their addresses.

An infrastructure takes a workload and keeps it running; gives what it observes; lists what it owns. It knows no traffic.
"""

from typing import Protocol

from genkan.ir import Binding, Certificate, Observation, Phase, Workload
from genkan.model import ObjectKey
from genkan.status import Report

__all__ = ["Infrastructure", "Observation", "Phase", "Report"]


class Infrastructure(Protocol):
    """Where data planes run. Every method is idempotent and concerns one key; failures raise TransientError or TerminalError."""

    async def bind(self, key: ObjectKey) -> Binding:
        """Say where this data plane shall listen; the same answer for the same key, also after a restart."""

    async def apply(self, key: ObjectKey, workload: Workload) -> None:
        """Make it run: start it, leave it, or replace it."""

    def observe(self, key: ObjectKey) -> Observation:
        """Tell what is known now."""

    async def report(self, key: ObjectKey, report: Report) -> None:
        """Write status and Events where the user looks; an equal report writes nothing."""

    async def keep(self, key: ObjectKey, served: tuple[Certificate, ...]) -> None:
        """Keep the certificates that are served, privately: they survive this controller."""

    def kept(self, key: ObjectKey) -> tuple[Certificate, ...]:
        """Give the certificates kept last, () if there are none."""

    async def delete(self, key: ObjectKey) -> None:
        """Drain, stop and remove all that was made for this key, its report included."""

    def owned(self) -> frozenset[ObjectKey]:
        """Every key that something runs or is kept for, also from before this controller started."""
