"""Backends: which cluster a path's requests go to, or why they are answered 503."""

from typing import Any

import pytest

from genkan.ir import (
    BackendProtocol,
    BackendTls,
    Capabilities,
    Cluster,
    DnsTarget,
    Forward,
    Level,
    Reason,
    Respond,
    WeightedCluster,
)
from genkan.settings import Settings
from genkan.translate import Translation
from genkan.translate.ingress import translate
from tests.support.manifests import Manifest, backend, endpoint, endpoint_slice, ingress, path, rule, service
from tests.support.objects import inputs

POD = endpoint_slice("web", 8080, endpoint("198.51.100.1"))


def to(
    wanted: Manifest, *manifests: Manifest, settings: Settings | None = None, able: Capabilities | None = None
) -> Translation:
    """Translate an Ingress of this default backend."""
    given = inputs([ingress("web", default=wanted), *manifests])
    return translate(given, settings or Settings(), able or Capabilities())


def action(translation: Translation) -> Forward | Respond:
    """The action of the only route."""
    ((route,),) = (host.routes for host in translation.traffic.virtual_hosts)
    return route.action


def reasons(translation: Translation) -> list[Reason]:
    """What was told, endpoints aside."""
    return [condition.reason for condition in translation.conditions]


@pytest.mark.parametrize("port", [80, "http"])
def test_a_port_by_number_or_name_is_one_cluster(port: int | str) -> None:
    """The cluster is named by number, however the port was written."""
    translation = to(backend("web", port), service("web", port_name="http"), POD)
    assert action(translation) == Forward((WeightedCluster("default/web:80"),))
    assert [cluster.name for cluster in translation.traffic.clusters] == ["default/web:80"]
    assert reasons(translation) == []


@pytest.mark.parametrize(
    ("wanted", "manifests", "reason", "field"),
    [
        pytest.param(backend("gone"), [], Reason.SERVICE_NOT_FOUND, "service.name", id="no Service"),
        pytest.param(backend("web", 81), [service("web")], Reason.PORT_NOT_FOUND, "service.port", id="no such number"),
        pytest.param(backend("web", "x"), [service("web")], Reason.PORT_NOT_FOUND, "service.port", id="no such name"),
        pytest.param(
            backend("web"), [service("web", ports=[])], Reason.PORT_NOT_FOUND, "service.port", id="no ports at all"
        ),
        pytest.param(
            backend("web", 53),
            [service("web", ports=[{"port": 53, "protocol": "UDP"}])],
            Reason.BACKEND_INVALID,
            "service.port",
            id="UDP only",
        ),
        pytest.param(
            {"service": {"name": "web"}}, [service("web")], Reason.BACKEND_INVALID, "service.port", id="no port"
        ),
        pytest.param(
            {"service": {"name": "web", "port": {"number": 80, "name": "http"}}},
            [service("web", port_name="http")],
            Reason.BACKEND_INVALID,
            "service.port",
            id="number and name",
        ),
        pytest.param({}, [], Reason.BACKEND_INVALID, "", id="nothing"),
        pytest.param({"service": {"name": ""}}, [], Reason.BACKEND_INVALID, "", id="no name"),
        pytest.param(
            {"resource": {"kind": "Bucket", "name": "static"}}, [], Reason.RESOURCE_BACKEND, "resource", id="resource"
        ),
        pytest.param(
            {"resource": {"kind": "Bucket", "name": "static"}, **backend("web")},
            [service("web")],
            Reason.RESOURCE_BACKEND,
            "resource",
            id="resource and service",
        ),
    ],
)
def test_what_cannot_be_served_answers_503(
    wanted: Manifest, manifests: list[Manifest], reason: Reason, field: str
) -> None:
    """The client reads a clear text, the user which field is at fault."""
    translation = to(wanted, *manifests)
    answer = action(translation)
    assert isinstance(answer, Respond)
    assert (answer.status, answer.body[:4]) == (503, "503:")
    (condition,) = translation.conditions
    assert condition.reason is reason
    assert condition.origin.field == f"spec.defaultBackend.{field}".rstrip(".")
    assert translation.traffic.clusters == ()


def test_a_fault_is_told_once_for_each_service_port() -> None:
    """A thousand paths to a missing Service are one Event, at the first of them."""
    paths = [path(f"/{number}", "gone", 80 + number) for number in range(5)]
    other = [path("/a", "web", 81), path("/b", "web", 81), path("/c", "web", 82)]
    given = inputs([ingress("web", rule("foo.com", *paths, *other)), service("web")])
    translation = translate(given, Settings(), Capabilities())
    assert [(condition.reason, condition.origin.field) for condition in translation.conditions] == [
        (Reason.SERVICE_NOT_FOUND, "spec.rules[0].http.paths[0].backend.service.name"),
        (Reason.PORT_NOT_FOUND, "spec.rules[0].http.paths[5].backend.service.port"),
        (Reason.PORT_NOT_FOUND, "spec.rules[0].http.paths[7].backend.service.port"),
    ]


def test_a_tcp_port_is_preferred_to_a_udp_port_of_the_same_number() -> None:
    """As DNS servers and HTTP/3 have them."""
    ports = [{"name": "quic", "port": 80, "protocol": "UDP"}, {"name": "http", "port": 80}]
    pod = endpoint_slice("web", 8080, endpoint("198.51.100.1"), port_name="http")
    translation = to(backend("web"), service("web", ports=ports), pod)
    assert reasons(translation) == []
    assert len(translation.endpoints[0].endpoints) == 1


