"""The static part: small, private sockets, bounded."""

import json
import re
from typing import Any

from google.protobuf.json_format import ParseDict

from genkan.dataplanes.envoy.bootstrap import bootstrap
from genkan.dataplanes.envoy.limits import HEAP_BYTES
from tests.support.traffic import binding


def content(**fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bootstrap(binding("/run/x"), **fields))
    return found


def test_everything_but_the_way_to_genkan_comes_by_delta_xds() -> None:
    found = content()
    resources = found["dynamic_resources"]
    assert resources["ads_config"]["api_type"] == "DELTA_GRPC"
    assert resources["cds_config"] == resources["lds_config"]
    assert "ads" in resources["cds_config"]
    assert [one["name"] for one in found["static_resources"]["clusters"]] == ["genkan"]
    assert [one["name"] for one in found["static_resources"]["listeners"]] == ["readiness"]


def test_it_opens_no_port() -> None:
    """Control plane, admin and readiness are Unix sockets that only the owner may use."""
    text = bootstrap(binding("/run/x"))
    assert "socket_address" not in text
    sockets = {"/run/x/xds.sock", "/run/x/admin.sock", "/run/x/ready.sock"}
    assert set(re.findall(r"/run/x/[a-z]+\.sock", text)) == sockets
    found = content()
    assert found["admin"]["address"]["pipe"]["mode"] == 0o600
    assert found["static_resources"]["listeners"][0]["address"]["pipe"]["mode"] == 0o600


def test_connections_and_memory_are_bounded() -> None:
    limits = [one["typed_config"] for one in content(connections=77)["overload_manager"]["resource_monitors"]]
    assert [one.get("max_heap_size_bytes") for one in limits] == [HEAP_BYTES, None]
    assert [one.get("max_active_downstream_connections") for one in limits] == [None, 77]


def test_readiness_and_admin_answer_even_when_full() -> None:
    found = content()
    assert found["admin"]["ignore_global_conn_limit"] is True
    (readiness,) = found["static_resources"]["listeners"]
    assert readiness["bypass_overload_manager"] is True
    assert "ignore_global_conn_limit" not in readiness, "wears the limit away, see the flood test"


def test_a_restarted_genkan_is_found_at_once() -> None:
    (service,) = content()["dynamic_resources"]["ads_config"]["grpc_services"]
    back_off = service["envoy_grpc"]["retry_policy"]["retry_back_off"]
    assert back_off == {"base_interval": "0.1s", "max_interval": "2s"}


def test_every_field_exists() -> None:
    """Parsed strictly, nested extensions included."""
    from envoy.config.bootstrap.v3 import bootstrap_pb2
    from envoy.config.overload.v3 import overload_pb2
    from envoy.extensions.filters.http.health_check.v3 import health_check_pb2
    from envoy.extensions.filters.http.router.v3 import router_pb2
    from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
    from envoy.extensions.resource_monitors.downstream_connections.v3 import downstream_connections_pb2
    from envoy.extensions.resource_monitors.fixed_heap.v3 import fixed_heap_pb2
    from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2

    registered = (
        *(overload_pb2, health_check_pb2, router_pb2, http_connection_manager_pb2),
        *(downstream_connections_pb2, fixed_heap_pb2, http_protocol_options_pb2),
    )
    assert all(registered)
    message = ParseDict(content(), bootstrap_pb2.Bootstrap())
    assert message.overload_manager.resource_monitors
