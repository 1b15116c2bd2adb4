"""Choose where a data plane listens: a loopback address of its own, and the ports that clients expect where they can be had.

Takes a salt (the state directory's real path), a name and a probe; gives an address and ports; refuses nothing: when no port can
be had it gives None. The order of candidates is a hash, so the same state directory asks for the same addresses again, and two
state directories hardly ever ask for the same.

The probe really binds. It sets SO_REUSEADDR, so that connections of an ended listener do not count (TIME_WAIT), and never
SO_REUSEPORT: two listeners that both set that would share the port without an error and split its traffic.
"""

import errno
import hashlib
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum

import msgspec

CANDIDATES = 64
"""How many addresses are tried before giving up: enough to step around others, few enough to be done in milliseconds."""


class Verdict(StrEnum):
    """What became of an attempt to bind."""

    FREE = "free"
    TAKEN = "taken"
    FORBIDDEN = "forbidden"


class Obstacle(msgspec.Struct, frozen=True):
    """The port that clients expect could not be had, and which stands in for it."""

    port: int
    instead: int
    why: Verdict


class Lease(msgspec.Struct, frozen=True):
    """An address, and for each port that clients expect the one that is really bound."""

    address: str
    ports: dict[int, int]
    obstacles: tuple[Obstacle, ...] = ()


Probe = Callable[[str, int], Verdict]


def candidates(salt: str, name: str) -> Iterator[str]:
    """Give addresses of 127.0.0.0/8 in the order in which `name` asks for them, without end.

    127.0.0.0/16 is left out: 127.0.0.1, 127.0.0.53 and 127.0.1.1 belong to others by custom. The last byte is 1 to 254.
    """
    attempt = 0
    while True:
        digest = hashlib.sha256(f"{salt}\0{name}\0{attempt}".encode()).digest()
        yield f"127.{1 + digest[0] % 254}.{digest[1]}.{1 + digest[2] % 254}"
        attempt += 1


def stand_ins(port: int) -> tuple[int, ...]:
    """Give the ports to try for one that clients expect, best first: 80, 8080, 18080, 28080; 443, 8443, 18443, 28443."""
    step = 8000 if port < 1024 else 0
    return tuple(n for n in (port, port + 8000, port + step + 10000, port + step + 20000) if n <= 65535)


def choose(addresses: Iterable[str], ports: Sequence[int], probe: Probe) -> Lease | None:
    """Give the first address on which no wanted port is taken; if there is none, the first on which stand-ins are free.

    A port that may not be bound at all is forbidden on every address: its stand-in is as good as it gets.
    """
    second_best: Lease | None = None
    for address in addresses:
        lease = _on(address, ports, probe)
        if lease and not any(obstacle.why is Verdict.TAKEN for obstacle in lease.obstacles):
            return lease
        second_best = second_best or lease
    return second_best


def _on(address: str, ports: Sequence[int], probe: Probe) -> Lease | None:
    chosen: dict[int, int] = {}
    obstacles: list[Obstacle] = []
    for port in ports:
        why: Verdict | None = None
        for real in stand_ins(port):
            verdict = Verdict.TAKEN if real in chosen.values() else probe(address, real)
            if verdict is Verdict.FREE:
                chosen[port] = real
                break
            why = why or verdict
        else:
            return None
        if why:
            obstacles.append(Obstacle(port, chosen[port], why))
    return Lease(address, chosen, tuple(obstacles))


def probe(address: str, port: int) -> Verdict:
    """Bind a TCP port for a moment. An address that this machine does not have counts as taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((address, port))
        except PermissionError:
            return Verdict.FORBIDDEN
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EADDRNOTAVAIL}:
                return Verdict.TAKEN
            raise
    return Verdict.FREE
