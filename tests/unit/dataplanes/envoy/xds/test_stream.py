"""What one stream is told, and when, message by message."""

from collections.abc import Iterable

import pytest
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse

from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl
from genkan.dataplanes.envoy.xds.stream import MAX_NAMES, ProtocolError, Stream
from genkan.dataplanes.envoy.xds.subscription import WINDOW
from tests.unit.dataplanes.envoy.xds.model import Model, cluster, endpoints, listener, routes, secret, snapshot

A = snapshot({"a": cluster("a")})
AB = snapshot({"a": cluster("a"), "b": cluster("b")})

Said = tuple[str, tuple[str, ...], tuple[str, ...]]


def _said(responses: Iterable[DeltaDiscoveryResponse]) -> list[Said]:
    """Type, resources, removed: what a reader wants to see."""
    return [
        (TypeUrl(one.type_url).name, tuple(each.name for each in one.resources), tuple(one.removed_resources))
        for one in responses
    ]


def _answer(stream: Stream, response: DeltaDiscoveryResponse, refusal: str = "") -> list[DeltaDiscoveryResponse]:
    request = DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce)
    if refusal:
        request.error_detail.message = refusal
    stream.on_request(request)
    return stream.due()


def _ask(stream: Stream, kind: TypeUrl, *names: str, **versions: str) -> list[DeltaDiscoveryResponse]:
    stream.on_request(
        DeltaDiscoveryRequest(type_url=kind, resource_names_subscribe=names, initial_resource_versions=versions)
    )
    return stream.due()


def _running(wanted: Snapshot) -> Stream:
    """A stream on which all of it is acknowledged."""
    stream, envoy = Stream(wanted), Model()
    envoy.connect(stream)
    envoy.run()
    assert stream.state.acknowledged
    return stream


def test_a_new_route_waits_for_its_cluster_and_an_old_cluster_for_its_routes() -> None:
    stream = _running(A)
    stream.on_snapshot(snapshot({"b": cluster("b")}))
    (made,) = stream.due()
    assert _said([made]) == [("CLUSTER", ("b",), ())]
    (sets,) = _ask(stream, TypeUrl.ENDPOINTS, "b")
    assert _said([sets]) == [("ENDPOINTS", ("b",), ())]
    assert _answer(stream, sets) == []
    assert stream.waiting
    (routed,) = _answer(stream, made)
    assert _said([routed]) == [("ROUTES", ("ingress",), ())]
    assert not stream.state.acknowledged
    (removed,) = _answer(stream, routed)
    assert _said([removed]) == [("CLUSTER", (), ("a",))]
    (gone,) = _answer(stream, removed)
    assert _said([gone]) == [("ENDPOINTS", (), ("a",))]
    assert _answer(stream, gone) == []
    assert stream.state.acknowledged


def test_a_changed_cluster_goes_out_with_its_endpoints_unchanged_as_they_are() -> None:
    stream = _running(AB)
    stream.on_snapshot(snapshot({"a": cluster("a", "1"), "b": cluster("b")}))
    assert _said(stream.due()) == [("CLUSTER", ("a",), ()), ("ENDPOINTS", ("a",), ())]


def test_endpoints_alone_wait_for_nothing_and_hold_nothing_back() -> None:
    """Churn of endpoints while routes wait: the barrier stands for what was sent before, not for what comes after."""
    stream = _running(A)
    changed = routes("a", variant="1")
    stream.on_snapshot(snapshot({"a": cluster("a")}, sets={"a": endpoints("a", "1")}, route=changed))
    (first,) = stream.due()
    stream.on_snapshot(snapshot({"a": cluster("a")}, sets={"a": endpoints("a", "2")}, route=changed))
    (second,) = stream.due()
    assert _said([first, second]) == [("ENDPOINTS", ("a",), ())] * 2
    assert _said(_answer(stream, first)) == [("ROUTES", ("ingress",), ())]


def test_refused_routes_keep_the_clusters_they_replace() -> None:
    """The old routes run on and need them."""
    stream = _running(AB)
    stream.on_snapshot(snapshot({"a": cluster("a")}, route=routes("a", variant="1")))
    (routed,) = stream.due()
    assert _answer(stream, routed, "no") == []
    assert [one.resource for one in stream.state.rejections] == ["routes ingress"]
    stream.on_snapshot(snapshot({"a": cluster("a")}, route=routes("a", variant="2")))
    (routed,) = stream.due()
    assert _said(_answer(stream, routed)) == [("CLUSTER", (), ("b",))]
    assert stream.state.rejections == ()


