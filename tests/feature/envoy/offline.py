"""A snapshot as one static file, so that `envoy --mode validate` judges every part of it without a control plane."""

import json
from typing import Any

from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from google.protobuf.json_format import MessageToDict

from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl

_HTTP_MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def static(snapshot: Snapshot, bootstrap: str) -> dict[str, Any]:
    """The bootstrap with every resource of the snapshot in it and no dynamic one left."""
    content: dict[str, Any] = json.loads(bootstrap)
    content.pop("dynamic_resources")
    routes, clusters, sets = (_dicts(snapshot, kind) for kind in (TypeUrl.ROUTES, TypeUrl.CLUSTER, TypeUrl.ENDPOINTS))
    for cluster in clusters.values():
        if "eds_cluster_config" in cluster:
            name = cluster.pop("eds_cluster_config")["service_name"]
            cluster |= {"type": "STATIC", "load_assignment": sets[name]}
    listeners = _dicts(snapshot, TypeUrl.LISTENER)
    for part in _walk(list(listeners.values())):
        if part.get("@type") == _HTTP_MANAGER:
            part["route_config"] = routes[part.pop("rds")["route_config_name"]]
        part.pop("sds_config", None)
    content["static_resources"]["clusters"] += clusters.values()
    content["static_resources"]["listeners"] += listeners.values()
    content["static_resources"]["secrets"] = [_secret(one.body) for one in snapshot.of(TypeUrl.SECRET).values()]
    return content


def _dicts(snapshot: Snapshot, kind: TypeUrl) -> dict[str, dict[str, Any]]:
    found = {name: MessageToDict(one.body, preserving_proto_field_name=True) for name, one in snapshot.of(kind).items()}
    return {name: {key: value for key, value in one.items() if key != "@type"} for name, one in found.items()}


def _secret(body: Any) -> dict[str, Any]:
    secret = secret_pb2.Secret()
    body.Unpack(secret)
    content: dict[str, Any] = MessageToDict(secret, preserving_proto_field_name=True)
    return content


def _walk(node: object) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        return [node, *(found for value in node.values() for found in _walk(value))]
    if isinstance(node, list):
        return [found for value in node for found in _walk(value)]
    return []
