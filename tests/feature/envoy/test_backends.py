"""Ways to a backend: TLS, HTTP/2, IPv6, DNS names."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from genkan.ir import BackendProtocol, BackendTls, DnsTarget
from tests.feature.envoy.plane import Plane, running
from tests.support.certificates import self_signed, server_context
from tests.support.client import request
from tests.support.echo import Echo
from tests.support.traffic import cluster, endpoints, host, route, traffic

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLUSTERS = (
    cluster("tls", target="secure", tls=BackendTls()),
    cluster("tls2", target="secure", tls=BackendTls(), protocol=BackendProtocol.HTTP2),
    cluster("named", target="secure", tls=BackendTls(server_name="given.example")),
    cluster("verified", target="secure", tls=BackendTls(verify=True)),
    cluster("verified name", target="secure", tls=BackendTls(server_name="given.example", verify=True)),
    cluster("h2", target="web", protocol=BackendProtocol.HTTP2),
    cluster("six"),
)
TRAFFIC = traffic(
    *(host(f"{one.name.replace(' ', '-')}.example", route("/", one.name)) for one in CLUSTERS), clusters=CLUSTERS
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asked() -> list[str | None]:
    """The server names that the TLS backend was asked for."""
    return []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plane(asked: list[str | None], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plane]:
    context = server_context(self_signed("given.example"), tmp_path_factory.mktemp("tls"))
    context.sni_callback = lambda _, name, __: asked.append(name)
    async with (
        Echo("secure", tls=context) as secure,
        Echo("web") as web,
        Echo("six", host="::1") as six,
        running(
            TRAFFIC,
            endpoints("secure", secure.address),
            endpoints("web", web.address),
            endpoints("six", six.address),
        ) as plane,
    ):
        yield plane


@pytest.mark.parametrize(
    ("name", "proto", "server_name"),
    [
        pytest.param("tls.example", "HTTP/1.1", "tls.example", id="the host is the server name"),
        pytest.param("tls.example:8443", "HTTP/1.1", "tls.example", id="without its port"),
        pytest.param("tls2.example", "HTTP/2", "tls2.example", id="HTTP/2"),
        pytest.param("named.example", "HTTP/1.1", "given.example", id="a name that was given"),
    ],
)
async def test_tls_to_the_backend(
    plane: Plane, asked: list[str | None], name: str, proto: str, server_name: str
) -> None:
    """Any certificate is accepted unless verification is asked for."""
    received = (await request(plane.http, host=name)).received
    assert received.tls
    assert received.proto.startswith(proto)
    assert asked[-1] == server_name
    assert received.host == name


@pytest.mark.parametrize("name", ["verified.example", "verified-name.example"])
async def test_a_certificate_that_nobody_vouches_for_fails_verification(plane: Plane, name: str) -> None:
    assert (await request(plane.http, host=name)).status == 503


async def test_http2_without_tls(plane: Plane) -> None:
    assert (await request(plane.http, host="h2.example")).received.proto.startswith("HTTP/2")


async def test_ipv6(plane: Plane) -> None:
    assert (await request(plane.http, host="six.example")).received.name == "six"


async def test_a_dns_name_and_one_that_does_not_exist(asked: list[str | None]) -> None:
    """A name that nobody knows costs its own path and neither the start nor the rest."""
    del asked
    async with Echo("web") as web:
        clusters = (
            cluster("known", target=DnsTarget("localhost", web.port)),
            cluster("unknown", target=DnsTarget("nobody.invalid", 80)),
        )
        wanted = traffic(host("*", route("/unknown", "unknown"), route("/", "known")), clusters=clusters)
        begin = asyncio.get_running_loop().time()
        async with running(wanted) as plane:
            assert asyncio.get_running_loop().time() - begin < 8
            assert (await request(plane.http, host="x.example")).received.name == "web"
            assert (await request(plane.http, "/unknown", host="x.example")).status == 503