def test_a_headless_service_is_served_by_its_endpoints() -> None:
    """Addresses come from slices, never from the Service."""
    translation = to(backend("web"), service("web", clusterIP="None"), POD)
    assert [item.address for item in translation.endpoints[0].endpoints] == ["198.51.100.1"]


@pytest.mark.parametrize(
    ("spec", "port", "target"),
    [
        pytest.param({"ports": []}, 80, DnsTarget("api.example.com", 80), id="no ports: the number as written"),
        pytest.param({"ports": [{"port": 80}]}, 80, DnsTarget("api.example.com", 80), id="port"),
        pytest.param(
            {"ports": [{"port": 80, "targetPort": 8080}]}, 80, DnsTarget("api.example.com", 8080), id="targetPort"
        ),
        pytest.param(
            {"ports": [{"port": 80, "targetPort": "http"}]}, 80, DnsTarget("api.example.com", 80), id="named targetPort"
        ),
        pytest.param(
            {"ports": [{"name": "http", "port": 8000}]}, "http", DnsTarget("api.example.com", 8000), id="port by name"
        ),
    ],
)
def test_an_external_name_is_reached_by_dns(spec: dict[str, Any], port: int | str, target: DnsTarget) -> None:
    """At the numeric targetPort if there is one, else at the port; the name in plain form."""
    translation = to(backend("web", port), service("web", type="ExternalName", externalName="API.example.com.", **spec))
    assert [cluster.target for cluster in translation.traffic.clusters] == [target]
    assert translation.endpoints == ()
    assert reasons(translation) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "198.51.100.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "::1",
        "[::1]",
        "localhost",
        "LOCALHOST.",
        "x.localhost",
        "*.example.com",
        "a b",
        "http://example.com",
        "example.com:80",
    ],
)
def test_an_external_name_that_is_no_dns_name_elsewhere_is_refused(name: str) -> None:
    """Addresses in any notation and this machine itself: a way into the data plane's own network."""
    translation = to(backend("web"), service("web", type="ExternalName", externalName=name))
    assert isinstance(action(translation), Respond)
    assert reasons(translation) == [Reason.BACKEND_INVALID]


@pytest.mark.parametrize("number", [0, 65536])
def test_an_external_name_needs_a_port_that_exists(number: int) -> None:
    """Data planes refuse other numbers."""
    ports = [{"port": number or 80, "targetPort": number}] if number else [{"port": 70000}]
    wanted = backend("web", 80 if number == 0 else number)
    translation = to(wanted, service("web", type="ExternalName", externalName="a.example", ports=ports))
    assert isinstance(action(translation), Respond)


def test_localhost_is_reached_where_loopback_is_allowed() -> None:
    """A directory on one machine."""
    translation = to(
        backend("web"),
        service("web", type="ExternalName", externalName="localhost"),
        settings=Settings(allow_loopback_endpoints=True),
    )
    assert [cluster.target for cluster in translation.traffic.clusters] == [DnsTarget("localhost", 80)]


@pytest.mark.parametrize(
    ("app_protocol", "protocol", "tls", "told"),
    [
        ("", BackendProtocol.HTTP1, None, []),
        ("kubernetes.io/h2c", BackendProtocol.HTTP2, None, []),
        ("https", BackendProtocol.HTTP1, BackendTls(), [Reason.BACKEND_TLS_UNVERIFIED]),
        ("mysql", BackendProtocol.HTTP1, None, [Reason.PROTOCOL_UNSUPPORTED]),
    ],
)
def test_what_is_spoken_follows_app_protocol(
    app_protocol: str, protocol: BackendProtocol, tls: BackendTls | None, told: list[Reason]
) -> None:
    """Unverified TLS is said, as information; an unknown protocol is a warning that names what is known."""
    translation = to(backend("web"), service("web", app_protocol=app_protocol), POD)
    (cluster,) = translation.traffic.clusters
    assert cluster == Cluster("default/web:80", "default/web:80", protocol, tls, origin=cluster.origin)
    assert reasons(translation) == told
    for condition in translation.conditions:
        normal = condition.reason is Reason.BACKEND_TLS_UNVERIFIED
        assert condition.level is (Level.NORMAL if normal else Level.WARNING)


def test_tls_to_an_external_name_sends_that_name() -> None:
    """The other side chooses its certificate, often its site, by SNI."""
    wanted = service("web", type="ExternalName", externalName="api.example.com", port=443, app_protocol="https")
    (cluster,) = to(backend("web", 443), wanted).traffic.clusters
    assert cluster.tls == BackendTls("api.example.com")


@pytest.mark.parametrize(
    ("able", "wanted"),
    [
        (Capabilities(http2_backends=False), service("web", app_protocol="grpc")),
        (Capabilities(tls_backends=False), service("web", app_protocol="https")),
        (Capabilities(dns_backends=False), service("web", type="ExternalName", externalName="a.example")),
    ],
    ids=["HTTP/2", "TLS", "DNS"],
)
def test_what_a_data_plane_cannot_do_is_told_and_never_done_differently(able: Capabilities, wanted: Manifest) -> None:
    """503 instead of another protocol."""
    translation = to(backend("web"), wanted, able=able)
    assert isinstance(action(translation), Respond)
    assert reasons(translation) == [Reason.UNSUPPORTED]
