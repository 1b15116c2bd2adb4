"""What a client says about itself in headers, and what of it the backend sees."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from genkan.settings import Settings
from tests.feature.envoy.plane import Plane, running
from tests.support.client import connect, request, request_http2, websocket
from tests.support.echo import Echo
from tests.support.traffic import cluster, endpoints, host, route, traffic

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRAFFIC = traffic(host("*", route("/", "web")), clusters=(cluster("web"),))
CLAIM = "a client's claim"

ENVOYS = (
    "X-Envoy-Foo",
    "X-Envoy-Attempt-Count",
    "X-Envoy-Original-Dst-Host",
    "X-Envoy-Peer-Metadata",
    "X-Envoy-External-Address",
    "x_envoy_original_path",
)
UNDERSCORED = (
    "x_forwarded_for",
    "X_Forwarded-For",
    "X-Forwarded_For",
    "x_forwarded_proto",
    "x_forwarded_host",
    "x_forwarded_port",
    "x_real_ip",
    "x_request_id",
    "x_original_url",
)
PROXIES = (
    "Forwarded",
    "X-Forwarded-Port",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Ssl",
    "X-Forwarded-Server",
    "X-Forwarded-Prefix",
    "X-Forwarded-Uri",
    "X-Forwarded-Path",
    "X-Forwarded-Method",
    "X-Real-IP",
    "X-Original-Forwarded-For",
    "X-Original-URL",
    "X-Original-Host",
    "X-Rewrite-URL",
    "X-Scheme",
    "X-Url-Scheme",
    "Front-End-Https",
)
HONEST = (
    "X-Forwarded",
    "X-Forwarded-User",
    "X-Forwarded-Portal",
    "X-Realm",
    "X-Environment",
    "X-Envoyish",
    "X-Originally",
    "user_id",
    "api_key",
    "X-Scheme-Name",
    "Forwarded-By-Hand",
    "Authorization",
    "Cookie",
    "Traceparent",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web() -> AsyncIterator[Echo]:
    async with Echo("web") as echo:
        yield echo


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plane(web: Echo) -> AsyncIterator[Plane]:
    async with running(TRAFFIC, endpoints("web", web.address)) as plane:
        yield plane


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def behind(web: Echo) -> AsyncIterator[Plane]:
    async with running(TRAFFIC, endpoints("web", web.address), settings=Settings(trusted_hops=1)) as plane:
        yield plane


@pytest.mark.parametrize("ask", [request, request_http2], ids=["http/1.1", "h2c"])
@pytest.mark.parametrize("name", [*ENVOYS, *UNDERSCORED, *PROXIES])
async def test_what_frameworks_would_believe_is_removed(plane: Plane, name: str, ask: object) -> None:
    """By its name in any letter case, and with underscores, which CGI, WSGI and their heirs cannot tell from dashes."""
    asked = request if ask is request else request_http2
    for spelled in (name, name.upper()) if asked is request else (name.lower(),):
        received = (await asked(plane.http, host="a.example", headers={spelled: CLAIM})).received
        assert not [key for key, value in received.headers if CLAIM in value], received.headers


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("trusted", [False, True], ids=["alone", "behind a proxy"])
async def test_every_other_header_passes(plane: Plane, behind: Plane, name: str, trusted: bool) -> None:
    """Names that only resemble, and underscores as gRPC metadata and API keys have them."""
    asked = behind if trusted else plane
    assert (await request(asked.http, host="a.example", headers={name: CLAIM})).received.header(name) == CLAIM


async def test_a_removed_header_takes_nothing_else_with_it(plane: Plane) -> None:
    """All at once: what Genkan itself says arrives, once each."""
    lies = dict.fromkeys([*ENVOYS, *UNDERSCORED, *PROXIES], CLAIM)
    received = (await request(plane.http, host="a.example", headers=lies | {"X-Mine": "kept"})).received
    assert received.header("x-mine") == "kept"
    ours = [(key.lower(), value) for key, value in received.headers if key.lower().startswith("x-forwarded-")]
    assert sorted(ours) == [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "a.example"),
        ("x-forwarded-proto", "http"),
    ]


@pytest.mark.parametrize("name", PROXIES)
async def test_a_trusted_proxy_may_say_it(behind: Plane, name: str) -> None:
    """With `trusted_hops` it is the proxy in front that has set or removed these."""
    assert (await request(behind.http, host="a.example", headers={name: CLAIM})).received.header(name) == CLAIM


@pytest.mark.parametrize("name", [*ENVOYS, *UNDERSCORED])
async def test_nobody_may_say_what_no_proxy_sets(behind: Plane, name: str) -> None:
    received = (await request(behind.http, host="a.example", headers={name: CLAIM})).received
    assert received.header(name) is None


UPGRADES = [
    "foo",
    "h2,h2c",
    "h2c",
    "HTTP/2.0",
    "TLS/1.2, HTTP/2.0",
    "websocke",
    "websocket2",
    "web socket",
    "xwebsocket",
]


@pytest.mark.parametrize("upgrade", UPGRADES)
async def test_an_upgrade_that_we_do_not_speak_is_ignored(plane: Plane, upgrade: str) -> None:
    """RFC 9110, 7.8: an offer; the request is answered as it stands, and the offer goes no further."""
    headers = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": upgrade, "HTTP2-Settings": "AAMAAABkAAQCAAAA"}
    received = (await request(plane.http, host="a.example", headers=headers)).received
    assert received.header("upgrade") is None


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket", "h2c, websocket"])
async def test_a_websocket_is_offered_on(plane: Plane, upgrade: str) -> None:
    """In any letter case, also beside what we do not speak."""
    head = f"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n"
    async with connect(plane.http) as connection:
        await connection.send(
            f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert (await connection.answer()).status == 101


async def test_a_websocket_still_carries_messages(plane: Plane) -> None:
    async with websocket(plane.http, host="a.example") as socket:
        await socket.send_str("hello")
        assert "hello" in await socket.receive_str()
