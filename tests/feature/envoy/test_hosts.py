"""The Host of a request where it is not just one name: none, two, one with a comma."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.envoy.plane import Plane, running
from tests.support.client import Answer, connect
from tests.support.echo import Echo
from tests.support.traffic import cluster, endpoints, host, route, traffic

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMED = (host("foo.example.com", route("/", "web")), host("*.foo.com", route("/", "web")))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web() -> AsyncIterator[Echo]:
    async with Echo("web") as echo:
        yield echo


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plane(web: Echo) -> AsyncIterator[Plane]:
    """Rules with hosts and one without."""
    given = traffic(*NAMED, host("*", route("/any", "web")), clusters=(cluster("web"),))
    async with running(given, endpoints("web", web.address)) as plane:
        yield plane


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def named(web: Echo) -> AsyncIterator[Plane]:
    """Rules with hosts only."""
    async with running(traffic(*NAMED, clusters=(cluster("web"),)), endpoints("web", web.address)) as plane:
        yield plane


async def say(plane: Plane, *lines: str) -> Answer:
    async with connect(plane.http) as connection:
        await connection.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        return await connection.answer()


TWICE = [
    pytest.param(("Host: foo.example.com", "Host: evil"), id="two"),
    pytest.param(("Host: evil", "Host: foo.example.com"), id="two, the other way round"),
    pytest.param(("Host: foo.example.com", "Host: foo.example.com"), id="the same twice"),
    pytest.param(("Host: evil", "Host: a.foo.com"), id="two that end like a wildcard's"),
    pytest.param(("Host: evil,a.foo.com",), id="a comma in a wildcard's label"),
    pytest.param(("Host: foo.example.com,evil",), id="a comma"),
]


@pytest.mark.parametrize("hosts", TWICE)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_two_hosts_are_a_bad_request(plane: Plane, hosts: tuple[str, ...], method: str) -> None:
    """RFC 9112, 3.2: 400. Envoy joins them with a comma, which no name holds."""
    answer = await say(plane, f"{method} /any HTTP/1.1", *hosts, "Content-Length: 0")
    assert (answer.status, answer.body) == (400, b"400: a request names one host\n")


@pytest.mark.parametrize("hosts", TWICE)
async def test_two_hosts_are_a_bad_request_without_hostless_rules_too(named: Plane, hosts: tuple[str, ...]) -> None:
    assert (await say(named, "GET / HTTP/1.1", *hosts)).status == 400


async def test_a_stranger_is_still_told_404(named: Plane) -> None:
    answer = await say(named, "GET / HTTP/1.1", "Host: nobody.example")
    assert (answer.status, answer.body) == (404, b"404: no Ingress rule matches this host and path\n")


async def test_http_1_0_without_host_gets_the_hostless_rules(plane: Plane) -> None:
    """HTTP/1.0 has no Host (RFC 1945). The name it gets is one that no rule can have."""
    answer = await say(plane, "GET /any HTTP/1.0")
    assert answer.received.host == "0.0.0.0"
    assert (await say(plane, "GET /own HTTP/1.0")).status == 404


async def test_http_1_0_without_host_matches_no_named_rule(named: Plane) -> None:
    assert (await say(named, "GET / HTTP/1.0")).status == 404


async def test_http_1_1_without_host_is_a_bad_request(plane: Plane) -> None:
    """RFC 9112, 3.2."""
    assert (await say(plane, "GET /any HTTP/1.1")).status == 400


@pytest.mark.parametrize(
    ("target", "status"),
    [
        pytest.param("/any/\xc3\xa9", 400, id="bytes from 0x80"),
        pytest.param("/any#part", 400, id="a raw number sign"),
        pytest.param("/any/%C3%A9%23", 200, id="both percent-encoded"),
        pytest.param("http://other.example/any", 200, id="absolute form"),
        pytest.param("http://foo.example.com/", 200, id="absolute form, its host counts"),
        pytest.param("https://other.example/any", 403, id="absolute form with another scheme"),
    ],
)
async def test_targets_that_are_no_path(plane: Plane, target: str, status: int) -> None:
    """What the reference says of request targets."""
    assert (await say(plane, f"GET {target} HTTP/1.1", "Host: other.example")).status == status
