"""The workload half of the intermediate representation: what has to run so that the traffic half is served.

Ours, frozen, neutral between a Kubernetes Deployment and a local process: an infrastructure turns it into either.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class File:
    """A text file the program reads, at a path relative to its configuration folder; `private` ones are mode 0600."""

    path: str
    content: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """A port the program listens on. `service` is what clients use, `container` where the program binds in a pod."""

    name: str
    service: int
    container: int


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a data plane shall listen and whom it shall ask, given by the infrastructure before anything is rendered.

    `address` is what listeners bind; `ports` maps a listener's client-visible port to the one it binds. `control_plane`,
    `admin` and `readiness` are paths of Unix sockets. `config_dir` is where the workload's files will stand, `state_dir` what
    the command line names so that a person sees whose process it is.
    """

    address: str
    ports: Mapping[int, int] = field(hash=False)
    control_plane: str
    admin: str
    readiness: str
    config_dir: str
    state_dir: str


@dataclass(frozen=True, slots=True)
class Drain:
    """How it stops without losing a request: asked to drain, then at most `seconds` until it is ended."""

    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Workload:
    """One program to run. A change of any field but `replicas` means a new process; equal workloads leave it alone."""

    kind: str
    command: tuple[str, ...]
    files: tuple[File, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    ports: tuple[Port, ...] = ()
    replicas: int = 1
    drain: Drain = Drain()
