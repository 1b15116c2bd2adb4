"""A client that connects where it is told and says what it is told: any Host, any SNI, raw bytes; sees the certificate."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import httpx
import msgspec

from tests.support.echo import Received


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect. `tls` speaks TLS with `sni` as the server's name ("" sends none)."""

    address: str
    port: int = 80
    tls: bool = False
    sni: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `certificate` is the server's leaf as DER, empty without TLS."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes
    version: str = "HTTP/1.1"
    certificate: bytes = b""
    alpn: str = ""

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def received(self) -> Received:
        """What the echo backend saw; an assertion error with the whole answer when it was not the backend that answered."""
        assert self.status == 200, self
        return msgspec.json.decode(self.body, type=Received)


def unverified(*alpn: str) -> ssl.SSLContext:
    """A client's context that accepts any certificate: the tests look at it themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


class Connection:
    """One HTTP/1.1 connection, bytes in and out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        session: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
        self.certificate = (session.getpeercert(binary_form=True) or b"") if session else b""
        self.alpn = (session.selected_alpn_protocol() or "") if session else ""

    async def send(self, data: bytes) -> None:
        """Write raw bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, to: str = "GET") -> Answer:
        """Read one whole answer; raises asyncio.IncompleteReadError when the connection ends before it does."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        version, status, *reason = first.split(" ", 2)
        headers = [(key, value.strip()) for key, _, value in (line.partition(":") for line in lines)]
        fields = {key.lower(): value for key, value in headers}
        if to == "HEAD" or int(status) in {204, 304} or int(status) < 200:
            body = b""
        elif "content-length" in fields:
            body = await self.reader.readexactly(int(fields["content-length"]))
        elif fields.get("transfer-encoding", "").lower() == "chunked":
            body = await self._chunked()
        else:
            body = await self.reader.read()
        return Answer(int(status), "".join(reason), headers, body, version, self.certificate, self.alpn)

    async def _chunked(self) -> bytes:
        parts = []
        while size := int((await self.reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readexactly(2)
        while await self.reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return b"".join(parts)


@asynccontextmanager
async def connect(target: Target, *alpn: str, timeout: float = 5.0) -> AsyncIterator[Connection]:
    """Open a connection for raw bytes; it is gone, whatever state it was in, at the end."""
    context = unverified(*alpn) if target.tls else None
    name = target.sni if target.tls else None
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_connection(
            target.address, target.port, limit=2**20, ssl=context, server_hostname=name
        )
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


def head(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The bytes of a request before its body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{key}: {value}" for key, value in headers.items())]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def request(
    target: Target,
    path: str = "/",
    *,
    host: str = "",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 10.0,
) -> Answer:
    """One HTTP/1.1 request on a connection of its own, as curl would make it; redirects are not followed."""
    async with asyncio.timeout(timeout), connect(target, "http/1.1") as connection:
        said = head(method, path, host or target.address, {"User-Agent": "test", **(headers or {})}, body)
        await connection.send(said + (body or b""))
        return await connection.answer(to=method)


async def request_http2(
    target: Target,
    path: str = "/",
    *,
    host: str = "",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 10.0,
) -> Answer:
    """One HTTP/2 request: by ALPN over TLS, with prior knowledge without."""
    url = f"{'https' if target.tls else 'http'}://{target.address}:{target.port}{path}"
    extensions = {"sni_hostname": target.sni} if target.sni else {}
    said = {"Host": host or target.address, **(headers or {})}
    async with httpx.AsyncClient(
        http1=False, http2=True, verify=unverified(), timeout=timeout, trust_env=False
    ) as client:
        response = await client.request(method, url, headers=said, content=body, extensions=extensions)
        return Answer(
            response.status_code,
            response.reason_phrase,
            [(key.decode("latin-1"), value.decode("latin-1")) for key, value in response.headers.raw],
            response.content,
            response.http_version,
        )


@asynccontextmanager
async def websocket(
    target: Target, path: str = "/", *, host: str = "", timeout: float = 10.0
) -> AsyncIterator[aiohttp.ClientWebSocketResponse[bool]]:
    """A WebSocket; the echo backend answers text with its name and the text."""
    scheme = "wss" if target.tls else "ws"
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(connect=timeout)) as session,
        session.ws_connect(
            f"{scheme}://{target.address}:{target.port}{path}",
            headers={"Host": host or target.address},
            ssl=unverified(),
            server_hostname=target.sni or None,
            timeout=aiohttp.ClientWSTimeout(ws_receive=timeout, ws_close=timeout),
        ) as socket,
    ):
        yield socket
