"""A workload that needs no control plane: the real Envoy with one static listener, the admin and readiness sockets of its binding."""

import json
from typing import Any

from genkan.dataplanes.envoy.workload import find_program
from genkan.ir import Binding, Drain, File, Workload

MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"


def static_envoy(
    unit: str, binding: Binding, *, body: str = "hello", backend: int | None = None, drain: float = 10.0
) -> Workload:
    """Answers `body` on port 80's stand-in, or forwards to a backend on 127.0.0.1."""
    direct = {"direct_response": {"status": 200, "body": {"inline_string": body}}}
    route = {"route": {"cluster": "backend", "timeout": "0s"}} if backend else direct
    bootstrap = {
        "admin": {"address": {"pipe": {"path": binding.admin}}},
        "static_resources": {
            "listeners": [
                listener("readiness", {"pipe": {"path": binding.readiness}}, direct),
                listener("http", tcp(binding.address, binding.ports[80]), route),
            ],
            "clusters": [cluster(backend)] if backend else [],
        },
    }
    command = (
        find_program(),
        *("--config-path", f"{binding.config_dir}/bootstrap.json", "--service-node", unit),
        *("--service-cluster", binding.state_dir, "--concurrency", "1", "--disable-hot-restart"),
        *("--drain-strategy", "immediate", "--log-level", "warning"),
    )
    return Workload(
        kind="envoy", command=command, files=(File("bootstrap.json", json.dumps(bootstrap)),), drain=Drain(drain)
    )


def tcp(address: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": address, "port_value": port}}


def listener(name: str, address: dict[str, Any], action: dict[str, Any]) -> dict[str, Any]:
    hosts = [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, **action}]}]
    manager = {
        "@type": MANAGER,
        "stat_prefix": name,
        "route_config": {"virtual_hosts": hosts},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    return {"name": name, "address": address, "enable_reuse_port": False, "filter_chains": [{"filters": filters}]}


def cluster(port: int) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": tcp("127.0.0.1", port)}}
    return {
        "name": "backend",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": "backend", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
