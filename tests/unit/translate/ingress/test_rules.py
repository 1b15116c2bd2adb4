"""Rules: virtual hosts, their routes in final order, and what answers when no path matches."""

import pytest

from genkan.ir import Capabilities, Reason
from genkan.settings import Settings
from genkan.translate import Translation
from genkan.translate.ingress import translate
from tests.support.manifests import Manifest, backend, ingress, path, rule, service
from tests.support.objects import inputs


def of(*rules: Manifest, default: Manifest | None = None) -> Translation:
    """Translate an Ingress of these rules; Services `a` and `b` exist."""
    given = inputs([ingress("web", *rules, default=default), service("a"), service("b")])
    return translate(given, Settings(), Capabilities())


def names(translation: Translation) -> dict[str, list[str]]:
    """The names of each virtual host's routes."""
    return {host.host: [route.name for route in host.routes] for host in translation.traffic.virtual_hosts}


@pytest.mark.parametrize(
    ("rules", "default", "expected"),
    [
        pytest.param([], None, {}, id="nothing"),
        pytest.param([], backend("a"), {"*": ["*/ (default backend)"]}, id="default backend alone"),
        pytest.param([rule("", path("/", "a"))], None, {"*": ["*/ (Prefix)"]}, id="no host"),
        pytest.param(
            [rule("Foo.com", path("/a", "a")), rule("foo.com", path("/ab", "a")), rule("*.foo.com", path("/", "a"))],
            None,
            {"foo.com": ["foo.com/ab (Prefix)", "foo.com/a (Prefix)"], "*.foo.com": ["*.foo.com/ (Prefix)"]},
            id="one virtual host for each host",
        ),
        pytest.param(
            [rule("foo.com", path("/a", "a"), path("/", "b"), path("/a", "b", kind="Exact"))],
            None,
            {"foo.com": ["foo.com/a (Exact)", "foo.com/a (Prefix)", "foo.com/ (Prefix)"]},
            id="exact first, longest first",
        ),
        pytest.param(
            [rule("foo.com", path("/a", "a")), rule("bar.com", path("/", "a"))],
            backend("b"),
            {
                "foo.com": ["foo.com/a (Prefix)", "foo.com/ (default backend)"],
                "bar.com": ["bar.com/ (Prefix)"],
                "*": ["*/ (default backend)"],
            },
            id="the default backend answers what no path matches",
        ),
        pytest.param(
            [rule("", path("/a", "a"))],
            backend("b"),
            {"*": ["*/a (Prefix)", "*/ (default backend)"]},
            id="default backend beside rules without host",
        ),
        pytest.param(
            [{"host": "foo.com"}],
            backend("b"),
            {"foo.com": ["foo.com/ (default backend)"], "*": ["*/ (default backend)"]},
            id="a rule without http goes to the default backend",
        ),
        pytest.param([{"host": "foo.com"}], None, {"foo.com": []}, id="and without one its host is 404"),
        pytest.param(
            [rule("foo.com", path("bad", "a")), rule("", path("/", "a"))],
            None,
            {"foo.com": [], "*": ["*/ (Prefix)"]},
            id="a host whose paths are all bad does not fall through",
        ),
        pytest.param([rule("foo.com:80", path("/", "a"))], None, {}, id="a bad host costs its rule"),
    ],
)
def test_virtual_hosts_and_routes(
    rules: list[Manifest], default: Manifest | None, expected: dict[str, list[str]]
) -> None:
    """In the manifest's order of hosts, and the final order of routes."""
    assert names(of(*rules, default=default)) == expected


@pytest.mark.parametrize(
    ("rules", "reason", "field"),
    [
        ([rule("foo_bar", path("/", "a"))], Reason.HOST_INVALID, "spec.rules[0].host"),
        ([rule("foo.com", path("a", "a"))], Reason.PATH_INVALID, "spec.rules[0].http.paths[0].path"),
        ([rule("foo.com", path("/", "a", kind="Any"))], Reason.PATH_INVALID, "spec.rules[0].http.paths[0].pathType"),
        ([rule("foo.com", path("/*", "a"))], Reason.UNSUPPORTED, "spec.rules[0].http.paths[0].path"),
    ],
)
def test_a_mistake_is_told_at_its_field(rules: list[Manifest], reason: Reason, field: str) -> None:
    """Object, field, reason."""
    (condition,) = (item for item in of(*rules).conditions)
    assert (condition.reason, condition.origin.field) == (reason, field)


def test_the_first_of_two_paths_that_match_the_same_answers() -> None:
    """Both places are named, and the later backend is not asked for."""
    translation = of(rule("foo.com", path("/a", "a")), rule("FOO.com", path("/b", "a"), path("/a/", "gone")))
    (condition,) = translation.conditions
    assert condition.reason is Reason.PATH_DUPLICATE
    assert "spec.rules[0].http.paths[0] and spec.rules[1].http.paths[1]" in condition.message
    assert [cluster.name for cluster in translation.traffic.clusters] == ["default/a:80"]


def test_every_node_knows_where_it_came_from() -> None:
    """Messages and `explain` quote what the user wrote."""
    (host,) = of(rule("foo.com", path("/a", "a"))).traffic.virtual_hosts
    assert str(host.origin) == "Ingress default/web spec.rules[0]"
    assert str(host.routes[0].origin) == "Ingress default/web spec.rules[0].http.paths[0]"


def test_route_names_are_unique() -> None:
    """Within the data plane, whatever merges."""
    translation = of(
        rule("foo.com", path("/", "a"), path("/a", "a"), path("/a", "a", kind="Exact"), path("/a/", "a", kind="Exact")),
        rule("", path("/a", "a"), path("", "a", kind="ImplementationSpecific")),
        default=backend("b"),
    )
    flat = [name for routes in names(translation).values() for name in routes]
    assert len(flat) == len(set(flat)) == 6
