"""Virtual hosts as Envoy's route configuration: order kept, hosts guarded, retries by method."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from genkan.dataplanes.envoy.routes import route_configuration
from genkan.ir import Forward, Respond, RetryPolicy, VirtualHost, WeightedCluster
from genkan.settings import Settings
from tests.support.traffic import forward, host, route

PLAIN = RetryPolicy(after_send=False)
"""A retry that does not depend on the method, so that a host's routes are one plain list."""


def rendered(*hosts: VirtualHost, settings: Settings = Settings()) -> dict[str, Any]:  # noqa: B008 - frozen
    message: dict[str, Any] = MessageToDict(route_configuration(hosts, settings), preserving_proto_field_name=True)
    return message


def routes_of(*routes: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rendered(host("foo.bar.com", *routes))["virtual_hosts"][0]["routes"]
    return found


@pytest.mark.parametrize(
    ("path", "exact", "match"),
    [
        pytest.param("/foo", True, {"path": "/foo"}, id="exact"),
        pytest.param("/foo", False, {"path_separated_prefix": "/foo"}, id="prefix by element"),
        pytest.param("/a", False, {"path_separated_prefix": "/a"}, id="prefix of one letter"),
        pytest.param("/", False, {"prefix": "/"}, id="prefix of everything"),
        pytest.param("/", True, {"path": "/"}, id="exactly the root"),
    ],
)
def test_a_path_is_matched_as_its_kind_says(path: str, exact: bool, match: dict[str, str]) -> None:
    assert routes_of(route(path, Respond(200, "ok"), exact=exact))[0]["match"] == match


def test_routes_keep_their_order_and_names() -> None:
    """The order of the intermediate representation is final; the name says in a config dump what the route is."""
    routes = [route(path, Respond(200, "ok"), host="foo.bar.com") for path in ("/b", "/a", "/c/d", "/")]
    assert [one["name"] for one in routes_of(*routes)] == [
        "foo.bar.com/b (Prefix)",
        "foo.bar.com/a (Prefix)",
        "foo.bar.com/c/d (Prefix)",
        "foo.bar.com/ (Prefix)",
    ]


def test_an_answer_of_our_own_is_a_direct_response() -> None:
    assert routes_of(route("/", Respond(503, "503: gone\n")))[0]["direct_response"] == {
        "status": 503,
        "body": {"inline_string": "503: gone\n"},
    }


@pytest.mark.parametrize(("timeout", "text"), [(None, "0s"), (2.5, "2.500s"), (0.001, "0.001s")])
def test_no_limit_unless_set(timeout: float | None, text: str) -> None:
    """Envoy's default of 15 seconds for the whole answer never applies."""
    action = routes_of(route("/", forward("a", timeout=timeout, retry=PLAIN)))[0]["route"]
    assert action["timeout"] == text


def test_weights_are_kept() -> None:
    action = Forward((WeightedCluster("a", 3), WeightedCluster("b", 1)), retry=None)
    assert routes_of(route("/", action))[0]["route"]["weighted_clusters"]["clusters"] == [
        {"name": "a", "weight": 3},
        {"name": "b", "weight": 1},
    ]


def test_no_retry_when_none_is_wanted() -> None:
    assert "retry_policy" not in routes_of(route("/", forward("a", retry=None)))[0]["route"]


def lists(matcher: dict[str, Any]) -> dict[str, str]:
    """Each list of routes that a method decision leads to, by its name, with its first route's retry conditions."""
    first = matcher["matcher_list"]["matchers"][0]
    assert first["predicate"]["single_predicate"]["input"]["typed_config"]["header_name"] == ":method"
    actions = [first["on_match"]["action"], matcher["on_no_match"]["action"]]
    return {one["name"]: one["typed_config"]["routes"][0]["route"]["retry_policy"]["retry_on"] for one in actions}


def test_only_idempotent_methods_are_sent_again_after_a_reset() -> None:
    matcher = rendered(host("foo.bar.com", route("/", "a")))["virtual_hosts"][0]["matcher"]
    assert lists(matcher) == {
        "idempotent": "connect-failure,refused-stream,reset-before-request,reset",
        "routes": "connect-failure,refused-stream,reset-before-request",
    }


def test_the_idempotent_methods_are_those_of_the_rfc() -> None:
    """RFC 9110, 9.2.2: the safe methods, PUT and DELETE."""
    matcher = rendered(host("foo.bar.com", route("/", "a")))["virtual_hosts"][0]["matcher"]
    expression = matcher["matcher_list"]["matchers"][0]["predicate"]["single_predicate"]["value_match"]["safe_regex"]
    assert set(expression["regex"].split("|")) == {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}


def unnamed(matcher: dict[str, Any]) -> dict[str, Any]:
    """What decides for a request with one host, where no rule has that host."""
    one = matcher["matcher_list"]["matchers"][0]
    assert one["predicate"]["single_predicate"]["value_match"] == {"contains": ","}
    found: dict[str, Any] = matcher["on_no_match"]["action"]["typed_config"]
    return found


@pytest.mark.parametrize("hosts", [(), (host("*", route("/", Respond(200, "rest"))),)], ids=["named only", "hostless"])
def test_two_hosts_are_refused_whatever_the_rules(hosts: tuple[VirtualHost, ...]) -> None:
    """RFC 9112, 3.2: 400; Envoy joins two Host headers with a comma."""
    found = rendered(host("a.example", route("/", "a")), *hosts)["virtual_hosts"][-1]
    refused = found["matcher"]["matcher_list"]["matchers"][0]["on_match"]["action"]["typed_config"]["routes"]
    assert found["domains"] == ["*"]
    assert [one["direct_response"]["status"] for one in refused] == [400]
    assert len(unnamed(found["matcher"]).get("routes", [])) == len(hosts)


def test_a_wildcard_host_is_guarded_and_hands_on_to_the_hostless_rules() -> None:
    """`*.foo.com` is one label; what Envoy's wider match caught besides gets the routes of "*"."""
    answer, rest = Respond(200, "own"), Respond(200, "rest")
    hosts = rendered(host("*.foo.com", route("/", answer)), host("*", route("/any", rest)))["virtual_hosts"]
    matcher = hosts[0]["matcher"]
    guard = matcher["matcher_list"]["matchers"][0]
    single = guard["predicate"]["single_predicate"]
    assert hosts[0]["domains"] == ["*.foo.com"]
    assert single["input"]["typed_config"]["header_name"] == ":authority"
    assert single["value_match"]["safe_regex"]["regex"] == r"(?i)[^.,]+\.foo\.com(:[0-9]+)?"
    own, others = guard["on_match"]["action"]["typed_config"], unnamed(matcher["on_no_match"]["matcher"])
    assert [one["match"] for one in own["routes"]] == [{"prefix": "/"}]
    assert [one["match"] for one in others["routes"]] == [{"path_separated_prefix": "/any"}]


def test_hosts_are_compared_without_port() -> None:
    assert rendered(host("a.example", route("/", "a")))["ignore_port_in_host_matching"] is True


@pytest.mark.parametrize(
    ("hops", "action"),
    [pytest.param(0, "OVERWRITE_IF_EXISTS_OR_ADD", id="untrusted"), pytest.param(1, "ADD_IF_ABSENT", id="trusted")],
)
def test_x_forwarded_host_is_believed_from_trusted_proxies_only(hops: int, action: str) -> None:
    headers = {
        one["header"]["key"]: one for one in rendered(settings=Settings(trusted_hops=hops))["request_headers_to_add"]
    }
    assert headers["x-forwarded-host"]["append_action"] == action
    assert headers["x-forwarded-for"].get("append_action", "APPEND_IF_EXISTS_OR_ADD") == "APPEND_IF_EXISTS_OR_ADD"
