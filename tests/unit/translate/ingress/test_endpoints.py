"""Endpoints: which addresses of which slices serve a Service port, and what is said of the rest."""

from typing import Any

import pytest

from genkan.ir import Capabilities, Endpoint, Reason
from genkan.settings import Settings
from genkan.translate.ingress import translate, translate_endpoints
from tests.support.manifests import Manifest, backend, endpoint, endpoint_slice, ingress, service
from tests.support.objects import inputs

A, B, C = "198.51.100.1", "198.51.100.2", "198.51.100.3"
DRAINING = {"ready": False, "serving": True, "terminating": True}
GONE = {"ready": False, "serving": False, "terminating": True}


def served(
    *slices: Manifest, port: Manifest | None = None, settings: Settings | None = None
) -> tuple[list[tuple[str, int]], list[tuple[Reason, str]]]:
    """The endpoints of Service `web`, and the reasons told with the words used."""
    wanted = service("web", ports=[port]) if port else service("web")
    number = port["port"] if port else 80
    given = inputs([ingress("web", default=backend("web", number)), wanted, *slices])
    translation = translate(given, settings or Settings(), Capabilities())
    (one,) = translation.endpoints
    told = [(condition.reason, condition.message) for condition in translation.endpoint_conditions]
    return [(item.address, item.port) for item in one.endpoints], told


@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        pytest.param([(A, {})], [A], id="unknown conditions count as ready"),
        pytest.param([(A, {"ready": True}), (B, {"ready": False})], [A], id="only ready ones"),
        pytest.param([(A, {"ready": True}), (B, DRAINING)], [A], id="none that is terminating while one is ready"),
        pytest.param(
            [(A, {"ready": False}), (B, DRAINING), (C, GONE)], [B], id="terminating and serving when none is ready"
        ),
        pytest.param([(A, {"ready": False, "serving": True})], [], id="serving alone is not enough"),
        pytest.param([(A, {"ready": False, "terminating": True})], [], id="unknown serving counts as ready, here no"),
        pytest.param(
            [(A, {"ready": True, "terminating": True})], [A], id="ready though terminating (publishNotReadyAddresses)"
        ),
        pytest.param([(B, {}), (A, {}), (B, {})], [A, B], id="sorted, once each"),
    ],
)
def test_which_endpoints_serve(endpoints: list[tuple[str, dict[str, bool]]], expected: list[str]) -> None:
    """Ready ones; if none is, those terminating that still serve (KEP-1669)."""
    given = endpoint_slice("web", 8080, *(endpoint(address, **conditions) for address, conditions in endpoints))
    found, told = served(given)
    assert [address for address, _ in found] == expected
    assert bool(told) is (not expected)


def test_slices_of_both_families_are_one_set() -> None:
    """Ready endpoints of one slice outdo terminating ones of another."""
    found, told = served(
        endpoint_slice("web", 8080, endpoint(B), suffix="b"),
        endpoint_slice("web", 9090, endpoint(A), endpoint(C, **DRAINING), suffix="a"),
        endpoint_slice("web", 8080, endpoint("2001:DB8:0::1"), suffix="six", address_type="IPv6"),
    )
    assert found == [(A, 9090), (B, 8080), ("2001:db8::1", 8080)]
    assert told == []


def test_a_port_is_found_by_name_and_only_tcp() -> None:
    """A named targetPort may have another number in each slice."""
    named = {"name": "http", "port": 80, "targetPort": "web"}
    first = endpoint_slice("web", 8080, endpoint(A), suffix="a", port_name="http")
    second = endpoint_slice("web", 8888, endpoint(B), suffix="b", port_name="http")
    other = endpoint_slice("web", 9901, endpoint(C), suffix="c", port_name="admin")
    second["ports"].append({"name": "http", "port": 53, "protocol": "UDP"})
    assert served(first, second, other, port=named)[0] == [(A, 8080), (B, 8888)]


def test_only_the_first_address_of_an_endpoint_is_used() -> None:
    """As consumers of the API agreed."""
    assert served(endpoint_slice("web", 8080, {"addresses": [B, A]}))[0] == [(B, 8080)]


