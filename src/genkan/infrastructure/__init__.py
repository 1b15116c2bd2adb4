"""Infrastructures: where data planes run, and where the user looks for their addresses.

An infrastructure takes a workload and keeps it running; gives what it observes; lists what it owns. It knows no traffic.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from genkan.ir import Binding, Condition, Workload
from genkan.model import Ingress, ObjectKey


class Phase(StrEnum):
    """How far a data plane is."""

    ABSENT = "absent"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Observation:
    """What runs now: addresses as the user's clients reach them, and what port each client-visible port really is there.

    `conditions` tell what happened or stands in the way (restarted, a port is taken); `ports` maps 80 to 80, or to its fallback.
    """

    phase: Phase
    addresses: tuple[str, ...] = ()
    ports: Mapping[int, int] = field(default_factory=dict, hash=False)
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What the user shall see of one Ingress: its addresses and ports, and what there is to tell."""

    ingress: Ingress
    addresses: tuple[str, ...]
    ports: tuple[int, ...]
    conditions: tuple[Condition, ...]


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

    async def delete(self, key: ObjectKey) -> None:
        """Drain, stop and remove all that was made for this key, its report included."""

    def owned(self) -> frozenset[ObjectKey]:
        """Every key that something runs or is kept for, also from before this controller started."""
