"""The echo backend over HTTP/2, with prior knowledge or by ALPN; requests of type application/grpc get gRPC's trailers."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset, WindowUpdated
from h2.exceptions import ProtocolError, StreamClosedError

from tests.support.echo.answer import Received, Seen, Wish, document, wish

Headers = list[tuple[str, str]]


@dataclass(slots=True)
class _Stream:
    headers: Headers
    body: bytearray = field(default_factory=bytearray)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    window: asyncio.Event = field(default_factory=asyncio.Event)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


class Http2Protocol(asyncio.Protocol):
    """One connection; one task per request."""

    def __init__(self, name: str, seen: Seen) -> None:
        self._name = name
        self._seen = seen
        self._machine = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
        self._streams: dict[int, _Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self._machine.initiate_connection()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget all requests: nobody waits for their answers."""
        for task in self._tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        """Feed the protocol machine."""
        try:
            for event in self._machine.receive_data(data):
                self._on_event(event)
        except ProtocolError:
            self._flush()
            self._transport.close()
            return
        self._flush()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._seen.requests += 1
            stream = _Stream([(str(key), str(value)) for key, value in event.headers or []])
            self._streams[event.stream_id or 0] = stream
            task = asyncio.get_running_loop().create_task(self._answer(event.stream_id or 0, stream))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(event, DataReceived):
            self._streams[event.stream_id or 0].body += event.data or b""
            self._machine.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
        elif isinstance(event, StreamEnded):
            self._streams[event.stream_id or 0].ended.set()
        elif isinstance(event, StreamReset):
            self._streams.pop(event.stream_id or 0, None)
        elif isinstance(event, WindowUpdated):
            for stream in self._streams.values():
                stream.window.set()

    def _flush(self) -> None:
        if data := self._machine.data_to_send():
            self._transport.write(data)

    async def _answer(self, number: int, stream: _Stream) -> None:
        try:
            if stream.header("content-type").startswith("application/grpc"):
                await self._answer_grpc(number, stream)
            else:
                await self._answer_http(number, stream, wish(stream.header(":path")))
        except (StreamClosedError, KeyError):
            pass  # the client gave up
        finally:
            self._streams.pop(number, None)
            self._flush()

    async def _answer_http(self, number: int, stream: _Stream, wanted: Wish) -> None:
        path = stream.header(":path")
        if wanted.count:
            self._seen.counts[wanted.count] += 1
        if wanted.delay:
            await asyncio.sleep(wanted.delay)
        if wanted.reset:
            self._machine.reset_stream(number, ErrorCodes.INTERNAL_ERROR)
            return
        await stream.ended.wait()
        kind = "application/json"
        if path.startswith("/-/count/"):
            body = str(self._seen.counts[path.removeprefix("/-/count/")]).encode()
        elif wanted.echo:
            body, kind = bytes(stream.body), "application/octet-stream"
        elif wanted.size is not None:
            body, kind = b"x" * wanted.size, "application/octet-stream"
        else:
            body = document(self._received(stream))
        self._machine.send_headers(
            number, [(":status", str(wanted.status)), ("content-type", kind), ("content-length", str(len(body)))]
        )
        await self._send(number, stream, body)
        self._machine.end_stream(number)

    async def _answer_grpc(self, number: int, stream: _Stream) -> None:
        """Give every message back and say OK in the trailers, after all messages have come."""
        await stream.ended.wait()
        self._machine.send_headers(
            number, [(":status", "200"), ("content-type", "application/grpc"), ("x-name", self._name)]
        )
        await self._send(number, stream, bytes(stream.body))
        self._machine.send_headers(number, [("grpc-status", "0"), ("grpc-message", self._name)], end_stream=True)

    async def _send(self, number: int, stream: _Stream, body: bytes) -> None:
        at = 0
        while at < len(body):
            room = min(self._machine.local_flow_control_window(number), self._machine.max_outbound_frame_size)
            if room <= 0:
                stream.window.clear()
                self._flush()
                await stream.window.wait()
                continue
            self._machine.send_data(number, body[at : at + room])
            at += room
        self._flush()

    def _received(self, stream: _Stream) -> Received:
        return Received(
            name=self._name,
            method=stream.header(":method"),
            path=stream.header(":path"),
            host=stream.header(":authority") or stream.header("host"),
            proto="HTTP/2.0",
            headers=[(key, value) for key, value in stream.headers if not key.startswith(":")],
            tls=self._transport.get_extra_info("ssl_object") is not None,
            connection=self._seen.connections,
            body=len(stream.body),
            body_sha256=hashlib.sha256(stream.body).hexdigest() if stream.body else "",
        )
