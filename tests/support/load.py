"""A load generator that counts losses: every request must get a whole answer, with the right status, from the right backend.

Each request carries a number that its answer must carry too, so an answer that belongs to another request is a wrong one.
A loss is a request without a whole answer: connection refused, reset, closed, cut short, too late. Nothing is tried again.
A keep-alive connection that the server closed *between* requests, or said it would, is opened anew and costs nothing.
"""

import asyncio
import itertools
import time
from array import array
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from tests.support.client import Target
from tests.support.wire import LostError, Reply, Wire

Check = Callable[[Reply, str], str]
"""Takes an answer and the path that was asked for; gives what is wrong with it, "" for nothing."""


class _Document(msgspec.Struct):
    name: str
    path: str


def from_backends(names: Collection[str], status: int = 200) -> Check:
    """The answer must come from the echo backend of one of these names, and for this very request."""

    def check(reply: Reply, path: str) -> str:
        if reply.status != status:
            return f"status {reply.status} instead of {status}: {reply.body[:120]!r}"
        try:
            said = msgspec.json.decode(reply.body, type=_Document)
        except msgspec.DecodeError:
            return f"not the backend's answer: {reply.body[:120]!r}"
        if said.name not in names:
            return f"wrong backend {said.name}"
        return "" if said.path == path else f"answer to another request: {said.path}"

    return check


@dataclass(frozen=True, slots=True)
class Loss:
    """One request that was lost, or answered wrongly: when, which, why."""

    load: str
    number: int
    at: datetime
    seconds: float
    wrong: bool
    reason: str

    def __str__(self) -> str:
        """One line for people."""
        kind = "wrong" if self.wrong else "lost"
        return f"{self.at:%H:%M:%S.%f} (+{self.seconds:.3f} s) {self.load} request {self.number} {kind}: {self.reason}"


@dataclass(slots=True)
class Tally:
    """What came of a load; `latencies` are seconds of the answered requests, in order, `rounds` how often the operation was done."""

    name: str
    sent: int = 0
    seconds: float = 0.0
    connections: int = 0
    rounds: int = 0
    losses: list[Loss] = field(default_factory=list)
    latencies: "array[float]" = field(default_factory=lambda: array("d"))

    @property
    def lost(self) -> int:
        """Requests without a whole answer."""
        return sum(not loss.wrong for loss in self.losses)

    @property
    def wrong(self) -> int:
        """Requests with a wrong answer."""
        return sum(loss.wrong for loss in self.losses)

    def __str__(self) -> str:
        """Figures in one line, then every loss in a line of its own."""
        rate = self.sent / self.seconds if self.seconds else 0.0
        figures = f"{self.name}: {self.sent} requests, {self.lost} lost, {self.wrong} wrong ({rate:.0f}/s, {self.connections} connections, {self.rounds} rounds)"
        return "\n  ".join([figures, *map(str, self.losses)])


class Load:
    """GET requests for one host and path from `connections` clients, at `rate` a second, or as fast as they are answered.

    Keep-alive clients use a connection for as long as they may, the others a new one for each request.
    """

    def __init__(
        self,
        name: str,
        target: Target,
        check: Check,
        *,
        host: str,
        path: str = "/",
        connections: int = 4,
        rate: float | None = None,
        keep_alive: bool = True,
        timeout: float = 5.0,
    ) -> None:
        self.tally = Tally(name)
        self._target = target
        self._check = check
        self._host = host
        self._path = path
        self._connections = connections
        self._interval = connections / rate if rate else 0.0
        self._keep_alive = keep_alive
        self._timeout = timeout
        self._numbers = itertools.count()
        self._began = 0.0

    async def run(self, *, at_least: int, done: asyncio.Event, limit: float) -> Tally:
        """Send at least so many requests and go on until `done`; stops after `limit` seconds whatever has been sent."""
        self._began = time.monotonic()

        def go_on() -> bool:
            return (self.tally.sent < at_least or not done.is_set()) and time.monotonic() - self._began < limit

        async with asyncio.TaskGroup() as group:
            for number in range(self._connections):
                group.create_task(self._client(go_on, number * self._interval / self._connections))
        self.tally.seconds = time.monotonic() - self._began
        return self.tally

    async def _client(self, go_on: Callable[[], bool], offset: float) -> None:
        wire: Wire | None = None
        due = self._began + offset
        while go_on():
            if self._interval:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                due = max(due + self._interval, time.monotonic() - 10 * self._interval)
            number = next(self._numbers)
            self.tally.sent += 1
            asked = time.monotonic()
            try:
                wire = await self._one(wire, number)
            except LostError as error:
                self._lose(number, str(error), wrong=False)
                wire = None
            else:
                self.tally.latencies.append(time.monotonic() - asked)
        if wire is not None:
            wire.close()

    async def _one(self, wire: Wire | None, number: int) -> Wire | None:
        """One request; gives the connection if it may be used again."""
        if wire is not None and not wire.usable:
            wire.close()
            wire = None
        if wire is None:
            wire = await Wire.open(self._target, self._timeout)
            self.tally.connections += 1
        path = f"{self._path}{'&' if '?' in self._path else '?'}n={number}"
        closing = "" if self._keep_alive else "Connection: close\r\n"
        try:
            request = f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n{closing}\r\n".encode("latin-1")
            reply = await wire.ask(request, self._timeout)
        except LostError:
            wire.close()
            raise
        if problem := self._check(reply, path):
            self._lose(number, problem, wrong=True)
        if reply.last or not self._keep_alive:
            wire.close()
            return None
        return wire

    def _lose(self, number: int, reason: str, *, wrong: bool) -> None:
        at = datetime.now(UTC)
        self.tally.losses.append(Loss(self.tally.name, number, at, time.monotonic() - self._began, wrong, reason))


async def under_load(
    loads: Sequence[Load], operation: Callable[[], Awaitable[None]], *, at_least: int, limit: float = 60.0
) -> list[Tally]:
    """Do the operation while the loads run, again and again until each load has sent enough; at most `limit` seconds.

    Each tally is printed, with every loss. An exception of the operation ends the loads and is raised.
    """
    done = asyncio.Event()
    running = [asyncio.ensure_future(load.run(at_least=at_least, done=done, limit=limit)) for load in loads]
    end = time.monotonic() + limit
    rounds = 0
    try:
        while not rounds or (any(load.tally.sent < at_least for load in loads) and time.monotonic() < end):
            await operation()
            rounds += 1
    finally:
        done.set()
        tallies = await asyncio.gather(*running)
        for tally in tallies:
            tally.rounds = rounds
            print(tally)  # noqa: T201 - the losses are what the reader of a failed test needs
    return tallies
