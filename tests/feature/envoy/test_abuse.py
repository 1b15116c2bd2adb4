"""Clients that cost: slow ones, floods of headers and of connections. Each is bounded, and the others are served meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.envoy.plane import Plane, running
from tests.support.certificates import self_signed
from tests.support.client import Target, connect, request
from tests.support.echo import Echo
from tests.support.traffic import certificate, chain, cluster, endpoints, host, route, traffic
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAIR = self_signed("a.example")
TRAFFIC = traffic(
    host("*", route("/", "web")),
    clusters=(cluster("web"),),
    chains=(chain("default", certificates=("shop/tls",)),),
    certificates=(certificate("shop/tls", PAIR.chain, PAIR.key),),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web() -> AsyncIterator[Echo]:
    async with Echo("web") as echo:
        yield echo


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plane(web: Echo) -> AsyncIterator[Plane]:
    async with running(TRAFFIC, endpoints("web", web.address)) as plane:
        yield plane


async def until_closed(target: Target, first: bytes) -> tuple[float, bytes]:
    """Say these bytes and nothing more; after how many seconds is the connection closed, and with which words."""
    begin = asyncio.get_running_loop().time()
    async with connect(target) as connection:
        await connection.send(first)
        async with asyncio.timeout(20):
            try:
                said = await connection.reader.read()
            except ConnectionResetError:
                said = b""
    return asyncio.get_running_loop().time() - begin, said


async def test_who_does_not_finish_a_sentence_is_cut_off(plane: Plane) -> None:
    """Half a request, half a TLS hello, silence where a hello is due: ten seconds each, at the same time here."""
    tcp = Target(plane.https().address, plane.https().port)
    waits = await asyncio.gather(
        until_closed(plane.http, b"GET / HTTP/1.1\r\nHost: x.example\r\nX-Slow: "),
        until_closed(plane.https("a.example"), b"GET / HTTP/1.1\r\n"),
        until_closed(tcp, b""),
        until_closed(tcp, b"\x16\x03\x01\x02\x00\x01"),
    )
    assert [9 < seconds < 14 for seconds, _ in waits] == [True] * 4, waits
    assert waits[0][1].startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Large": "x" * 70_000}, id="one that is too large"),
        pytest.param({f"X-Part-{number}": "x" * 1000 for number in range(80)}, id="too large together"),
        pytest.param({f"X-Many-{number}": "x" for number in range(120)}, id="too many"),
    ],
)
async def test_a_flood_of_headers_is_refused(plane: Plane, headers: dict[str, str]) -> None:
    assert (await request(plane.http, host="x.example", headers=headers)).status == 431


async def test_large_headers_pass(plane: Plane) -> None:
    """Long cookies and tokens are no flood."""
    answer = await request(plane.http, host="x.example", headers={"Cookie": "x" * 7000, "X-Token": "y" * 7000})
    assert answer.received.header("x-token") == "y" * 7000


async def test_a_flood_of_connections_leaves_health_and_the_early_ones_alone(web: Echo) -> None:
    """Full is full: later ones are closed, the earlier ones and readiness are served; who leaves makes room, a probe does not."""
    async with running(TRAFFIC, endpoints("web", web.address), files=540) as plane:
        async with contextlib.AsyncExitStack() as stack:
            early = [await stack.enter_async_context(connect(plane.http)) for _ in range(20)]
            for one in early:
                await one.send(b"GET / HTTP/1.1\r\nHost: x.example\r\n\r\n")
                assert (await one.answer()).status == 200
            for _ in range(5):
                assert await plane.ready()
                with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                    await request(plane.http, host="x.example")
            await early[0].send(b"GET / HTTP/1.1\r\nHost: x.example\r\n\r\n")
            assert (await early[0].answer()).status == 200

        async def served() -> bool:
            with contextlib.suppress(asyncio.IncompleteReadError):
                return (await request(plane.http, host="x.example")).status == 200
            return False

        await until(served, what="room for another client")


async def test_a_slow_reader_holds_no_more_than_a_buffer(plane: Plane) -> None:
    """100 MB for a client that does not read: Envoy stops reading from the backend instead of keeping it."""
    async with connect(plane.http) as connection:
        await connection.send(b"GET /?size=100000000 HTTP/1.1\r\nHost: x.example\r\n\r\n")
        await connection.reader.readuntil(b"\r\n\r\n")
        assert await plane.stat("server.memory_allocated") < 60_000_000
