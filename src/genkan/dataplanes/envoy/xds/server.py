"""The xDS server: one gRPC service, one stream per Envoy, a snapshot for each unit. The thin edge around `stream`.

A unit is a data plane's key as text; it is the node id that its Envoy sends. Costs are per unit: nothing polls, and an update of
one touches no other.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import structlog
from envoy.service.discovery.v3 import ads_pb2_grpc
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse

from genkan.dataplanes import DriverState
from genkan.dataplanes.envoy.xds.snapshot import Snapshot
from genkan.dataplanes.envoy.xds.stream import ProtocolError, Stream
from genkan.dataplanes.envoy.xds.transport import Transport, unix_socket

PATIENCE = 10.0
"""Seconds that routes wait for clusters to warm; only a name that DNS is slow to answer takes longer than milliseconds."""

RETRY = 5.0
"""Seconds after which a refused listener is offered again: whoever held its address may be gone."""

STREAMS_PER_UNIT = 4
"""Streams of one unit at a time: an old one dying, a new one, replicas of a rollout; the oldest gives way."""

_GRACE = 0.5
"""Seconds that a stopping server gives its streams to end by themselves; they are told to at once."""

_OPTIONS = (
    # A peer that is gone without a word is found out within 40 seconds.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # What a reconnecting Envoy says that it has: some 100 bytes for each resource.
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    ("grpc.so_reuseport", 0),
)

_log = structlog.get_logger(__name__)

Context = grpc.aio.ServicerContext[DeltaDiscoveryRequest, DeltaDiscoveryResponse]


@dataclass(slots=True)
class Counters:
    """What happened since the start, of all units together; `streams` are those open now."""

    streams: int = 0
    streams_opened: int = 0
    requests: int = 0
    responses: int = 0
    acknowledgements: int = 0
    refusals: int = 0


class _Connection:
    """One open stream: the machine that decides, and the wake-up of whoever writes."""

    def __init__(self, unit: "_Unit") -> None:
        self.machine = Stream(unit.snapshot, before=unit.last)
        self.wake = asyncio.Event()
        self.closing = False
        self.timers: dict[Callable[[], None], asyncio.TimerHandle] = {}

    def close(self) -> None:
        """End the stream from our side."""
        self.closing = True
        self.wake.set()

    def remind(self, due: Callable[[], None], delay: float, *, wanted: bool) -> None:
        """Keep one timer for this as long as it is wanted; when it fires, the writer looks again."""
        timer = self.timers.get(due)
        if not wanted and timer is not None:
            timer.cancel()
            del self.timers[due]
        elif wanted and timer is None:
            self.timers[due] = asyncio.get_running_loop().call_later(delay, self._fire, due)

    def stop_timers(self) -> None:
        """Forget every timer."""
        for timer in self.timers.values():
            timer.cancel()
        self.timers.clear()

    def _fire(self, due: Callable[[], None]) -> None:
        del self.timers[due]
        due()
        self.wake.set()


@dataclass(slots=True, eq=False)
class _Unit:
    """One data plane: what it shall have, who speaks for it (the latest stream), what was told of it last."""

    snapshot: Snapshot | None = None
    connections: list[_Connection] = field(default_factory=list)
    last: Stream | None = None
    told: DriverState = field(default_factory=DriverState)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class XdsServer(ads_pb2_grpc.AggregatedDiscoveryServiceServicer):  # type: ignore[misc]
    """Delta ADS for any number of units. Everything but `start`, `stop` and `wait` returns at once; all of it runs on one event loop.

    `on_change(unit)` is called when `state(unit)` has changed, and only then.
    """

    def __init__(
        self,
        on_change: Callable[[str], None],
        *,
        transport: Transport = unix_socket,
        patience: float = PATIENCE,
        retry: float = RETRY,
    ) -> None:
        self.counters = Counters()
        self._on_change = on_change
        self._transport = transport
        self._patience = patience
        self._retry = retry
        self._units: dict[str, _Unit] = {}
        self._server: grpc.aio.Server | None = None

    async def start(self, address: Path | str) -> None:
        """Listen; ConfigError or TransientError if that cannot be."""
        server = grpc.aio.server(options=_OPTIONS)
        ads_pb2_grpc.add_AggregatedDiscoveryServiceServicer_to_server(self, server)
        self._transport(server, os.fspath(address))
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """End every stream, so that each Envoy looks for the next server at once, then stop listening."""
        server, self._server = self._server, None
        if server is None:
            return
        stopped = asyncio.ensure_future(server.stop(_GRACE))
        for unit in self._units.values():
            for connection in unit.connections:
                connection.close()
        await stopped

    def set_snapshot(self, unit: str, snapshot: Snapshot) -> None:
        """Make this what the unit's Envoy shall have; one that is not connected gets it when it comes."""
        entry = self._units.setdefault(unit, _Unit())
        if entry.snapshot == snapshot:
            return
        entry.snapshot = snapshot
        for connection in entry.connections:
            connection.machine.on_snapshot(snapshot)
            connection.wake.set()
        self._tell(unit, entry)

    def remove(self, unit: str) -> None:
        """Forget what the unit shall have. An Envoy that is still connected keeps what it has while it drains."""
        entry = self._units.get(unit)
        if entry is not None:
            entry.snapshot = None
            self._drop_if_over(unit, entry)

    def state(self, unit: str) -> DriverState:
        """Tell what the unit's latest stream has acknowledged and refused; without a stream, what it refused last."""
        entry = self._units.get(unit)
        return entry.told if entry else DriverState()

    async def wait(self, unit: str, predicate: Callable[[DriverState], bool], timeout: float) -> DriverState:
        """Wait until the unit's state satisfies the predicate, and give it; TimeoutError after so many seconds."""
        entry = self._units.setdefault(unit, _Unit())
        async with asyncio.timeout(timeout):
            while not predicate(entry.told):
                await entry.changed.wait()
        return entry.told

    async def DeltaAggregatedResources(  # noqa: N802 - gRPC's name
        self, requests: AsyncIterator[DeltaDiscoveryRequest], context: Context
    ) -> None:
        """Serve one stream until either side ends it."""
        first = await anext(aiter(requests), None)
        if first is None:
            return
        name = first.node.id
        if not name:
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, "the first request must name its node: node.id is empty"
            )
        if self._server is None:
            return
        unit = self._units.setdefault(name, _Unit())
        connection = self._connect(name, unit)
        reader = asyncio.create_task(self._read(name, unit, connection, first, requests))
        try:
            await self._write(connection, reader, context)
        finally:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError, grpc.RpcError):
                await asyncio.wait([reader])
            self._disconnect(name, unit, connection)

    async def _read(
        self,
        name: str,
        unit: _Unit,
        connection: _Connection,
        first: DeltaDiscoveryRequest,
        rest: AsyncIterator[DeltaDiscoveryRequest],
    ) -> None:
        self._receive(name, unit, connection, first)
        async for request in rest:
            self._receive(name, unit, connection, request)

    def _receive(self, name: str, unit: _Unit, connection: _Connection, request: DeltaDiscoveryRequest) -> None:
        self.counters.requests += 1
        told = connection.machine.rejections
        outcome = connection.machine.on_request(request)
        self.counters.acknowledgements += outcome.accepted
        self.counters.refusals += outcome.refused
        if outcome.refused and outcome.names and connection.machine.rejections != told:
            _log.warning("xds.refused", unit=name, resource=outcome.names[0], message=outcome.message)
        connection.wake.set()
        self._tell(name, unit)

    async def _write(self, connection: _Connection, reader: "asyncio.Task[None]", context: Context) -> None:
        """Send what is due whenever something happened. A slow reader is never sent more than the machine's window."""
        reader.add_done_callback(lambda _: connection.wake.set())
        while True:
            await connection.wake.wait()
            connection.wake.clear()
            if connection.closing:
                return
            if reader.done():
                await self._ended(reader, context)
                return
            for response in connection.machine.due():
                self.counters.responses += 1
                await context.write(response)
            machine = connection.machine
            connection.remind(machine.on_patience_lost, self._patience, wanted=machine.waiting)
            connection.remind(machine.on_retry, self._retry, wanted=machine.wants_retry)

    async def _ended(self, reader: "asyncio.Task[None]", context: Context) -> None:
        error = None if reader.cancelled() else reader.exception()
        if isinstance(error, ProtocolError):
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        if error is not None:
            raise error

    def _connect(self, name: str, unit: _Unit) -> _Connection:
        connection = _Connection(unit)
        unit.connections.append(connection)
        if len(unit.connections) > STREAMS_PER_UNIT:
            unit.connections[0].close()
        self.counters.streams += 1
        self.counters.streams_opened += 1
        _log.debug("xds.connected", unit=name, streams=len(unit.connections))
        self._tell(name, unit)
        return connection

    def _disconnect(self, name: str, unit: _Unit, connection: _Connection) -> None:
        connection.stop_timers()
        unit.connections.remove(connection)
        self.counters.streams -= 1
        _log.debug("xds.disconnected", unit=name, streams=len(unit.connections))
        self._tell(name, unit)
        self._drop_if_over(name, unit)

    def _drop_if_over(self, name: str, unit: _Unit) -> None:
        if unit.snapshot is None and not unit.connections:
            self._units.pop(name, None)

    def _tell(self, name: str, unit: _Unit) -> None:
        """Call `on_change` if the state is another than the one told last; not for a node that nobody has published."""
        if unit.connections:
            unit.last = unit.connections[-1].machine
            state = unit.last.state
        else:
            state = DriverState(rejections=unit.told.rejections)
        if state == unit.told:
            return
        unit.told = state
        unit.changed.set()
        unit.changed = asyncio.Event()
        if unit.snapshot is not None:
            self._on_change(name)
