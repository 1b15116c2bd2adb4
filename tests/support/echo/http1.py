"""The echo backend over HTTP/1.1 and WebSocket: aiohttp's low-level server."""

import asyncio
import hashlib
import socket
import struct

from aiohttp import WSMsgType, web

from tests.support.echo.answer import Received, Seen, Wish, document, wish

_CHUNK = 65536


class Http1:
    """Answers for one backend; `handle` is what aiohttp calls for each request."""

    def __init__(self, name: str, seen: Seen) -> None:
        self._name = name
        self._seen = seen

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        self._seen.requests += 1
        path = request.raw_path
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(request)
        if path.startswith("/-/count/"):
            return web.Response(text=str(self._seen.counts[path.removeprefix("/-/count/")]))
        wanted = wish(path)
        if wanted.count:
            self._seen.counts[wanted.count] += 1
        if wanted.delay:
            await asyncio.sleep(wanted.delay)
        if wanted.reset == "before":
            return _reset(request)
        if wanted.echo:
            return await _stream_back(request)
        if wanted.reset or wanted.chunks:
            return await self._stream(request, wanted)
        return await self._plain(request, wanted)

    async def _plain(self, request: web.BaseRequest, wanted: Wish) -> web.Response:
        if wanted.size is None:
            body, kind = document(await self._received(request)), "application/json"
        else:
            body, kind = b"x" * wanted.size, "application/octet-stream"
        response = web.Response(status=wanted.status, body=body, content_type=kind)
        if wanted.close:
            response.force_close()
        return response

    async def _stream(self, request: web.BaseRequest, wanted: Wish) -> web.StreamResponse:
        response = web.StreamResponse(status=wanted.status)
        if wanted.reset:
            sent = int(wanted.reset)
            response.content_length = max(wanted.size or 0, sent + 1)
            await response.prepare(request)
            await response.write(b"x" * sent)
            await asyncio.sleep(0.02)  # the bytes shall leave before the reset overtakes them in the kernel's buffer
            return _reset(request)
        await response.prepare(request)
        for number in range(wanted.chunks):
            await response.write(b"%s %d\n" % (self._name.encode(), number))
            await asyncio.sleep(wanted.interval)
        await response.write_eof()
        return response

    async def _received(self, request: web.BaseRequest) -> Received:
        digest, length = hashlib.sha256(), 0
        if request.body_exists:
            async for part in request.content.iter_any():
                digest.update(part)
                length += len(part)
        return Received(
            name=self._name,
            method=request.method,
            path=request.raw_path.encode("utf-8", "surrogateescape").decode("latin-1"),
            host=request.headers.get("Host", ""),
            proto=f"HTTP/{request.version.major}.{request.version.minor}",
            headers=[(key.decode("latin-1"), value.decode("latin-1")) for key, value in request.raw_headers],
            tls=request.transport is not None and request.transport.get_extra_info("ssl_object") is not None,
            connection=self._seen.connections,
            body=length,
            body_sha256=digest.hexdigest() if length else "",
        )

    async def _websocket(self, request: web.BaseRequest) -> web.WebSocketResponse:
        """Text comes back behind the backend's name, binary as it is."""
        session = web.WebSocketResponse(autoping=True)
        await session.prepare(request)
        async for message in session:
            if message.type is WSMsgType.TEXT:
                await session.send_str(f"{self._name}: {message.data}")
            elif message.type is WSMsgType.BINARY:
                await session.send_bytes(message.data)
        return session


async def _stream_back(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while part := await request.content.read(_CHUNK):
        await response.write(part)
    await response.write_eof()
    return response


def _reset(request: web.BaseRequest) -> web.StreamResponse:
    """End the connection with a TCP reset and no goodbye."""
    transport = request.transport
    if transport is not None:
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    raise asyncio.CancelledError
