"""What is known of a running data plane: from its infrastructure, and from the driver that talks to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from genkan.ir.conditions import Condition


class Phase(StrEnum):
    """How far a data plane is."""

    ABSENT = "absent"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Observation:
    """What runs now: addresses as the user's clients reach them, and what port each client-visible port really is there.

    `conditions` tell what happened or stands in the way (restarted, a port is taken); `ports` maps 80 to 80, or to its fallback. `reported`: the addresses stand in the status already.
    """

    phase: Phase
    addresses: tuple[str, ...] = ()
    ports: Mapping[int, int] = field(default_factory=dict, hash=False)
    conditions: tuple[Condition, ...] = ()
    reported: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Rejection:
    """The data plane refused a piece of configuration and runs what it had: which piece, and its own words."""

    resource: str
    message: str


@dataclass(frozen=True, slots=True)
class DriverState:
    """What a driver knows of one data plane: does it talk to us, and what has become of all that was published last.

    `acknowledged`: it has taken everything. `settled`: it has answered for everything; what it refused is named in `rejections`.
    """

    connected: bool = False
    acknowledged: bool = False
    settled: bool = False
    rejections: tuple[Rejection, ...] = ()
