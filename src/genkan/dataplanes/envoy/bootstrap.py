"""The static part of an Envoy: how it finds Genkan, how it is asked for its health, what it must never exceed. All else comes by xDS.

Takes a binding, gives the text of bootstrap.json. Plain data without protobuf: the command line stays quick.
"""

import json
from typing import Any

from genkan.dataplanes.envoy import limits
from genkan.ir import Binding

CONTROL_PLANE = "genkan"
"""The name of the static cluster that is Genkan itself."""

READY_PATH = "/ready"
"""What the readiness socket answers: 200 once every listener was received and is served, never before."""

_TYPE = "type.googleapis.com/"
_HTTP = _TYPE + "envoy.extensions.filters"
_OWNER_ONLY = 0o600
_RUNTIME = {"re2.max_program_size.error_level": 1000}
"""Envoy refuses expressions above 100 instructions: a guard against those of strangers. Ours are our own; see `claims`."""

_TRACKED_BYTES = 128 * 1024
"""Streams that hold less are never reset for want of memory."""


def bootstrap(binding: Binding, connections: int = limits.DOWNSTREAM_CONNECTIONS) -> str:
    """Give bootstrap.json; `connections` is how many clients may be connected at a time."""
    ads = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
    content = {
        "admin": {"address": _socket(binding.admin), "ignore_global_conn_limit": True},
        "dynamic_resources": {"ads_config": _control_plane(), "cds_config": ads, "lds_config": ads},
        "static_resources": {
            "clusters": [_control_plane_cluster(binding.control_plane)],
            "listeners": [_readiness(binding.readiness)],
        },
        "overload_manager": _overload(connections),
        "layered_runtime": {"layers": [{"name": "genkan", "static_layer": _RUNTIME}]},
        # Statistics of a cluster that has no traffic take no memory.
        "deferred_stat_options": {"enable_deferred_creation_stats": True},
    }
    return json.dumps(content, indent=1) + "\n"


def _socket(path: str) -> dict[str, Any]:
    return {"pipe": {"path": path, "mode": _OWNER_ONLY}}


def _control_plane() -> dict[str, Any]:
    """Delta ADS; a restarted Genkan is found within the short back-off, Envoy's own goes up to 30 seconds."""
    back_off = {"base_interval": "0.1s", "max_interval": "2s"}
    service = {"cluster_name": CONTROL_PLANE, "retry_policy": {"retry_back_off": back_off}}
    return {
        "api_type": "DELTA_GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": service}],
    }


def _control_plane_cluster(path: str) -> dict[str, Any]:
    options = _TYPE + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    endpoint = {"endpoint": {"address": {"pipe": {"path": path}}}}
    return {
        "name": CONTROL_PLANE,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": options,
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {"cluster_name": CONTROL_PLANE, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _readiness(path: str) -> dict[str, Any]:
    """Answer on a socket of its own. Envoy accepts nowhere before the first listeners are complete, so an answer means ready.

    It stands outside the limits, or a full data plane would count as dead. Not by `ignore_global_conn_limit`: Envoy 1.40 then gives
    back a place at the end of each connection that never took one, and a probe every second wears the limit away.
    """
    health = {
        "@type": _HTTP + ".http.health_check.v3.HealthCheck",
        "pass_through_mode": False,
        "headers": [{"name": ":path", "string_match": {"exact": READY_PATH}}],
    }
    manager = {
        "@type": _HTTP + ".network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "readiness",
        "route_config": {"name": "readiness"},
        "http_filters": [
            {"name": "envoy.filters.http.health_check", "typed_config": health},
            {"name": "envoy.filters.http.router", "typed_config": {"@type": _HTTP + ".http.router.v3.Router"}},
        ],
    }
    network = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {
        "name": "readiness",
        "address": _socket(path),
        "bypass_overload_manager": True,
        "filter_chains": [{"filters": [network]}],
    }


def _overload(connections: int) -> dict[str, Any]:
    """Bound connections and memory: full means closed or answered 503, never killed."""
    monitors = _TYPE + "envoy.extensions.resource_monitors."
    idle = {
        "@type": _TYPE + "envoy.config.overload.v3.ScaleTimersOverloadActionConfig",
        "timer_scale_factors": [
            {"timer": "HTTP_DOWNSTREAM_CONNECTION_IDLE", "min_timeout": "2s"},
            {"timer": "TRANSPORT_SOCKET_CONNECT", "min_timeout": "2s"},
        ],
    }
    heap = "envoy.resource_monitors.fixed_heap"
    return {
        "refresh_interval": "0.25s",
        "buffer_factory_config": {"minimum_account_to_track_power_of_two": _TRACKED_BYTES.bit_length() - 1},
        "resource_monitors": [
            {
                "name": heap,
                "typed_config": {
                    "@type": monitors + "fixed_heap.v3.FixedHeapConfig",
                    "max_heap_size_bytes": limits.HEAP_BYTES,
                },
            },
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": monitors + "downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": connections,
                },
            },
        ],
        "actions": [
            {
                "name": "envoy.overload_actions.reduce_timeouts",
                "triggers": [{"name": heap, "scaled": {"scaling_threshold": 0.75, "saturation_threshold": 0.95}}],
                "typed_config": idle,
            },
            {"name": "envoy.overload_actions.shrink_heap", "triggers": [{"name": heap, "threshold": {"value": 0.9}}]},
            {
                # HTTP/2 only: one connection may hold a hundred full buffers. Who holds the most goes first.
                "name": "envoy.overload_actions.reset_high_memory_stream",
                "triggers": [{"name": heap, "scaled": {"scaling_threshold": 0.6, "saturation_threshold": 0.95}}],
            },
            {
                "name": "envoy.overload_actions.stop_accepting_requests",
                "triggers": [{"name": heap, "threshold": {"value": 0.95}}],
            },
        ],
    }
