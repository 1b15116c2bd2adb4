"""The protocol on the wire: any client, a Unix socket, a real gRPC server."""

import asyncio
import contextlib
import stat
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from envoy.service.discovery.v3 import ads_pb2_grpc
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse

from genkan.dataplanes.envoy.xds.server import STREAMS_PER_UNIT, XdsServer
from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl
from genkan.errors import ConfigError
from tests.unit.dataplanes.envoy.xds import model

UNIT = "shop/web"
ONE = model.snapshot({"a": model.cluster("a")})
TWO = model.snapshot({"a": model.cluster("a"), "b": model.cluster("b")})


class Client:
    """One stream."""

    def __init__(self, call: Any) -> None:
        self._call = call

    async def ask(self, kind: TypeUrl, *names: str, node: str = "", **fields: Any) -> None:
        """Send a request."""
        request = DeltaDiscoveryRequest(type_url=kind, resource_names_subscribe=names, **fields)
        request.node.id = node
        await self._call.write(request)

    async def read(self) -> DeltaDiscoveryResponse:
        """The next response."""
        async with asyncio.timeout(5):
            response = await self._call.read()
        assert isinstance(response, DeltaDiscoveryResponse), "the stream has ended"
        return response

    async def take(self) -> DeltaDiscoveryResponse:
        """The next response, acknowledged."""
        response = await self.read()
        await self.ask(TypeUrl(response.type_url), response_nonce=response.nonce)
        return response

    async def silent(self) -> bool:
        """Whether nothing comes: whatever the server would say, it says before it answers this."""
        marker = "no such thing"
        await self.ask(TypeUrl.SECRET, marker)
        return list((await self.take()).removed_resources) == [marker]

    async def code(self) -> grpc.StatusCode:
        """How the stream ended."""
        async with asyncio.timeout(5):
            code: grpc.StatusCode = await self._call.code()
            return code


class Bed:
    """A server and a way to it."""

    def __init__(self, folder: str) -> None:
        self.path = Path(folder) / "xds.sock"
        self.changes: list[str] = []
        self.server = XdsServer(self.changes.append)

    @contextlib.asynccontextmanager
    async def client(self, node: str = UNIT) -> AsyncIterator[Client]:
        """Open a stream that asks for clusters."""
        async with grpc.aio.insecure_channel(f"unix:{self.path}") as channel:
            client = Client(ads_pb2_grpc.AggregatedDiscoveryServiceStub(channel).DeltaAggregatedResources())
            await client.ask(TypeUrl.CLUSTER, node=node)
            yield client


@pytest_asyncio.fixture
async def bed() -> AsyncIterator[Bed]:
    with tempfile.TemporaryDirectory(prefix="genkan-") as folder:
        bed = Bed(folder)
        await bed.server.start(bed.path)
        yield bed
        await bed.server.stop()


async def _settle(client: Client) -> None:
    """Take clusters, endpoints, listeners and routes of a first connection."""
    assert (await client.take()).type_url == TypeUrl.CLUSTER
    await client.ask(TypeUrl.ENDPOINTS, "a")
    assert (await client.take()).type_url == TypeUrl.ENDPOINTS
    await client.ask(TypeUrl.LISTENER)
    assert (await client.take()).type_url == TypeUrl.LISTENER
    await client.ask(TypeUrl.ROUTES, model.ROUTES)
    assert (await client.take()).type_url == TypeUrl.ROUTES


async def test_only_the_owner_may_connect(bed: Bed) -> None:
    assert stat.S_IMODE(bed.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("kind", "name"), [(TypeUrl.ENDPOINTS, "a"), (TypeUrl.ROUTES, model.ROUTES)], ids=["endpoints", "routes"]
)
async def test_every_resubscription_is_answered(bed: Bed, kind: TypeUrl, name: str) -> None:
    """Also for what the client has: it may have forgotten what it took."""
    bed.server.set_snapshot(UNIT, ONE)
    async with bed.client() as client:
        await _settle(client)
        for _ in range(3):
            await client.ask(kind, name)
            assert [one.name for one in (await client.take()).resources] == [name]


async def test_a_name_that_does_not_exist_is_answered(bed: Bed) -> None:
    bed.server.set_snapshot(UNIT, ONE)
    async with bed.client() as client:
        await _settle(client)
        await client.ask(TypeUrl.ENDPOINTS, "a", "nobody")
        response = await client.take()
        assert [one.name for one in response.resources] == ["a"]
        assert list(response.removed_resources) == ["nobody"]


async def test_a_wildcard_without_resources_is_answered(bed: Bed) -> None:
    """Envoy does not finish its start before it has heard that there are none."""
    bed.server.set_snapshot(UNIT, Snapshot({}))
    async with bed.client() as client:
        response = await client.take()
        assert (response.type_url, len(response.resources)) == (TypeUrl.CLUSTER, 0)


async def test_silence_until_something_is_published(bed: Bed) -> None:
    """A server that has just started knows nothing: it must not take away what runs."""
    async with bed.client() as client:
        await client.ask(TypeUrl.LISTENER, initial_resource_versions={"http": "1"})
        await bed.server.wait(UNIT, lambda state: state.connected, 5)
        assert not bed.server.state(UNIT).acknowledged
        bed.server.set_snapshot(UNIT, ONE)
        assert [one.name for one in (await client.take()).resources] == ["a"]


