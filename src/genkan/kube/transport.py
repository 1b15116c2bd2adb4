"""HTTP to one API server: one session, the right credentials, a bound on requests in flight, and errors of two kinds.

Gives bodies as bytes and watches as chunks of bytes; decodes nothing but refusals. Every error is a TransientError (with the server's
`Retry-After`, if it named one) or a TerminalError; see `status`. A 401 makes it look for a new credential, once per request.
Redirects are not followed: the token would go with them.
"""

import asyncio
import contextlib
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp
from yarl import URL

from genkan.errors import ConfigError, GenkanError, TransientError
from genkan.kube.auth import Certificate, Grant
from genkan.kube.connection import Connection
from genkan.kube.status import error_of, read_status

IN_FLIGHT = 50
"""Requests at one time. Watches do not count: they stay, and would in the end leave no room for anything else."""
CONNECT = 10.0
"""Seconds to connect, TLS included."""
TOTAL = 30.0
"""Seconds that a request may take by default."""
KEEP_ALIVE = 60.0
"""Seconds that an idle connection is kept."""

PROBES = {socket.TCP_KEEPIDLE: 30, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}
"""TCP keep-alive, seconds and count: a peer that vanished without a word is noticed after a minute, also by a quiet watch."""

JSON = "application/json"


@dataclass(frozen=True)
class _Ask:
    """One request; as text what errors say of it."""

    method: str
    path: str
    query: Mapping[str, str] | None
    body: bytes | None
    content_type: str
    timeout: aiohttp.ClientTimeout

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Transport:
    """A connection to the API server; an async context manager. `agent` is the User-Agent, which audit logs show."""

    def __init__(self, connection: Connection, *, agent: str = "genkan") -> None:
        self._connection = connection
        self._agent = agent
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._session: aiohttp.ClientSession | None = None
        self._tls: tuple[Certificate | None, ssl.SSLContext] | None = None

    async def __aenter__(self) -> Self:
        """Open the session; nothing is sent yet."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE, socket_factory=probing_socket)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        seconds: float = TOTAL,
    ) -> bytes:
        """Ask, and give the body of a 2xx answer; at most `seconds`, waiting for a free slot not counted."""
        async with self._slots:
            timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT)
            async with self._exchange(_Ask(method, path, query, body, content_type, timeout)) as response:
                return await response.read()

    @contextlib.asynccontextmanager
    async def stream(
        self, path: str, *, query: Mapping[str, str], inactivity: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """GET an answer without an end, chunk by chunk; silence of `inactivity` seconds is a TransientError."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=inactivity)
        async with self._exchange(_Ask("GET", path, query, None, JSON, timeout)) as response:
            yield response.content.iter_any()

    @contextlib.asynccontextmanager
    async def _exchange(self, ask: _Ask) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send with the present credential, and once more with a new one after a 401; gives 2xx answers only."""
        auth = self._connection.auth
        grant = await auth.grant()
        with _translated(str(ask)):
            async with self._send(ask, grant) as response:
                if response.status != 401:
                    await _refuse(ask, response)
                    yield response
                    return
                refusal = await response.read()
            auth.rejected(grant)
            newer = await auth.grant()
            if newer == grant:
                raise error_of(str(ask), 401, read_status(refusal))
            async with self._send(ask, newer) as response:
                await _refuse(ask, response)
                yield response

    def _send(self, ask: _Ask, grant: Grant) -> contextlib.AbstractAsyncContextManager[aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError("the transport is not open")
        connection = self._connection
        headers = {"Accept": JSON, "User-Agent": self._agent}
        if grant.token:
            headers["Authorization"] = f"Bearer {grant.token}"
        if not connection.compression:
            headers["Accept-Encoding"] = "identity"
        if ask.body is not None:
            headers["Content-Type"] = ask.content_type
        url = URL(connection.server + ask.path, encoded=True)
        if ask.query:
            url = url.with_query(dict(ask.query))
        return self._session.request(
            ask.method,
            url,
            data=ask.body,
            headers=headers,
            timeout=ask.timeout,
            allow_redirects=False,
            proxy=connection.proxy or None,
            ssl=self._context(grant.certificate) if connection.server.startswith("https:") else True,
            server_hostname=connection.tls_server_name or None,
        )

    def _context(self, certificate: Certificate | None) -> ssl.SSLContext:
        """Give the TLS context for a client certificate; a new one opens new connections, for the pool tells them apart."""
        if self._tls is None or self._tls[0] != certificate:
            self._tls = (certificate, _tls_context(self._connection, certificate))
        return self._tls[1]


def probing_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Make a socket that asks whether its peer is still there."""
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in PROBES.items():
        made.setsockopt(socket.IPPROTO_TCP, option, value)
    # What was sent and is not acknowledged holds the probes back: then this bounds the wait, milliseconds.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 60_000)
    return made


def _tls_context(connection: Connection, certificate: Certificate | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=connection.ca.decode() if connection.ca is not None else None)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError("the cluster's CA is no PEM certificate") from error
    if not connection.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        # The ssl module reads files only; this folder is ours alone and gone at once.
        with tempfile.TemporaryDirectory(prefix="genkan-") as folder:
            file = Path(folder) / "client.pem"
            file.touch(mode=0o600)
            file.write_bytes(certificate.chain.rstrip() + b"\n" + certificate.key)
            try:
                context.load_cert_chain(file)
            except (ssl.SSLError, OSError) as error:
                raise ConfigError(
                    "the client certificate and its key are not PEM, or do not belong together"
                ) from error
    return context


async def _refuse(ask: _Ask, response: aiohttp.ClientResponse) -> None:
    """Raise what an answer other than 2xx says."""
    if 200 <= response.status < 300:
        return
    header = response.headers.get("Retry-After", "")
    status = read_status(await response.read())
    raise error_of(str(ask), response.status, status, retry_after=float(header) if header.isdecimal() else None)


@contextlib.contextmanager
def _translated(asked: str) -> Iterator[None]:
    """Turn what can happen to a connection into a TransientError."""
    try:
        yield
    except GenkanError:
        raise
    except TimeoutError as error:
        raise TransientError(f"{asked}: no answer in time") from error
    except (aiohttp.ClientError, OSError) as error:
        raise TransientError(f"{asked}: {error or type(error).__name__}") from error
