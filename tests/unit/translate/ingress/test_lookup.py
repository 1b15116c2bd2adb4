"""Lookup: which route answers a request, as on the wire, and the steps that led there."""

import pytest

from genkan.ir import Capabilities, Traffic
from genkan.settings import Settings
from genkan.translate.ingress import translate
from genkan.translate.ingress.lookup import find
from tests.support.manifests import backend, ingress, path, rule, service
from tests.support.objects import inputs
from tests.unit.translate.ingress.test_tls import secret

RULES = (
    rule("foo.com", path("/a", "a"), path("/a", "b", kind="Exact"), path("/a/b", "b")),
    rule("*.foo.com", path("/", "a")),
    rule("", path("/rest", "a")),
)


def traffic(*rules: dict[str, object], default: str = "", tls: bool = False) -> Traffic:
    """Traffic of these rules; with TLS, certificates for foo.com and *.bar.com."""
    secrets = [secret("foo", "foo.com"), secret("bar", "*.bar.com")] if tls else []
    manifest = ingress("web", *rules, default=backend(default) if default else None, tls=["foo", "bar"] if tls else [])
    given = inputs([manifest, service("a"), service("b"), *secrets])
    return translate(given, Settings(), Capabilities()).traffic


@pytest.mark.parametrize(
    ("host", "path_", "route"),
    [
        ("foo.com", "/a", "foo.com/a (Exact)"),
        ("FOO.com:8080", "/a", "foo.com/a (Exact)"),
        ("foo.com", "/a?x=/a/b", "foo.com/a (Exact)"),
        ("foo.com", "/a/", "foo.com/a (Prefix)"),
        ("foo.com", "/a/b", "foo.com/a/b (Prefix)"),
        ("foo.com", "/a/b/c", "foo.com/a/b (Prefix)"),
        ("foo.com", "/a/bc", "foo.com/a (Prefix)"),
        ("foo.com", "/ab", None),
        ("foo.com", "/A", None),
        ("foo.com", "/rest", None),
        ("x.foo.com", "/any", "*.foo.com/ (Prefix)"),
        ("x.y.foo.com", "/rest/1", "*/rest (Prefix)"),
        ("x.y.foo.com", "/any", None),
        ("bar.com", "/rest", "*/rest (Prefix)"),
        ("[2001:db8::1]:80", "/rest", "*/rest (Prefix)"),
        ("", "/rest", "*/rest (Prefix)"),
    ],
)
def test_the_route_that_answers(host: str, path_: str, route: str | None) -> None:
    """Hosts exact, then one label below a wildcard, then without host; paths in order, without the query."""
    found = find(traffic(*RULES), "http", host, path_)
    assert (found.route.name if found.route else None) == route
    assert found.steps[-1].endswith("404") is (route is None)


def test_a_named_host_falls_to_the_default_backend_only() -> None:
    """Never to rules without host."""
    found = find(traffic(*RULES, default="b"), "http", "foo.com", "/rest")
    assert found.route is not None
    assert found.route.name == "foo.com/ (default backend)"


def test_a_host_that_nobody_names_is_404() -> None:
    """Without host-less rules and default backend there is no virtual host for it."""
    found = find(traffic(RULES[0]), "http", "bar.com", "/")
    assert (found.virtual_host, found.route) == (None, None)
    assert found.steps[-1].endswith("404")


@pytest.mark.parametrize(
    ("host", "chain"),
    [
        ("foo.com", "default/foo"),
        ("a.bar.com", "default/bar"),
        ("a.b.bar.com", "default/bar"),
        ("bar.com", "default/foo (other names)"),
        ("other.com", "default/foo (other names)"),
    ],
)
def test_the_certificate_that_is_offered(host: str, chain: str) -> None:
    """Exact, then the longest wildcard, then the first Secret."""
    found = find(traffic(*RULES, tls=True), "https", host, "/a")
    assert found.tls is not None
    assert found.tls.name == chain
    assert found.listener is not None
    assert found.listener.port == 443


def test_https_without_a_certificate_is_answered_by_nobody() -> None:
    """Nothing listens there, and it is said why."""
    found = find(traffic(*RULES), "https", "foo.com", "/a")
    assert (found.listener, found.route) == (None, None)
    assert found.steps == ("nothing listens for https: there is no usable certificate",)


def test_steps_quote_the_manifest() -> None:
    """What `genkan explain` prints."""
    assert find(traffic(*RULES), "http", "foo.com", "/a/c").steps == (
        "listener http, port 80",
        "host foo.com: named exactly (Ingress default/web spec.rules[0])",
        "path /a/c: /a (Prefix) is the first that matches (Ingress default/web spec.rules[0].http.paths[0])",
    )
