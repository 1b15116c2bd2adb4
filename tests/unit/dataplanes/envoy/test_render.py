"""Rendering: complete, minimal, and only what differs is made again."""

from genkan.dataplanes.envoy.render import render, render_endpoints
from genkan.dataplanes.envoy.xds.snapshot import TypeUrl
from genkan.ir import DnsTarget
from genkan.settings import Settings
from tests.support.traffic import binding, certificate, chain, cluster, endpoints, host, route, traffic

SETTINGS = Settings()
WANTED = traffic(
    host("a.example", route("/", "shop/web:80")),
    clusters=(cluster("shop/web:80"), cluster("shop/api:80")),
    chains=(chain("shop/tls", "a.example"), chain("shop/tls (default)", certificates=("shop/tls",))),
    certificates=(certificate("shop/tls"),),
)
SETS = (endpoints("shop/api:80", "198.51.100.2:80"), endpoints("shop/web:80", "198.51.100.1:80"))


def test_every_node_is_a_resource_of_its_own_name() -> None:
    snapshot = render(WANTED, SETS, binding(), SETTINGS).snapshot
    assert {kind.name: sorted(snapshot.of(kind)) for kind in TypeUrl} == {
        "CLUSTER": ["shop/api:80", "shop/web:80"],
        "ENDPOINTS": ["shop/api:80", "shop/web:80"],
        "LISTENER": ["http", "https"],
        "ROUTES": ["ingress"],
        "SECRET": ["shop/tls"],
    }


def test_equal_input_gives_equal_versions() -> None:
    """A restarted Genkan finds that Envoy has everything already."""
    assert render(WANTED, SETS, binding(), SETTINGS).snapshot == render(WANTED, SETS, binding(), SETTINGS).snapshot


def test_equal_input_is_not_rendered_again() -> None:
    first = render(WANTED, SETS, binding(), SETTINGS)
    second = render(WANTED, tuple(reversed(SETS)), binding(), SETTINGS, first)
    assert all(second.snapshot.of(kind) is first.snapshot.of(kind) for kind in TypeUrl)


def test_only_what_differs_changes() -> None:
    first = render(WANTED, SETS, binding(), SETTINGS)
    changed = traffic(
        *WANTED.virtual_hosts,
        clusters=(cluster("shop/web:80", connect_timeout=1.0), cluster("shop/api:80")),
        chains=WANTED.listeners[1].tls,
        certificates=WANTED.certificates,
    )
    second = render(changed, SETS, binding(), SETTINGS, first)
    before, after = first.snapshot.of(TypeUrl.CLUSTER), second.snapshot.of(TypeUrl.CLUSTER)
    assert before["shop/web:80"] != after["shop/web:80"]
    assert before["shop/api:80"] is after["shop/api:80"]
    assert all(second.snapshot.of(kind) is first.snapshot.of(kind) for kind in set(TypeUrl) - {TypeUrl.CLUSTER})


def test_endpoints_alone() -> None:
    first = render(WANTED, SETS, binding(), SETTINGS)
    second = render_endpoints((endpoints("shop/web:80", "198.51.100.9:80"), SETS[0]), first)
    assert second.snapshot.of(TypeUrl.ROUTES) is first.snapshot.of(TypeUrl.ROUTES)
    before, after = first.snapshot.of(TypeUrl.ENDPOINTS), second.snapshot.of(TypeUrl.ENDPOINTS)
    assert before["shop/web:80"] != after["shop/web:80"]
    assert before["shop/api:80"] is after["shop/api:80"]
    assert (
        second.snapshot
        == render(WANTED, (endpoints("shop/web:80", "198.51.100.9:80"), SETS[0]), binding(), SETTINGS).snapshot
    )


def test_a_missing_endpoint_set_is_empty_and_an_unused_one_is_left_out() -> None:
    """Envoy waits for what it asks for, and never asks for what no cluster names."""
    snapshot = render(WANTED, (endpoints("other/x:1", "198.51.100.1:1"),), binding(), SETTINGS).snapshot
    assert sorted(snapshot.of(TypeUrl.ENDPOINTS)) == ["shop/api:80", "shop/web:80"]


def test_a_dns_cluster_needs_no_endpoint_set() -> None:
    wanted = traffic(clusters=(cluster("shop/ext:80", target=DnsTarget("a.example", 80)),))
    assert not render(wanted, (), binding(), SETTINGS).snapshot.of(TypeUrl.ENDPOINTS)


def test_a_certificate_that_no_chain_offers_is_left_out() -> None:
    wanted = traffic(certificates=(certificate("shop/spare"),))
    assert not render(wanted, (), binding(), SETTINGS).snapshot.of(TypeUrl.SECRET)


def test_listeners_follow_the_binding() -> None:
    first = render(WANTED, SETS, binding(), SETTINGS)
    second = render(WANTED, SETS, binding(http=8080), SETTINGS, first)
    before, after = first.snapshot.of(TypeUrl.LISTENER), second.snapshot.of(TypeUrl.LISTENER)
    assert before["http"] != after["http"]
    assert before["https"] is after["https"]


def test_origins_take_no_part() -> None:
    """Renaming nothing but the place in the manifest is no change."""
    first = render(WANTED, SETS, binding(), SETTINGS)
    assert "Ingress" not in str(first.snapshot.of(TypeUrl.ROUTES)["ingress"].body)
