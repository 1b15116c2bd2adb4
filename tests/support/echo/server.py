"""One backend on one port: the first bytes of a connection say whether it is HTTP/2 or HTTP/1.1."""

import asyncio
import ssl
from types import TracebackType
from typing import Self, cast

from aiohttp import web

from tests.support.echo.answer import Seen
from tests.support.echo.http1 import Http1
from tests.support.echo.http2 import Http2Protocol

_PREFACE = b"PRI * HTTP/2.0"


class Echo:
    """A backend named `name`; use as an async context manager, then `port` is known.

    `keepalive` is after how many idle seconds an HTTP/1.1 connection is closed: small values make the race between the
    backend's close and the proxy's next request likely.
    """

    def __init__(
        self,
        name: str,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        keepalive: float = 3600.0,
    ) -> None:
        self.name = name
        self.host = host
        self.port = port
        self.seen = Seen()
        self._tls = tls
        self._keepalive = keepalive

    async def __aenter__(self) -> Self:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._http1 = web.Server(Http1(self.name, self.seen).handle, keepalive_timeout=self._keepalive, access_log=None)
        self._open: set[asyncio.Transport] = set()
        self._server = await loop.create_server(
            lambda: _Sniffer(self), self.host, self.port, ssl=self._tls, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and end every connection."""
        self._server.close()
        await self._http1.shutdown(timeout=0.1)
        for transport in list(self._open):
            if not transport.is_closing():  # Python 3.11.2 fails to abort a TLS transport that was closed twice
                transport.abort()
        await self._server.wait_closed()

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def opened(self, transport: asyncio.Transport) -> None:
        """A connection came."""
        self.seen.connections += 1
        self._open.add(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        """A connection went before anything was said on it."""
        self._open.discard(transport)

    def speak(self, first: bytes) -> asyncio.Protocol:
        """Choose who answers on a connection, by its first bytes."""
        if first.startswith(_PREFACE):
            return Http2Protocol(self.name, self.seen)
        return cast("asyncio.Protocol", self._http1())


class _Sniffer(asyncio.Protocol):
    """Reads the first bytes and hands the connection over."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo
        self._first = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._echo.opened(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._echo.closed(self._transport)

    def data_received(self, data: bytes) -> None:
        self._first += data
        if len(self._first) < len(_PREFACE) and _PREFACE.startswith(self._first):
            return
        speaker = self._echo.speak(self._first)
        self._transport.set_protocol(speaker)
        speaker.connection_made(self._transport)
        speaker.data_received(self._first)
