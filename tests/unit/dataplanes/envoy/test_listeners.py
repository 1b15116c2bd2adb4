"""Listeners: one filter chain for each set of names, certificates by reference."""

from typing import Any

from google.protobuf.json_format import MessageToDict

from genkan.dataplanes.envoy.listeners import listener
from genkan.ir import Listener, TlsChain
from genkan.settings import Settings
from tests.support.traffic import chain


def rendered(*chains: TlsChain, settings: Settings = Settings()) -> dict[str, Any]:  # noqa: B008 - frozen
    wanted = Listener("https", 443, chains) if chains else Listener("http", 80)
    message: dict[str, Any] = MessageToDict(
        listener(wanted, "127.7.7.7", 8080, settings), preserving_proto_field_name=True
    )
    return message


def manager(message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = message["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def test_it_binds_what_the_infrastructure_gave_and_shares_it_with_nobody() -> None:
    message = rendered()
    assert message["name"] == "http"
    assert message["address"]["socket_address"] == {"address": "127.7.7.7", "port_value": 8080}
    assert message["enable_reuse_port"] is False


def test_plain_http_looks_into_no_tls() -> None:
    message = rendered()
    assert "listener_filters" not in message
    assert "transport_socket" not in message["filter_chains"][0]


def test_each_set_of_names_has_a_chain_of_its_own() -> None:
    message = rendered(chain("shop/a", "a.example", "*.a.example"), chain("shop/b", "b.example"), chain("shop/rest"))
    assert [(one["name"], one["filter_chain_match"]["server_names"]) for one in message["filter_chains"]] == [
        ("shop/a", ["a.example", "*.a.example"]),
        ("shop/b", ["b.example"]),
    ]
    assert message["default_filter_chain"]["name"] == "shop/rest"
    assert message["listener_filters"][0]["name"] == "envoy.filters.listener.tls_inspector"


def test_a_chain_names_its_certificates_and_holds_none() -> None:
    """A renewed certificate comes by SDS: the listener, and with it every connection, stays."""
    message = rendered(chain("shop/a", "a.example", certificates=("shop/rsa", "shop/ecdsa")))
    context = message["filter_chains"][0]["transport_socket"]["typed_config"]["common_tls_context"]
    assert [one["name"] for one in context["tls_certificate_sds_secret_configs"]] == ["shop/rsa", "shop/ecdsa"]
    assert context["alpn_protocols"] == ["h2", "http/1.1"]
    assert context["tls_params"]["tls_minimum_protocol_version"] == "TLSv1_2"


def test_a_chain_does_not_depend_on_the_others() -> None:
    """Envoy leaves a chain alone, with its connections, when it is the same as before."""
    alone = rendered(chain("shop/a", "a.example"))["filter_chains"]
    beside = rendered(chain("shop/a", "a.example"), chain("shop/b", "b.example"))["filter_chains"]
    assert beside[0] == alone[0]


def test_every_chain_uses_the_same_routes() -> None:
    message = rendered(chain("shop/a", "a.example"), chain("shop/rest"))
    for one in (message["filter_chains"][0], message["default_filter_chain"]):
        assert one["filters"][0]["typed_config"]["rds"]["route_config_name"] == "ingress"


def test_the_path_is_not_touched() -> None:
    """Dot segments, double slashes and %2F reach the backend as sent."""
    found = manager(rendered())
    assert found["normalize_path"] is False
    assert "merge_slashes" not in found
    assert found["path_with_escaped_slashes_action"] == "KEEP_UNCHANGED"


def test_slow_clients_are_bounded() -> None:
    found = manager(rendered())
    assert found["request_headers_timeout"] == "10s"
    assert found["stream_idle_timeout"] == "300s"
    assert found["max_request_headers_kb"] == 64
    assert found["common_http_protocol_options"] == {"idle_timeout": "620s", "max_headers_count": 100}
    assert "request_timeout" not in found


def test_trust_follows_the_number_of_hops() -> None:
    """A proxy in front may set X-Request-Id; a client may not."""
    alone, behind = manager(rendered()), manager(rendered(settings=Settings(trusted_hops=2)))
    assert "preserve_external_request_id" not in alone
    assert "xff_num_trusted_hops" not in alone
    assert behind["preserve_external_request_id"] is True
    assert behind["xff_num_trusted_hops"] == 2