async def test_state_and_its_edges(bed: Bed) -> None:
    """Told once for each change: connected, acknowledged, no longer, gone."""
    bed.server.set_snapshot(UNIT, ONE)
    async with bed.client() as client:
        await _settle(client)
        await bed.server.wait(UNIT, lambda state: state.acknowledged, 5)
        told = len(bed.changes)
        bed.server.set_snapshot(UNIT, model.snapshot({"a": model.cluster("a")}))
        assert len(bed.changes) == told, "equal content is no change"
        bed.server.set_snapshot(UNIT, TWO)
        assert not bed.server.state(UNIT).acknowledged
    await bed.server.wait(UNIT, lambda state: not state.connected, 5)
    assert len(bed.changes) == told + 2
    assert bed.server.counters.streams == 0


async def test_a_refusal_is_told_and_cleared_by_a_later_version(bed: Bed) -> None:
    bed.server.set_snapshot(UNIT, ONE)
    async with bed.client() as client:
        refused = await client.read()
        await client.ask(TypeUrl.CLUSTER, response_nonce=refused.nonce, error_detail={"code": 3, "message": "no: \n a"})
        state = await bed.server.wait(UNIT, lambda state: bool(state.rejections), 5)
        assert [(one.resource, one.message) for one in state.rejections] == [("cluster a", "no: a")]
        assert await client.silent(), "what was refused is not sent again"
        bed.server.set_snapshot(UNIT, model.snapshot({"a": model.cluster("a", "better")}))
        await client.take()
        await bed.server.wait(UNIT, lambda state: not state.rejections, 5)


async def test_a_refused_listener_is_offered_again(bed: Bed) -> None:
    """Its address may be free by now; the refusal stays told until then, once."""
    await bed.server.stop()
    bed.server = XdsServer(bed.changes.append, retry=0.05)
    bed.server.set_snapshot(UNIT, Snapshot({TypeUrl.LISTENER: {"http": model.listener("http")}}))
    await bed.server.start(bed.path)
    async with bed.client() as client:
        await client.take()
        await client.ask(TypeUrl.LISTENER)
        for _ in range(3):
            offered = await client.read()
            assert [one.name for one in offered.resources] == ["http"]
            detail = {"code": 3, "message": "cannot bind"}
            await client.ask(TypeUrl.LISTENER, response_nonce=offered.nonce, error_detail=detail)
            await bed.server.wait(UNIT, lambda state: bool(state.rejections), 5)
        assert bed.changes == [UNIT, UNIT], "connected, refused"
        await client.take()
        await bed.server.wait(UNIT, lambda state: state.acknowledged and not state.rejections, 5)


async def test_routes_do_not_wait_for_clusters_for_ever(bed: Bed) -> None:
    """A client that never acknowledges clusters, as while DNS is silent."""
    await bed.server.stop()
    bed.server = XdsServer(bed.changes.append, patience=0.05)
    bed.server.set_snapshot(UNIT, ONE)
    await bed.server.start(bed.path)
    async with bed.client() as client:
        assert (await client.read()).type_url == TypeUrl.CLUSTER
        await client.ask(TypeUrl.ROUTES, model.ROUTES)
        assert (await client.read()).type_url == TypeUrl.ROUTES


async def test_the_latest_stream_speaks_and_all_are_served(bed: Bed) -> None:
    """An old stream that is dying says nothing of the Envoy that came after it."""
    bed.server.set_snapshot(UNIT, ONE)
    async with contextlib.AsyncExitStack() as old_life, bed.client() as new:
        old = await old_life.enter_async_context(bed.client())
        await _settle(old)
        await old_life.aclose()
        await _settle(new)
        await bed.server.wait(UNIT, lambda state: state.acknowledged, 5)
        assert bed.server.counters.streams_opened == 2


async def test_streams_of_one_unit_are_bounded(bed: Bed) -> None:
    """The oldest gives way."""
    bed.server.set_snapshot(UNIT, ONE)
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for _ in range(STREAMS_PER_UNIT + 1):
            clients.append(await stack.enter_async_context(bed.client()))
            await clients[-1].read()
        assert await clients[0].code() is grpc.StatusCode.OK
        assert bed.server.counters.streams == STREAMS_PER_UNIT


async def test_a_stream_without_a_node_is_refused_in_words(bed: Bed) -> None:
    async with bed.client(node="") as client:
        assert await client.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_stopping_ends_open_streams_within_a_second(bed: Bed) -> None:
    bed.server.set_snapshot(UNIT, ONE)
    async with bed.client() as client:
        await _settle(client)
        began = time.monotonic()
        await bed.server.stop()
        await client.code()
        assert time.monotonic() - began < 1


async def test_a_socket_left_by_a_killed_server_is_replaced(bed: Bed) -> None:
    """And a file that is none is not."""
    second = XdsServer(lambda _: None)
    await second.start(bed.path)
    await second.stop()
    bed.path.unlink(missing_ok=True)
    bed.path.write_text("precious")
    with pytest.raises(ConfigError, match="is no socket"):
        await second.start(bed.path)
    with pytest.raises(ConfigError, match="107 bytes"):
        await second.start(bed.path.parent / ("x" * 108))
    assert bed.path.read_text() == "precious"
