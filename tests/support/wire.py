"""One HTTP/1.1 connection of the load generator: fast, and strict about what counts as an answer."""

import asyncio
import re
from typing import NamedTuple, cast

from tests.support.client import Target, unverified

_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3})[ \r]")
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)


class LostError(Exception):
    """No whole answer came; the text is the reason."""


class Reply(NamedTuple):
    """A whole answer; `last` when the server said that it closes the connection now."""

    status: int
    body: bytes
    last: bool


class Wire(asyncio.Protocol):
    """Sends one request at a time and waits for its answer, which must have a Content-Length."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._waiting: asyncio.Future[Reply] | None = None
        self._ended = ""

    @classmethod
    async def open(cls, target: Target, timeout: float) -> "Wire":
        """Connect; raises LostError with the reason when that fails."""
        context, name = (_CONTEXT, target.sni) if target.tls else (None, None)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, wire = await loop.create_connection(
                    cls, target.address, target.port, ssl=context, server_hostname=name
                )
        except TimeoutError:
            raise LostError(f"no connection within {timeout:g} s") from None
        except OSError as error:
            raise LostError(f"connection failed: {error}") from None
        return wire

    @property
    def usable(self) -> bool:
        """Whether the server still listens on this connection, as far as is known."""
        return not self._ended and not self._buffer

    async def ask(self, request: bytes, timeout: float) -> Reply:
        """Send the request and wait for the whole answer; raises LostError with the reason when none comes."""
        if self._ended:
            raise LostError(self._ended)
        self._waiting = self._loop.create_future()
        self._transport.write(request)
        timer = self._loop.call_later(timeout, self._fail, f"no whole answer within {timeout:g} s")
        try:
            return await self._waiting
        finally:
            timer.cancel()
            self._waiting = None

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for an answer has lost it."""
        self._ended = f"connection reset: {exc}" if exc else "connection closed"
        self._fail(
            self._ended
            + (f" after {len(self._buffer)} bytes of the answer" if self._buffer else ", no byte of an answer")
        )

    def data_received(self, data: bytes) -> None:
        """Collect until the answer is whole."""
        self._buffer = self._buffer + data if self._buffer else data
        if self._waiting is None:
            return  # more than was asked for: `usable` tells
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[: end + 2]
        status, length = _STATUS.match(head), _LENGTH.search(head)
        if status is None or length is None:
            self._fail(f"not an answer with a length: {head[:200]!r}")
            return
        whole = end + 4 + int(length[1])
        if len(self._buffer) < whole or self._waiting.done():
            return
        body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
        self._waiting.set_result(Reply(int(status[1]), body, _CLOSE.search(head) is not None))

    def _fail(self, reason: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(LostError(reason))


_CONTEXT = unverified("http/1.1")