def test_a_refused_cluster_does_not_hold_back_routes() -> None:
    stream = _running(A)
    stream.on_snapshot(AB)
    (made,) = stream.due()
    assert _said(_answer(stream, made, "bad b")) == [("ROUTES", ("ingress",), ())]
    assert [(one.resource, one.message) for one in stream.state.rejections] == [("cluster b", "bad b")]


def test_of_a_refused_response_each_resource_is_tried_apart_until_the_culprit_is_alone() -> None:
    stream = _running(A)
    stream.on_snapshot(snapshot({name: cluster(name) for name in "abcde"}))
    (made,) = stream.due()
    said = []
    pending = _answer(stream, made, "bad")
    while pending:
        response = pending.pop(0)
        said.append(response)
        bad = any(one.name == "d" for one in response.resources)
        names = [one.name for one in response.resources if not bad and response.type_url == TypeUrl.CLUSTER]
        pending += _answer(stream, response, "bad" if bad else "")
        pending += _ask(stream, TypeUrl.ENDPOINTS, *names) if names else []
    clusters = [names for kind, names, _ in _said(said) if kind == "CLUSTER"]
    assert clusters == [("b", "c"), ("d", "e"), ("d",), ("e",)]
    assert [one.resource for one in stream.state.rejections] == ["cluster d"]


def test_patience_opens_the_barrier_for_this_snapshot_only() -> None:
    """A cluster that waits for a slow DNS must not hold back the routes to all others for ever."""
    stream = _running(A)
    stream.on_snapshot(AB)
    stream.due()
    stream.on_patience_lost()
    assert _said(stream.due()) == [("ROUTES", ("ingress",), ())]
    assert not stream.waiting
    stream.on_snapshot(snapshot({name: cluster(name) for name in "abc"}))
    assert [kind for kind, _, _ in _said(stream.due())] == ["CLUSTER"]
    assert stream.waiting


def test_no_more_than_a_window_is_under_way_and_the_latest_wins() -> None:
    stream = _running(A)
    sent = []
    for number in range(WINDOW * 3):
        stream.on_snapshot(snapshot({"a": cluster("a")}, sets={"a": endpoints("a", str(number))}))
        sent += stream.due()
    assert len(sent) == WINDOW
    (last,) = _answer(stream, sent[0])
    assert last.resources[0].version == endpoints("a", str(WINDOW * 3 - 1)).version


@pytest.mark.parametrize("nonce", ["", "999", "0"], ids=["none", "unknown", "of another stream"])
def test_a_stale_nonce_says_nothing(nonce: str) -> None:
    stream = Stream(A)
    (made,) = _ask(stream, TypeUrl.CLUSTER)
    stale = DeltaDiscoveryResponse(type_url=made.type_url, nonce=nonce)
    assert _answer(stream, stale, "no") == []
    assert stream.state.rejections == ()
    assert not stream.state.acknowledged


def test_a_rotated_secret_is_sent_at_once_and_a_new_one_when_asked_for() -> None:
    chain = {"https": listener("https", "x")}
    stream = _running(snapshot({}, listeners=chain, secrets={"x": secret("x")}))
    stream.on_snapshot(snapshot({}, listeners=chain, secrets={"x": secret("x", "rotated")}))
    assert _said(stream.due()) == [("SECRET", ("x",), ())]
    more = {"https": listener("https", "x", "y")}
    stream.on_snapshot(snapshot({}, listeners=more, secrets={"x": secret("x", "rotated"), "y": secret("y")}))
    assert _said(stream.due()) == [("LISTENER", ("https",), ())]
    assert _said(_ask(stream, TypeUrl.SECRET, "y")) == [("SECRET", ("y",), ())]


def test_what_the_client_says_that_it_has_is_not_sent() -> None:
    stream = Stream(AB)
    said = _said(_ask(stream, TypeUrl.CLUSTER, a=cluster("a").version, old="1"))
    assert said == [("CLUSTER", ("b",), ())], "and what is gone is removed last"


def test_an_explicit_subscription_to_clusters_gets_those_only() -> None:
    stream = Stream(AB)
    assert _said(_ask(stream, TypeUrl.CLUSTER, "b", "none")) == [("CLUSTER", ("b",), ("none",))]
    assert _said(_ask(stream, TypeUrl.CLUSTER, "*")) == [("CLUSTER", ("a",), ())]


def test_a_client_that_asks_for_too_many_names_is_no_envoy_of_ours() -> None:
    with pytest.raises(ProtocolError, match="names of endpoints"):
        _ask(Stream(A), TypeUrl.ENDPOINTS, *map(str, range(MAX_NAMES + 1)))


def test_a_type_that_is_not_served_is_ignored() -> None:
    stream = Stream(A)
    stream.on_request(DeltaDiscoveryRequest(type_url="type.googleapis.com/envoy.service.runtime.v3.Runtime"))
    assert stream.due() == []
