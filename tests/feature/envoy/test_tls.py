"""TLS on the wire: which certificate, which protocol, and who is disturbed when certificates come and go."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
import pytest_asyncio

from genkan.ir import Certificate, TlsChain, Traffic
from tests.feature.envoy.plane import Plane, running
from tests.support.certificates import Pair, self_signed
from tests.support.client import Target, connect, request, request_http2, websocket
from tests.support.echo import Echo
from tests.support.traffic import certificate, chain, cluster, endpoints, host, route, traffic

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXACT, WILD, OTHER = self_signed("a.foo.com"), self_signed("*.foo.com"), self_signed("other.example")
RSA, ECDSA = self_signed("both.example", algorithm="rsa"), self_signed("both.example")


def published(name: str, pair: Pair) -> Certificate:
    return certificate(name, pair.chain, pair.key)


CERTIFICATES = (
    *(published("shop/exact", EXACT), published("shop/wild", WILD), published("shop/other", OTHER)),
    *(published("shop/rsa", RSA), published("shop/ecdsa", ECDSA)),
)
CHAINS = (
    chain("shop/exact", "a.foo.com"),
    chain("shop/wild", "*.foo.com"),
    chain("shop/both", "both.example", certificates=("shop/rsa", "shop/ecdsa")),
    chain("shop/other (default)", certificates=("shop/other",)),
)


def serving(chains: tuple[TlsChain, ...], certificates: tuple[Certificate, ...]) -> Traffic:
    return traffic(host("*", route("/", "web")), clusters=(cluster("web"),), chains=chains, certificates=certificates)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web() -> AsyncIterator[Echo]:
    async with Echo("web") as echo:
        yield echo


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plane(web: Echo) -> AsyncIterator[Plane]:
    async with running(serving(CHAINS, CERTIFICATES), endpoints("web", web.address)) as plane:
        yield plane


@pytest.mark.parametrize(
    ("sni", "pair"),
    [
        pytest.param("a.foo.com", EXACT, id="exact before wildcard"),
        pytest.param("A.FOO.com", EXACT, id="letter case"),
        pytest.param("b.foo.com", WILD, id="wildcard"),
        pytest.param("foo.com", OTHER, id="the wildcard's parent is another name"),
        pytest.param("nobody.example", OTHER, id="other names get the default"),
        pytest.param("", OTHER, id="no name gets the default"),
    ],
)
async def test_the_certificate_follows_the_name(plane: Plane, sni: str, pair: Pair) -> None:
    assert (await request(plane.https(sni), host="x.example")).certificate == pair.leaf


@pytest.mark.parametrize(
    ("ciphers", "pair"),
    [("ECDHE-RSA-AES128-GCM-SHA256", RSA), ("ECDHE-ECDSA-AES128-GCM-SHA256", ECDSA)],
    ids=["RSA", "ECDSA"],
)
async def test_a_client_gets_the_kind_of_certificate_that_it_can_read(plane: Plane, ciphers: str, pair: Pair) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    assert await leaf(plane.https("both.example"), context) == pair.leaf


async def leaf(target: Target, context: ssl.SSLContext) -> bytes:
    _, writer = await asyncio.open_connection(target.address, target.port, ssl=context, server_hostname=target.sni)
    found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return found


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")  # being deprecated is why it is refused
async def test_tls_1_1_is_refused(plane: Plane) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        await leaf(plane.https("a.foo.com"), context)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(("h2", "http/1.1"), "h2"), (("http/1.1",), "http/1.1"), ((), "")],
    ids=["both", "1.1", "none"],
)
async def test_http2_by_alpn(plane: Plane, offered: tuple[str, ...], chosen: str) -> None:
    async with connect(plane.https("a.foo.com"), *offered) as connection:
        assert connection.alpn == chosen


async def test_http2_reaches_the_backend(plane: Plane) -> None:
    answer = await request_http2(plane.https("a.foo.com"), host="a.foo.com")
    assert answer.version == "HTTP/2"
    assert answer.received.header("x-forwarded-proto") == "https"


async def test_http_and_https_serve_the_same(plane: Plane) -> None:
    assert (await request(plane.http, host="a.foo.com")).received.header("x-forwarded-proto") == "http"
    assert (await request(plane.https("a.foo.com"), host="a.foo.com")).received.header("x-forwarded-proto") == "https"


async def say(sockets: list[aiohttp.ClientWebSocketResponse[bool]], word: str) -> None:
    """Every WebSocket must answer."""
    for one in sockets:
        await one.send_str(word)
        assert word in await one.receive_str()


async def test_certificates_come_go_and_change_beside_a_websocket(web: Echo) -> None:
    """A WebSocket on each of two chains and on plain HTTP survives another certificate coming, changing, going, and its own renewal."""
    before = (chain("shop/exact", "a.foo.com"), chain("default", certificates=("shop/other",)))
    more = (before[0], chain("shop/new", "new.example"), before[1])
    kept = (published("shop/exact", EXACT), published("shop/other", OTHER))
    first, second, renewed = self_signed("new.example"), self_signed("new.example"), self_signed("a.foo.com")
    steps = (
        ("comes", more, (*kept, published("shop/new", first))),
        ("is renewed", more, (*kept, published("shop/new", second))),
        ("goes", before, kept),
        ("own one is renewed", before, (published("shop/exact", renewed), kept[1])),
    )
    async with running(serving(before, kept), endpoints("web", web.address)) as plane, AsyncExitStack() as stack:
        targets = (plane.https("a.foo.com"), plane.https("x.example"), plane.http)
        sockets = [await stack.enter_async_context(websocket(target, host="a.foo.com")) for target in targets]
        seen = []
        for step, chains, certificates in steps:
            await plane.publish(serving(chains, certificates), endpoints("web", web.address))
            await say(sockets, step)
            seen.append((await request(plane.https("new.example"), host="x.example")).certificate)
        assert seen == [first.leaf, second.leaf, OTHER.leaf, OTHER.leaf]
        assert (await request(plane.https("a.foo.com"), host="x.example")).certificate == renewed.leaf
        assert await plane.stat("listener_manager.listener_modified") == 0 or await plane.stat(
            "listener_manager.listener_in_place_updated"
        )


async def test_a_renewed_certificate_is_served_within_a_second(web: Echo) -> None:
    old, new = self_signed("a.foo.com"), self_signed("a.foo.com")
    chains = (chain("shop/exact", "a.foo.com"),)
    async with running(serving(chains, (published("shop/exact", old),)), endpoints("web", web.address)) as plane:
        target = plane.https("a.foo.com")
        async with connect(target, "http/1.1") as connection:
            begin = asyncio.get_running_loop().time()
            await plane.publish(serving(chains, (published("shop/exact", new),)), endpoints("web", web.address))
            assert (await request(target, host="x.example")).certificate == new.leaf
            assert asyncio.get_running_loop().time() - begin < 1.0
            await connection.send(b"GET / HTTP/1.1\r\nHost: x.example\r\n\r\n")
            assert (await connection.answer()).header("connection") != "close"


async def test_tls_comes_and_goes_without_a_word_to_plain_http(web: Echo) -> None:
    """Port 443 only while there is a certificate; port 80 notices nothing."""
    plain = traffic(host("*", route("/", "web")), clusters=(cluster("web"),))
    secure = serving((chain("default", certificates=("shop/other",)),), (published("shop/other", OTHER),))
    async with (
        running(plain, endpoints("web", web.address)) as plane,
        websocket(plane.http, host="x.example") as socket,
    ):
        with pytest.raises(ConnectionRefusedError):
            await request(plane.https(), host="x.example")
        await plane.publish(secure, endpoints("web", web.address))
        assert (await request(plane.https(), host="x.example")).status == 200
        await say([socket], "with")
        await plane.publish(plain, endpoints("web", web.address))
        await say([socket], "without")
