"""What happens to a request between client and backend, on the wire through a real Envoy."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from genkan.ir import BackendProtocol
from genkan.settings import Settings
from tests.feature.envoy.plane import Plane, running
from tests.support.client import Answer, connect, request, request_http2, websocket
from tests.support.echo import Echo
from tests.support.traffic import cluster, endpoints, forward, host, route, traffic, unavailable

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRAFFIC = traffic(
    host(
        "foo.bar.com", route("/exact", "web", exact=True), route("/foo", "web"), unavailable("/gone"), route("/", "web")
    ),
    host("paths.example", route("/exact", "web", exact=True), route("/foo", "web")),
    host("*.foo.com", route("/own", "web")),
    host("grpc.example", route("/", "grpc")),
    host("empty.example", route("/", "empty")),
    host("closed.example", route("/", "closed")),
    host("*", route("/any", "rest")),
    clusters=(
        *(cluster(name) for name in ("web", "rest", "empty", "closed")),
        cluster("grpc", protocol=BackendProtocol.HTTP2),
    ),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web() -> AsyncIterator[Echo]:
    async with Echo("web") as echo:
        yield echo


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plane(web: Echo) -> AsyncIterator[Plane]:
    async with (
        Echo("rest") as rest,
        Echo("grpc") as grpc,
        running(
            TRAFFIC,
            endpoints("web", web.address),
            endpoints("rest", rest.address),
            endpoints("grpc", grpc.address),
            endpoints("closed", "127.0.0.1:1"),
        ) as plane,
    ):
        yield plane


async def ask(plane: Plane, name: str, path: str = "/", **more: object) -> Answer:
    return await request(plane.http, path, host=name, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?",
        "/?q=/a//b",
        "//",
        "//foo",
        "/foo//bar",
        "/./a",
        "/a/../b",
        "/a%2Fb",
        "/%2e%2e/a",
        "/a;b=c",
        "/%C3%A9?%26",
    ],
)
async def test_the_path_arrives_byte_for_byte(plane: Plane, path: str) -> None:
    """Neither dot segments nor double slashes nor %2F are folded."""
    assert (await ask(plane, "foo.bar.com", path)).received.path == path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(("/exact", 200), ("/exact?q=1", 200), ("/exact/", 404), ("/EXACT", 404), ("/exact/a", 404)),
        *(
            ("/foo", 200),
            ("/foo/", 200),
            ("/foo?q", 200),
            ("/foo/bar", 200),
            ("/foobar", 404),
            ("/FOO", 404),
            ("/", 404),
        ),
    ],
)
async def test_paths_are_matched_by_element_and_case_and_without_query(plane: Plane, path: str, status: int) -> None:
    assert (await ask(plane, "paths.example", path)).status == status


@pytest.mark.parametrize(
    ("name", "path", "backend"),
    [
        pytest.param("foo.bar.com", "/", "web", id="exact"),
        pytest.param("FOO.Bar.com:8080", "/", "web", id="letter case and port"),
        pytest.param("a.foo.com", "/own", "web", id="one label"),
        pytest.param("A.FOO.com:81", "/own/x", "web", id="one label, letter case and port"),
        pytest.param("a.foo.com", "/any", None, id="a host that matches never falls through"),
        pytest.param("a.b.foo.com", "/own", None, id="two labels are no match"),
        pytest.param("a.b.foo.com:80", "/any", "rest", id="two labels go on to the hostless rules"),
        pytest.param("A.B.foo.com", "/any/x", "rest", id="two labels, letter case"),
        pytest.param("foo.com", "/own", None, id="no label is no match"),
        pytest.param("foo.com", "/any", "rest", id="no label goes on to the hostless rules"),
        pytest.param("xfoo.com", "/any", "rest", id="another name"),
        pytest.param("127.0.0.1", "/any", "rest", id="an address"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_hosts(plane: Plane, name: str, path: str, backend: str | None, method: str) -> None:
    answer = await ask(plane, name, path, method=method, body=b"" if method == "POST" else None)
    assert (answer.received.name if backend else answer.status) == (backend or 404)


async def test_the_host_arrives_as_sent(plane: Plane) -> None:
    received = (await ask(plane, "FOO.bar.com:8080")).received
    assert received.host == "FOO.bar.com:8080"
    assert received.header("x-forwarded-host") == "FOO.bar.com:8080"


async def test_a_stranger_is_told_clearly(plane: Plane) -> None:
    answer = await ask(plane, "nobody.example")
    assert (answer.status, answer.body) == (404, b"404: no Ingress rule matches this host and path\n")
    assert answer.header("content-type") == "text/plain"


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        pytest.param("empty.example", "/", b"503: no endpoint of the backend is ready\n", id="no endpoint"),
        pytest.param("closed.example", "/", b"503: the backend cannot be reached\n", id="nobody listens"),
        pytest.param("foo.bar.com", "/gone", b"503: the Service is missing\n", id="answered by the route"),
    ],
)
async def test_a_backend_that_cannot_answer_is_a_503_in_plain_words(
    plane: Plane, name: str, path: str, body: bytes
) -> None:
    answer = await ask(plane, name, path)
    assert (answer.status, answer.body) == (503, body)
    assert answer.header("content-type") == "text/plain"


async def test_the_backend_learns_who_asked_for_what(plane: Plane) -> None:
    received = (await ask(plane, "foo.bar.com")).received
    assert received.header("x-forwarded-for") == "127.0.0.1"
    assert received.header("x-forwarded-proto") == "http"
    assert received.header("x-forwarded-host") == "foo.bar.com"
    assert len(received.header("x-request-id") or "") == 36
    assert received.proto == "HTTP/1.1"


LIES = {
    "X-Forwarded-For": "198.51.100.7, 198.51.100.8",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Request-Id": "mine",
    "X-Envoy-External-Address": "198.51.100.9",
    "X-Envoy-Internal": "true",
    "X-Envoy-Retry-On": "5xx",
    "X-Envoy-Upstream-Rq-Timeout-Ms": "1",
    "X-Envoy-Original-Path": "/secret",
}


async def test_what_a_client_says_about_itself_is_not_believed(plane: Plane) -> None:
    """Only X-Forwarded-For keeps what was sent, with the client's address appended last: readers count from the right."""
    received = (await ask(plane, "foo.bar.com", "/?delay=0.05", headers=LIES)).received
    assert (received.header("x-forwarded-for") or "").replace(" ", "") == "198.51.100.7,198.51.100.8,127.0.0.1"
    assert received.header("x-forwarded-proto") == "http"
    assert received.header("x-forwarded-host") == "foo.bar.com"
    assert received.header("x-request-id") != "mine"
    assert not [key for key, _ in received.headers if key.lower().startswith("x-envoy-")]


