"""A load generator that never loses count: keep-alive and new-connection requests at a set rate, each one judged.

Runs as a program on a client machine (`python -m tests.cluster.load SPEC.json RESULT.json`) until SIGTERM or for
`seconds`; a test starts it with `Load`. It speaks HTTP/1.1 by itself, because every client library repeats a request
on a fresh connection when a kept one turns out to be closed, and so hides what we look for. The rate is kept whatever
the answers do ("open loop"): a server that stalls does not slow its own test down.
"""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.cluster.cache import PROJECT
from tests.cluster.losses import Expectation, Loss, Tally
from tests.cluster.outcome import ClusterError, wait_until

KEPT, NEW = "keep-alive", "new-connection"
HEAD_LIMIT = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What to send: requests a second of each kind, for how long at most, and what a right answer is."""

    url: str
    keep_alive: float = 50
    new_connections: float = 50
    host: str = ""
    seconds: float = 600
    timeout: float = 5
    expect: Expectation = field(default_factory=Expectation)

    @classmethod
    def from_json(cls, text: str) -> "Spec":
        """Read what `to_json` wrote."""
        document = json.loads(text)
        return cls(**{**document, "expect": Expectation(**document["expect"])})

    def to_json(self) -> str:
        """All fields as one document."""
        return json.dumps(asdict(self))


@dataclass
class Connection:
    """One open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def usable(self) -> bool:
        """Whether the other side has not closed it, as far as is known."""
        return not self.reader.at_eof() and not self.writer.is_closing()


class LossError(Exception):
    """A request came to nothing; the text is the reason."""


class Generator:
    """Sends what a `Spec` asks for and keeps the `Tally`."""

    def __init__(self, spec: Spec) -> None:
        """Take what to send."""
        self._spec = spec
        parts = urlsplit(spec.url)
        self._address = parts.hostname or "", parts.port or 80
        self._host = spec.host or parts.netloc
        self._path = parts.path or "/"
        self._idle: list[Connection] = []
        self.tally = Tally()

    async def run(self, stop: asyncio.Event) -> Tally:
        """Send until told to stop or until the time is over, then wait for the last answers."""
        async with asyncio.TaskGroup() as requests, asyncio.TaskGroup() as kinds:
            kinds.create_task(self._at_rate(KEPT, self._spec.keep_alive, stop, requests))
            kinds.create_task(self._at_rate(NEW, self._spec.new_connections, stop, requests))
        for connection in self._idle:
            connection.writer.close()
        return self.tally

    async def _at_rate(self, kind: str, rate: float, stop: asyncio.Event, requests: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(1, round(rate * self._spec.seconds) + 1):
            if stop.is_set():
                return
            self.tally.sent[kind] += 1
            requests.create_task(self._judged(kind, number))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.0, began + number / rate - loop.time()))

    async def _judged(self, kind: str, number: int) -> None:
        """Send one request, and count it as answered or as lost: nothing else can happen to it."""
        wall, began = time.time(), time.monotonic()
        reason = ""
        try:
            async with asyncio.timeout(self._spec.timeout):
                status, body = await self._send(kind, number)
            reason = self._spec.expect.fault(number, status, body)
        except TimeoutError:
            reason = f"no answer in {self._spec.timeout:g} s"
        except (OSError, ValueError, LossError, asyncio.LimitOverrunError) as error:
            reason = f"{type(error).__name__}: {error}"
        took = time.monotonic() - began
        if reason:
            self.tally.lost(Loss(at=wall, kind=kind, number=number, seconds=took, reason=reason))
        else:
            self.tally.right(kind, took)

    async def _send(self, kind: str, number: int) -> tuple[int, bytes]:
        connection = self._kept() if kind == KEPT else None
        if connection is None:
            connection = Connection(*await asyncio.open_connection(*self._address, limit=HEAD_LIMIT))
        keep = False
        try:
            close = "" if kind == KEPT else "Connection: close\r\n"
            head = f"GET {self._path}?n={number} HTTP/1.1\r\nHost: {self._host}\r\n{close}\r\n"
            connection.writer.write(head.encode())
            await connection.writer.drain()
            status, body, keep = await read_answer(connection.reader)
        finally:
            if keep and kind == KEPT:
                self._idle.append(connection)
            else:
                connection.writer.close()
        return status, body

    def _kept(self) -> Connection | None:
        """An idle connection; those the server closed while nothing was asked of them are no loss."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.writer.close()
        return None


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Read one HTTP/1.1 answer: status, body, and whether the connection may be used again; refuse a cut one."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        what = "in the middle of the head" if error.partial else "before an answer"
        raise LossError(f"connection closed {what}") from error
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise LossError(f"no HTTP answer: {lines[0][:80]!r}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    keep = headers.get("connection", "").lower() != "close" and words[0] == "HTTP/1.1"
    try:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = await _chunked(reader)
        elif "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        else:
            keep, body = False, await reader.read()
    except asyncio.IncompleteReadError as error:
        raise LossError(f"body cut after {len(error.partial)} bytes") from error
    return int(words[1]), body, keep


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        chunk = await reader.readexactly(size + 2)
        if not size:
            return body
        body += chunk[:-2]


class Load:
    """The generator at work on a client machine while a test does something; a context manager.

    `prefix` puts it on another machine (network.client_prefix); when the block ends it is stopped and `tally` read.
    """

    def __init__(self, spec: Spec, *, prefix: Sequence[str] = ()) -> None:
        """Take what to send, and from where."""
        self._spec = spec
        self._prefix = prefix
        self._folder = TemporaryDirectory(prefix="genkan-load-")
        self._result = Path(self._folder.name, "result.json")
        self.tally = Tally()

    def __enter__(self) -> Self:
        """Start it, and wait until the first requests are out."""
        specification = Path(self._folder.name, "spec.json")
        specification.write_text(self._spec.to_json())
        started = started_mark(self._result)
        program = [sys.executable, "-m", "tests.cluster.load", str(specification), str(self._result)]
        self._process = subprocess.Popen([*self._prefix, *program], cwd=PROJECT)
        wait_until("the load generator", lambda: started.exists() or self._process.poll() is not None, seconds=20)
        return self

    def finish(self) -> None:
        """Wait until all that was asked for is sent and judged."""
        self._process.wait(self._spec.seconds + self._spec.timeout + 20)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it and read what it counted."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(self._spec.timeout + 20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._result.exists():
            self.tally = Tally.from_json(self._result.read_text())
        elif error is None:
            raise ClusterError(f"the load generator ended with {self._process.returncode} and left no result")
        self._folder.cleanup()


async def _until_told(spec: Spec, ready: Callable[[], None]) -> Tally:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ready()
    return await Generator(spec).run(stop)


def main() -> None:
    """Run what the first argument specifies, and leave the tally where the second says."""
    spec, result = Path(sys.argv[1]), Path(sys.argv[2])
    tally = asyncio.run(_until_told(Spec.from_json(spec.read_text()), started_mark(result).touch))
    result.write_text(tally.to_json())


def started_mark(result: Path) -> Path:
    """The file that tells that the generator is at work."""
    return result.with_name(f"{result.name}.started")


if __name__ == "__main__":
    main()
