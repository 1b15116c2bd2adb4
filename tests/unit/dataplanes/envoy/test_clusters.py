"""Clusters: protocol, TLS, DNS, and nothing that limits where nobody asked."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from genkan.dataplanes.envoy.clusters import TRUSTED_ROOTS
from genkan.dataplanes.envoy.clusters import cluster as render
from genkan.ir import BackendProtocol, BackendTls, DnsTarget
from tests.support.traffic import cluster


def rendered(**fields: object) -> dict[str, Any]:
    message: dict[str, Any] = MessageToDict(render(cluster(**fields)), preserving_proto_field_name=True)  # type: ignore[arg-type]
    return message


def http_options(message: dict[str, Any]) -> dict[str, Any]:
    (options,) = message["typed_extension_protocol_options"].values()
    found: dict[str, Any] = options
    return found


def test_endpoints_come_by_the_name_of_their_set() -> None:
    """Clusters whose policies differ share one endpoint set."""
    message = rendered(name="shop/web:80/h2", target="shop/web:80")
    assert message["name"] == "shop/web:80/h2"
    assert message["type"] == "EDS"
    assert message["eds_cluster_config"]["service_name"] == "shop/web:80"
    assert "ads" in message["eds_cluster_config"]["eds_config"]


@pytest.mark.parametrize(
    ("protocol", "option"),
    [
        pytest.param(BackendProtocol.HTTP1, "http_protocol_options", id="HTTP/1.1"),
        pytest.param(BackendProtocol.HTTP2, "http2_protocol_options", id="HTTP/2"),
    ],
)
def test_the_protocol_is_the_one_asked_for(protocol: BackendProtocol, option: str) -> None:
    assert http_options(rendered(protocol=protocol))["explicit_http_config"] == {option: {}}


def test_idle_http1_connections_are_closed_before_the_backend_does() -> None:
    """Node.js, Apache and uvicorn close after 5 seconds; a request that meets the closing may be lost."""
    assert http_options(rendered())["common_http_protocol_options"] == {"idle_timeout": "4s"}
    assert "common_http_protocol_options" not in http_options(rendered(protocol=BackendProtocol.HTTP2))


def test_no_circuit_breaker_trips() -> None:
    """Envoy's own defaults answer 503 above 1,024 requests and 3 retries at a time."""
    (thresholds,) = rendered()["circuit_breakers"]["thresholds"]
    assert thresholds == dict.fromkeys(
        ("max_connections", "max_pending_requests", "max_requests", "max_retries"), 2**32 - 1
    )


def test_the_connect_timeout_is_kept() -> None:
    assert rendered(connect_timeout=1.5)["connect_timeout"] == "1.500s"


def test_a_dns_name_is_looked_up_by_envoy() -> None:
    message = rendered(target=DnsTarget("api.example.com", 8443))
    options = message["cluster_type"]["typed_config"]
    (endpoint,) = message["load_assignment"]["endpoints"][0]["lb_endpoints"]
    assert endpoint["endpoint"]["address"]["socket_address"] == {"address": "api.example.com", "port_value": 8443}
    assert options["respect_dns_ttl"] is True
    assert options["dns_lookup_family"] == "V4_PREFERRED"
    assert "type" not in message


def test_plain_backends_get_no_tls() -> None:
    assert "transport_socket" not in rendered()


@pytest.mark.parametrize(("protocol", "alpn"), [(BackendProtocol.HTTP1, ["http/1.1"]), (BackendProtocol.HTTP2, ["h2"])])
def test_tls_offers_the_protocol_that_is_spoken(protocol: BackendProtocol, alpn: list[str]) -> None:
    message = rendered(protocol=protocol, tls=BackendTls())
    assert message["transport_socket"]["typed_config"]["common_tls_context"] == {"alpn_protocols": alpn}


def test_the_requests_host_is_the_server_name_unless_one_is_given() -> None:
    own, given = rendered(tls=BackendTls()), rendered(tls=BackendTls(server_name="a.example"))
    assert http_options(own)["upstream_http_protocol_options"] == {"auto_sni": True}
    assert "upstream_http_protocol_options" not in http_options(given)
    assert given["transport_socket"]["typed_config"]["sni"] == "a.example"


def test_verification_checks_authority_and_name() -> None:
    own, given = rendered(tls=BackendTls(verify=True)), rendered(tls=BackendTls("a.example", verify=True))
    contexts = [
        one["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"] for one in (own, given)
    ]
    assert [one["trusted_ca"] for one in contexts] == [{"filename": TRUSTED_ROOTS}] * 2
    assert http_options(own)["upstream_http_protocol_options"]["auto_san_validation"] is True
    assert contexts[1]["match_typed_subject_alt_names"] == [{"san_type": "DNS", "matcher": {"exact": "a.example"}}]
