"""Hosts and paths of a manifest, on the wire: which backend answers which request."""

import pytest
import pytest_asyncio

from tests.feature.pipeline.asking import put_backends, who
from tests.support.client import request
from tests.support.manifests import backend, ingress, path, rule
from tests.support.serve import Front, Serve

pytestmark = pytest.mark.asyncio(loop_scope="module")

RULES = (
    rule("shop.test", path("/only", "red")),
    rule("*.foo.test", path("/", "green")),
    rule("exact.foo.test", path("/", "red")),
    rule("", path("/", "blue")),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(serve: Serve, addresses: dict[str, str]) -> Front:
    put_backends(serve, addresses)
    serve.write("hosts.yaml", ingress("hosts", *RULES))
    return await serve.front("hosts")


@pytest.mark.parametrize(
    ("host", "asked", "answer"),
    [
        pytest.param("shop.test", "/only", "red", id="exact"),
        pytest.param("SHOP.Test", "/only", "red", id="letter case is ignored"),
        pytest.param("shop.test:8080", "/only", "red", id="any port in Host"),
        pytest.param("shop.test", "/other", "404", id="a host that matches never falls through"),
        pytest.param("a.foo.test", "/", "green", id="wildcard"),
        pytest.param("A.FOO.test:81", "/", "green", id="wildcard, case and port"),
        pytest.param("exact.foo.test", "/", "red", id="exact before wildcard"),
        pytest.param("a.b.foo.test", "/", "blue", id="two labels are no match of the wildcard"),
        pytest.param("a.b.foo.test:80", "/", "blue", id="two labels and a port"),
        pytest.param("foo.test", "/", "blue", id="no label is no match of the wildcard"),
        pytest.param("elsewhere.test", "/", "blue", id="no rule names the host"),
        pytest.param("", "/", "blue", id="the address itself as host"),
    ],
)
async def test_hosts(front: Front, host: str, asked: str, answer: str) -> None:
    """Exact, then one-label wildcard, then host-less; any port, any case."""
    assert await who(front.plain, asked, host) == answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def paths(serve: Serve, addresses: dict[str, str]) -> Front:
    put_backends(serve, addresses)
    manifest = ingress(
        "paths",
        rule(
            "p.test",
            path("/a", "red"),
            path("/a", "green", kind="Exact"),
            path("/a/long", "blue"),
            path("/impl", "blue", kind="ImplementationSpecific"),
            path("/twice", "red"),
            path("/twice", "green"),
            path("/bad//path", "red"),
        ),
        rule("p.test", path("/merged", "green")),
    )
    serve.write("paths.yaml", manifest)
    return await serve.front("paths")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        pytest.param("/a", "green", id="Exact before Prefix"),
        pytest.param("/a?q=/a/long", "green", id="the query takes no part"),
        pytest.param("/a/", "red", id="Prefix with a trailing slash"),
        pytest.param("/a/x", "red", id="Prefix"),
        pytest.param("/ax", "404", id="Prefix compares elements"),
        pytest.param("/a/long/x", "blue", id="longest first"),
        pytest.param("/impl/x", "blue", id="ImplementationSpecific as Prefix"),
        pytest.param("/twice", "red", id="the first of duplicates"),
        pytest.param("/merged", "green", id="two rules of one host are one"),
        pytest.param("/bad//path", "404", id="a path that cannot be used is left out"),
        pytest.param("/", "404", id="nothing matches"),
    ],
)
async def test_paths(paths: Front, asked: str, answer: str) -> None:
    """Longest first, Exact before Prefix; what nothing matches is a 404."""
    assert await who(paths.plain, asked, "p.test") == answer


@pytest.mark.parametrize(
    ("reason", "text"), [("PathDuplicate", "/twice"), ("PathInvalid", "/bad//path")], ids=["duplicate", "invalid"]
)
async def test_mistakes_in_paths_are_told(paths: Front, serve: Serve, reason: str, text: str) -> None:
    """An Event names the path; the others serve."""
    del paths
    event = await serve.event(reason, "paths", text=text)
    assert event["type"] == "Warning"


async def test_no_rule_matches_is_told_plainly(paths: Front) -> None:
    """404 in plain text, with a length."""
    answer = await request(paths.plain, "/none", host="p.test")
    assert answer.status == 404
    assert answer.header("content-type") == "text/plain"
    assert b"no Ingress rule matches" in answer.body


@pytest.mark.parametrize("asked", ["/%2F/a//b/./c/../d?x=%20&y=//", "/a%20b%C3%A9?", "/;v=1/~*'()"])
async def test_path_and_query_arrive_byte_for_byte(front: Front, asked: str) -> None:
    """Nothing is decoded, folded or sorted on the way; nor is the Host."""
    answer = await request(front.plain, asked, host="Any.Test:99")
    assert (answer.received.path, answer.received.host) == (asked, "Any.Test:99")


async def test_the_default_backend_takes_the_rest(serve: Serve, addresses: dict[str, str]) -> None:
    """It answers for hosts that no rule names, and for paths of a named host that no rule has."""
    put_backends(serve, addresses)
    serve.write("rest.yaml", ingress("rest", rule("r.test", path("/red", "red")), default=backend("blue")))
    front = await serve.front("rest")
    answers = [await who(front.plain, *asked) for asked in (("/red", "r.test"), ("/x", "r.test"), ("/red", "other"))]
    assert answers == ["red", "blue", "blue"]


async def test_each_ingress_has_an_address_of_its_own(front: Front, paths: Front) -> None:
    """Two Ingresses, two addresses; one's rules are not the other's."""
    assert front.address != paths.address
    assert await who(paths.plain, "/only", "shop.test") == "404"
