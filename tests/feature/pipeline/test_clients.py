"""What clients do through the whole product: protocols, large bodies, long streams, lies, and attacks."""

import asyncio

import pytest
import pytest_asyncio

from tests.feature.pipeline.asking import answered, put_backends
from tests.support.client import connect, head, request, request_http2, websocket
from tests.support.manifests import ingress, path, rule
from tests.support.serve import Front, Serve

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEGABYTE = 2**20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(serve: Serve, addresses: dict[str, str]) -> Front:
    put_backends(serve, addresses)
    serve.write("clients.yaml", ingress("clients", rule("", path("/", "red"))))
    front = await serve.front("clients")
    await answered(front.plain)
    return front


@pytest.mark.parametrize("ask", [request, request_http2], ids=["http/1.1", "h2c"])
async def test_the_backend_learns_who_asked(front: Front, ask: object) -> None:
    """X-Forwarded-For, -Proto, -Host and X-Request-Id; Envoy's own headers are nobody's business."""
    asked = request if ask is request else request_http2
    received = (await asked(front.plain, host="who.test:81")).received
    assert received.header("x-forwarded-for") == "127.0.0.1"
    assert received.header("x-forwarded-proto") == "http"
    assert received.header("x-forwarded-host") == "who.test:81"
    assert received.header("x-request-id")
    assert not [name for name, _ in received.headers if name.lower().startswith("x-envoy")]


async def test_what_a_client_claims_is_not_believed(front: Front) -> None:
    """Its X-Forwarded-For stands before the real address; scheme, host and request id are replaced; the rest is removed."""
    claims = {
        "X-Forwarded-For": "198.51.100.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.test",
        "X-Request-Id": "mine",
        "X-Envoy-Upstream-Rq-Timeout-Ms": "1",
        "X-Envoy-Peer-Metadata": "lie",
        "X-Forwarded-Port": "99",
        "X-Real-IP": "198.51.100.9",
        "Forwarded": "for=198.51.100.9",
        "x_forwarded_for": "198.51.100.9",
    }
    received = (await request(front.plain, "/?delay=0.05", host="true.test", headers=claims)).received
    assert (received.header("x-forwarded-for") or "").replace(" ", "") == "198.51.100.9,127.0.0.1"
    assert received.header("x-forwarded-proto") == "http"
    assert received.header("x-forwarded-host") == "true.test"
    assert received.header("x-request-id") != "mine"
    assert not [name for name, _ in received.headers if name.lower().startswith(("x-envoy", "x_"))]
    assert [received.header(name) for name in ("x-forwarded-port", "x-real-ip", "forwarded")] == [None] * 3


async def test_an_upgrade_to_something_else_is_ignored(front: Front) -> None:
    """RFC 9110, 7.8: the request is answered as it stands."""
    offer = {"Connection": "Upgrade", "Upgrade": "TLS/1.2, HTTP/2.0"}
    assert (await request(front.plain, headers=offer)).status == 200


async def test_http_1_0_needs_no_host(front: Front) -> None:
    async with connect(front.plain) as connection:
        await connection.send(b"GET / HTTP/1.0\r\n\r\n")
        assert (await connection.answer()).received.name == "red"


async def test_two_hosts_are_a_bad_request(front: Front) -> None:
    """RFC 9112, 3.2."""
    async with connect(front.plain) as connection:
        await connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n")
        assert (await connection.answer()).status == 400


async def test_bodies_of_any_size_pass(front: Front) -> None:
    """20 MB up and 20 MB down."""
    up = await request(front.plain, "/", method="PUT", body=bytes(20 * MEGABYTE), timeout=30)
    assert up.received.body == 20 * MEGABYTE
    down = await request(front.plain, f"/?size={20 * MEGABYTE}", timeout=30)
    assert len(down.body) == 20 * MEGABYTE


async def test_a_long_stream_arrives_as_it_is_made(front: Front) -> None:
    """The first piece is there while the last is not yet written."""
    async with connect(front.plain) as connection:
        await connection.send(head("GET", "/?chunks=5&interval=0.1", "h", {}, None))
        await connection.reader.readuntil(b"red 0\n")
        async with asyncio.timeout(5):
            rest = await connection.reader.readuntil(b"0\r\n\r\n")
    assert b"red 4\n" in rest


async def test_a_websocket_passes(front: Front) -> None:
    """Both ways, text and binary."""
    async with websocket(front.plain) as session:
        await session.send_str("hello")
        assert await session.receive_str() == "red: hello"
        await session.send_bytes(bytes(100_000))
        assert await session.receive_bytes() == bytes(100_000)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({f"X-{number}": "x" for number in range(200)}, id="too many"),
        pytest.param({"X-Large": "x" * 100_000}, id="too large"),
    ],
)
async def test_a_header_flood_is_refused(front: Front, headers: dict[str, str]) -> None:
    """431, and nothing reaches the backend."""
    assert (await request(front.plain, headers=headers)).status == 431


async def test_slow_clients_do_not_hold_up_others(front: Front) -> None:
    """Two hundred half-sent requests are open; the next whole one is answered at once."""
    slow = [connect(front.plain) for _ in range(200)]
    connections = [await each.__aenter__() for each in slow]
    try:
        for connection in connections:
            await connection.send(b"GET / HTTP/1.1\r\nHost: slow.test\r\nX-Slow: ")
        assert (await request(front.plain, timeout=2)).status == 200
    finally:
        for each in slow:
            await each.__aexit__(None, None, None)