async def test_a_proxy_that_is_trusted_is_believed(web: Echo) -> None:
    """With `trusted_hops` the proxy in front has set what arrives; its own address is appended."""
    async with running(TRAFFIC, endpoints("web", web.address), settings=Settings(trusted_hops=1)) as behind:
        received = (await ask(behind, "foo.bar.com", headers=LIES)).received
        bare = (await ask(behind, "foo.bar.com")).received
    assert (received.header("x-forwarded-for") or "").replace(" ", "") == "198.51.100.7,198.51.100.8,127.0.0.1"
    assert received.header("x-forwarded-proto") == "https"
    assert received.header("x-forwarded-host") == "evil.example"
    assert received.header("x-request-id") == "mine"
    assert not [key for key, _ in received.headers if key.lower().startswith("x-envoy-")]
    assert bare.header("x-forwarded-host") == "foo.bar.com"
    assert bare.header("x-forwarded-proto") == "http"


async def test_an_answer_has_the_headers_that_clients_count_on(plane: Plane) -> None:
    for answer in (await ask(plane, "foo.bar.com"), await ask(plane, "nobody.example")):
        assert all(answer.header(name) for name in ("server", "date", "content-length", "content-type"))
        assert not [key for key, _ in answer.headers if key.lower().startswith("x-envoy-")]


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
async def test_methods_pass(plane: Plane, method: str) -> None:
    answer = await ask(plane, "foo.bar.com", method=method)
    assert answer.status == 200
    if method != "HEAD":
        assert answer.received.method == method


async def test_http_1_0_is_answered(plane: Plane) -> None:
    async with connect(plane.http) as connection:
        await connection.send(b"GET / HTTP/1.0\r\nHost: foo.bar.com\r\n\r\n")
        assert (await connection.answer()).status == 200


async def test_http2_without_tls_by_prior_knowledge(plane: Plane) -> None:
    answer = await request_http2(plane.http, host="foo.bar.com")
    assert answer.version == "HTTP/2"
    assert answer.received.proto == "HTTP/1.1"


async def test_http2_to_the_backend(plane: Plane) -> None:
    assert (await ask(plane, "grpc.example")).received.proto.startswith("HTTP/2")


async def test_a_websocket(plane: Plane) -> None:
    async with websocket(plane.http, "/foo", host="foo.bar.com") as socket:
        await socket.send_str("hello")
        assert "hello" in await socket.receive_str()


async def test_large_bodies_pass_both_ways(plane: Plane) -> None:
    """Bodies have no limit: 32 MB here, far above every buffer."""
    body = bytes(range(256)) * 4096 * 32
    up = (await ask(plane, "foo.bar.com", method="POST", body=body, timeout=30)).received
    down = await ask(plane, "foo.bar.com", f"/?size={len(body)}", timeout=30)
    assert (up.body, up.body_sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert len(down.body) == len(body)


async def test_a_stream_arrives_piece_by_piece(plane: Plane) -> None:
    """Nothing is held back until the answer is complete."""
    async with connect(plane.http) as connection, asyncio.timeout(10):
        await connection.send(b"GET /?chunks=2&interval=2 HTTP/1.1\r\nHost: foo.bar.com\r\n\r\n")
        begin = asyncio.get_running_loop().time()
        await connection.reader.readuntil(b"\r\n\r\n")
        await connection.reader.readuntil(b"\r\n")
        assert asyncio.get_running_loop().time() - begin < 1.5


async def test_a_route_may_limit_the_time(web: Echo) -> None:
    limited = traffic(
        host("*", route("/limited", forward("web", timeout=0.2)), route("/", "web")), clusters=(cluster("web"),)
    )
    async with running(limited, endpoints("web", web.address)) as plane:
        assert (await ask(plane, "x.example", "/limited?delay=1")).status == 504
        assert (await ask(plane, "x.example", "/?delay=0.5")).status == 200


async def test_every_endpoint_is_used() -> None:
    """Ten pods behind one Service: a hundred requests reach every one of them."""
    async with contextlib.AsyncExitStack() as stack:
        pods = [await stack.enter_async_context(Echo(f"pod-{number}")) for number in range(10)]
        wanted = traffic(host("*", route("/", "web")), clusters=(cluster("web"),))
        async with running(wanted, endpoints("web", *(pod.address for pod in pods))) as spread:
            names = {(await ask(spread, "x.example")).received.name for _ in range(100)}
    assert len(names) == 10