@pytest.mark.parametrize(
    ("address", "kind", "says"),
    [
        ("127.0.0.1", "IPv4", "loopback"),
        ("::1", "IPv6", "loopback"),
        ("::ffff:127.0.0.1", "IPv6", "loopback"),
        ("169.254.169.254", "IPv4", "link-local"),
        ("fe80::1", "IPv6", "link-local"),
        ("0.0.0.0", "IPv4", "unspecified"),
        ("::", "IPv6", "unspecified"),
        ("224.0.0.1", "IPv4", "multicast"),
        ("ff02::1", "IPv6", "multicast"),
        ("255.255.255.255", "IPv4", "broadcast"),
        ("198.51.100.01", "IPv4", "no IP address"),
        ("pod.example.com", "IPv4", "no IP address"),
        ("2001:db8::1", "IPv4", "addressType"),
        (A, "IPv6", "addressType"),
    ],
)
def test_an_address_that_leads_elsewhere_is_refused(address: str, kind: str, says: str) -> None:
    """The rest of the slices serves; the slice at fault is named."""
    bad = endpoint_slice("web", 8080, endpoint(address), suffix="bad", address_type=kind)
    found, told = served(bad, endpoint_slice("web", 8080, endpoint(C)))
    assert found == [(C, 8080)]
    ((reason, message),) = told
    assert reason is Reason.ENDPOINT_INVALID
    assert says in message


def test_loopback_is_served_where_the_settings_allow_it() -> None:
    """A directory on one machine has its backends there; nothing else is allowed by it."""
    given = endpoint_slice("web", 8080, endpoint("127.0.0.1"), endpoint("169.254.0.1"))
    found, told = served(given, settings=Settings(allow_loopback_endpoints=True))
    assert found == [("127.0.0.1", 8080)]
    assert [reason for reason, _ in told] == [Reason.ENDPOINT_INVALID]


def test_one_sentence_a_slice_however_many_are_refused() -> None:
    """A thousand bad endpoints are one Event."""
    ((_, message),) = served(
        endpoint_slice("web", 8080, endpoint(A), *(endpoint(f"127.0.0.{i}") for i in range(1, 11)))
    )[1]
    assert message.endswith("and 7 more")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"addressType": "FQDN"}, 'addressType "FQDN"'),
        ({"ports": [{"port": None}]}, "port None"),
        ({"ports": [{"port": 0}]}, "port 0"),
        ({"ports": [{"port": 70000}]}, "port 70000"),
        ({"endpoints": [{"addresses": []}]}, 'address "" is no IP'),
    ],
)
def test_a_slice_that_cannot_be_used_is_told(change: dict[str, Any], says: str) -> None:
    """A slice at fault and the empty set are two things to tell."""
    found, told = served({**endpoint_slice("web", 8080, endpoint(A)), **change})
    assert found == []
    assert [reason for reason, _ in told] == [Reason.ENDPOINT_INVALID, Reason.NO_ENDPOINTS] or [
        reason for reason, _ in told
    ] == [Reason.NO_ENDPOINTS, Reason.ENDPOINT_INVALID]
    assert any(says in message for _, message in told)


@pytest.mark.parametrize(
    ("slices", "says"),
    [
        pytest.param([], "selector matches no pod", id="no slice"),
        pytest.param([endpoint_slice("web", 8080)], "selector matches no pod", id="empty slice"),
        pytest.param([endpoint_slice("web", 8080, endpoint(A, ready=False))], "ready and usable", id="none ready"),
        pytest.param(
            [endpoint_slice("web", 8080, endpoint(A), port_name="web")],
            'without a name, the ports of its EndpointSlices: "web"',
            id="another port name",
        ),
    ],
)
def test_why_no_endpoint_serves_is_told(slices: list[Manifest], says: str) -> None:
    """The set is there and empty, so that the path answers 503."""
    found, told = served(*slices)
    assert found == []
    ((reason, message),) = told
    assert reason is Reason.NO_ENDPOINTS
    assert says in message


def test_endpoints_alone_are_translated_again_from_the_traffic() -> None:
    """What a changed slice needs is the same as a whole translation gives, conditions included."""
    before = inputs([ingress("web", default=backend("web")), service("web"), endpoint_slice("web", 8080, endpoint(A))])
    after = inputs([ingress("web", default=backend("web")), service("web"), endpoint_slice("web", 8080, endpoint(B))])
    traffic = translate(before, Settings(), Capabilities()).traffic
    whole = translate(after, Settings(), Capabilities())
    assert translate_endpoints(after, traffic, Settings()) == (whole.endpoints, whole.endpoint_conditions)
    assert whole.endpoints[0].endpoints == (Endpoint(B, 8080),)


def test_a_service_that_is_gone_by_now_leaves_an_empty_set() -> None:
    """The traffic is renewed by the Service's own event; until then nothing raises."""
    before = inputs([ingress("web", default=backend("web")), service("web"), endpoint_slice("web", 8080, endpoint(A))])
    traffic = translate(before, Settings(), Capabilities()).traffic
    (one,), told = translate_endpoints(inputs([ingress("web")]), traffic, Settings())
    assert (one.name, one.endpoints, told) == ("default/web:80", (), ())
