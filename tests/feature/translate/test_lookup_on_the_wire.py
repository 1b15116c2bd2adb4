"""What `lookup` says and what Envoy does are the same, for every host and path: `genkan explain` never lies."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product
from random import Random

import pytest
import pytest_asyncio

from genkan.ir import Capabilities, Respond, Traffic, VirtualHost
from genkan.settings import Settings
from genkan.translate.ingress import translate
from genkan.translate.ingress.lookup import find
from tests.feature.envoy.plane import Plane, running
from tests.support.client import Connection, connect, head
from tests.support.manifests import backend, ingress, path, rule
from tests.support.objects import inputs

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTS = ("foo.com", "*.foo.com", "a.foo.com", "*.a.foo.com", "*.com", "bar.org", "")
PATHS = ("/", "/a", "/a/", "/a/b", "/a/b/", "/ab", "/A", "/a.b", "/a/*", "/x/y/z")
KINDS = ("Exact", "Prefix", "ImplementationSpecific")
ASKED_HOSTS = ("foo.com", "FOO.com:8080", "a.foo.com", "b.foo.com", "b.a.foo.com", "c.b.a.foo.com", "x.org", "[::1]:80")
ASKED_PATHS = (
    *("/", "/a", "/a?b=/a/b", "/a/", "/a/b", "/a/b/c", "/a//b", "/a/./b", "/a/../b", "/a%2Fb", "/ab", "/abc"),
    *("/A", "/a.b", "/axb", "/a/*", "/x/y", "/x/y/z/", "/x/y/zz", "/%61"),
)


def random_traffic(seed: int) -> Traffic:
    """Traffic of a random Ingress, each of whose routes answers with its own name."""
    random = Random(seed)
    rules = [
        rule(host, *(path(random.choice(PATHS), "web", kind=random.choice(KINDS)) for _ in range(random.randint(1, 5))))
        for host in random.choices(HOSTS, k=random.randint(1, 5))
    ]
    manifest = ingress("web", *rules, default=backend("web") if random.random() < 0.4 else None)
    traffic = translate(inputs([manifest]), Settings(), Capabilities()).traffic
    return replace(traffic, virtual_hosts=tuple(named(host) for host in traffic.virtual_hosts))


def named(host: VirtualHost) -> VirtualHost:
    """The same virtual host, its routes answering with their names."""
    return replace(host, routes=tuple(replace(route, action=Respond(200, route.name)) for route in host.routes))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plane() -> AsyncIterator[Plane]:
    """One Envoy for every Ingress in turn."""
    async with running(random_traffic(0)) as plane:
        yield plane


async def asked(connection: Connection, host: str, path_: str) -> str | None:
    """The name of the route that answers on the wire, None for a 404."""
    await connection.send(head("GET", path_, host, {}, None))
    answer = await connection.answer()
    assert answer.status in {200, 404}
    return answer.body.decode() if answer.status == 200 else None


@pytest.mark.parametrize("seed", range(12))
async def test_the_wire_and_the_lookup_agree(plane: Plane, seed: int) -> None:
    """Exact, wildcard and no host; every kind of path; ports, letter case, queries, dot segments and escapes."""
    traffic = random_traffic(seed)
    await plane.publish(traffic)
    expected, found = {}, {}
    async with connect(plane.http) as connection:
        for host, path_ in product(ASKED_HOSTS, ASKED_PATHS):
            route = find(traffic, "http", host, path_).route
            expected[host, path_] = route.name if route else None
            found[host, path_] = await asked(connection, host, path_)
    assert expected == found
