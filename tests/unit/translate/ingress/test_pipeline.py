"""The whole translation: nothing raises, order never matters, work stays with the one Ingress."""

from collections.abc import Iterable
from random import Random
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from genkan.ir import Capabilities, Endpoint, Respond
from genkan.model import Inputs
from genkan.settings import Settings
from genkan.translate.ingress import translate, translate_endpoints
from genkan.translate.ingress.adoption import adopt
from genkan.translate.ingress.lookup import find
from genkan.translate.ingress.references import references
from tests.support.manifests import backend, endpoint, endpoint_slice, ingress, path, rule, service
from tests.support.objects import inputs
from tests.unit.translate.ingress.strategies import HOSTS, PATHS, gathered

T = TypeVar("T")


def mixed(items: Iterable[T], random: Random) -> list[T]:
    """The same items in another order."""
    shuffled = list(items)
    random.shuffle(shuffled)
    return shuffled


@settings(derandomize=True, max_examples=150, deadline=None)
@given(gathered(), st.randoms(use_true_random=False), st.booleans())
def test_nothing_raises_and_order_never_matters(given_: Inputs, random: Random, loopback: bool) -> None:
    """Whatever users wrote is traffic and conditions; the order of what was gathered leaves no trace in them."""
    wanted = Settings(allow_loopback_endpoints=loopback)
    translation = translate(given_, wanted, Capabilities())
    again = Inputs(
        ingress=given_.ingress,
        ingress_class=None,
        services=dict(mixed(given_.services.items(), random)),
        slices={key: tuple(mixed(value, random)) for key, value in given_.slices.items()},
        secrets=dict(mixed(given_.secrets.items(), random)),
    )
    assert translate(again, wanted, Capabilities()) == translation
    assert translate_endpoints(again, translation.traffic, wanted) == (
        translation.endpoints,
        translation.endpoint_conditions,
    )
    references(given_.ingress)
    adopt(given_.ingress, {}, wanted)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(gathered())
def test_what_drivers_rely_on_always_holds(given_: Inputs) -> None:
    """Unique names; every cluster and endpoint set that is named exists; https only with chains; sorted conditions."""
    translation = translate(given_, Settings(), Capabilities())
    traffic = translation.traffic
    hosts = [host.host for host in traffic.virtual_hosts]
    routes = [route for host in traffic.virtual_hosts for route in host.routes]
    clusters = {cluster.name: cluster for cluster in traffic.clusters}
    assert len(hosts) == len(set(hosts))
    assert len(routes) == len({route.name for route in routes})
    assert len(clusters) == len(traffic.clusters)
    forwards = [route.action for route in routes if not isinstance(route.action, Respond)]
    assert {one.cluster for action in forwards for one in action.clusters} == set(clusters)
    targets = {cluster.target for cluster in traffic.clusters if isinstance(cluster.target, str)}
    assert {one.name for one in translation.endpoints} == targets
    certificates = {certificate.name for certificate in traffic.certificates}
    chains = [chain for listener in traffic.listeners for chain in listener.tls]
    assert {name for chain in chains for name in chain.certificates} == certificates
    names = [name for chain in chains for name in chain.server_names]
    assert len(names) == len(set(names))
    assert [listener.name for listener in traffic.listeners] == (["http", "https"] if chains else ["http"])
    assert list(translation.conditions) == sorted(set(translation.conditions))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(gathered(), HOSTS, PATHS)
def test_any_request_finds_an_answer_or_a_reason(given_: Inputs, host: str, path_: str) -> None:
    """Lookup never raises, and always says how it came to its answer."""
    translation = translate(given_, Settings(), Capabilities())
    for scheme in ("http", "https"):
        assert find(translation.traffic, scheme, host, path_).steps


def test_one_ingress_as_a_whole() -> None:
    """From manifests to traffic, endpoints and nothing to tell."""
    manifests = [
        ingress("web", rule("foo.com", path("/", "web"))),
        service("web"),
        endpoint_slice("web", 8080, endpoint("198.51.100.1")),
    ]
    translation = translate(inputs(manifests), Settings(), Capabilities())
    (host,) = translation.traffic.virtual_hosts
    assert [route.name for route in host.routes] == ["foo.com/ (Prefix)"]
    assert [cluster.name for cluster in translation.traffic.clusters] == ["default/web:80"]
    assert [one.endpoints for one in translation.endpoints] == [(Endpoint("198.51.100.1", 8080),)]
    assert (translation.conditions, translation.endpoint_conditions) == ((), ())


def test_a_broken_part_leaves_the_rest_as_it_was() -> None:
    """Promise: a mistake never breaks what worked."""
    good = [service("web"), endpoint_slice("web", 8080, endpoint("198.51.100.1"))]
    mistakes = [path("bad", "web"), path("/gone", "gone")]
    before = translate(inputs([ingress("web", rule("foo.com", path("/", "web"))), *good]), Settings(), Capabilities())
    broken = ingress("web", rule("foo.com", path("/", "web"), *mistakes), rule("bad_host", path("/", "web")), tls=["x"])
    after = translate(inputs([broken, *good]), Settings(), Capabilities())
    assert find(after.traffic, "http", "foo.com", "/").route == find(before.traffic, "http", "foo.com", "/").route
    assert after.endpoints == before.endpoints
    assert len(after.conditions) == 4


def test_a_default_backend_of_a_service_with_a_name_is_no_dns_name() -> None:
    """Only type ExternalName is reached by DNS, whatever externalName says."""
    given_ = inputs([ingress("web", default=backend("web")), service("web", externalName="a.example")])
    assert [cluster.target for cluster in translate(given_, Settings(), Capabilities()).traffic.clusters] == [
        "default/web:80"
    ]
