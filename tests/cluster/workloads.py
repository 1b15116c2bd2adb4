"""Manifests for tests: small functions that give one object each, allowed by PodSecurity `restricted`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.cluster.images import ECHO, ENVOY

Object = dict[str, Any]
HARDENED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
ENVOY_PORT = 8080
ECHO_PORT = 3000
ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}


def namespace(name: str, *, security: str = "restricted") -> Object:
    """A namespace with a PodSecurity level enforced."""
    labels = {"pod-security.kubernetes.io/enforce": security}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def container(
    name: str,
    image: str,
    *,
    command: Sequence[str] = (),
    port: int | None = None,
    path: str | None = None,
    env: Mapping[str, str] | None = None,
) -> Object:
    """A hardened container; with a port it is ready when that port (or a GET of `path` on it) answers."""
    fields = {"POD_NAME": "metadata.name", "NAMESPACE": "metadata.namespace", "POD_IP": "status.podIP"}
    variables: list[Object] = [{"name": n, "valueFrom": {"fieldRef": {"fieldPath": f}}} for n, f in fields.items()]
    variables += [{"name": n, "value": v} for n, v in (env or {}).items()]
    made: Object = {"name": name, "image": image, "securityContext": HARDENED, "env": variables}
    if command:
        made["command"] = list(command)
    if port is not None:
        check = {"httpGet": {"path": path, "port": port}} if path else {"tcpSocket": {"port": port}}
        made["ports"] = [{"containerPort": port}]
        made["readinessProbe"] = {**check, "periodSeconds": 1}
    return made


def pod_spec(*containers: Object, service_account: str | None = None, grace: int = 1) -> Object:
    """A hardened pod; without a service account it carries no token. `/tmp` and `/dev/shm` can be written to."""
    for one in containers:
        paths = ("/tmp", "/dev/shm")
        one["volumeMounts"] = [*one.get("volumeMounts", []), *({"name": "tmp", "mountPath": p} for p in paths)]
    spec: Object = {
        "containers": list(containers),
        "volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory"}}],
        "terminationGracePeriodSeconds": grace,
        "enableServiceLinks": False,
        "automountServiceAccountToken": service_account is not None,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    if service_account:
        spec["serviceAccountName"] = service_account
    return spec


def pod(name: str, spec: Object) -> Object:
    """A single Pod that runs once."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {**spec, "restartPolicy": "Never"}}


def deployment(name: str, spec: Object, *, replicas: int = 1, owner: Object | None = None) -> Object:
    """A Deployment whose pods carry the label `app: NAME`."""
    labels = {"app": name}
    metadata: Object = {"name": name, "labels": labels}
    if owner:
        metadata["ownerReferences"] = [owner]
    template = {"metadata": {"labels": labels}, "spec": spec}
    wanted = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": wanted}


def balancer(name: str, port: int, *, policy: str = "Cluster", families: str = "SingleStack") -> Object:
    """A LoadBalancer Service on port 80 for the pods of the Deployment of that name."""
    spec = {
        "type": "LoadBalancer",
        "selector": {"app": name},
        "externalTrafficPolicy": policy,
        "ipFamilyPolicy": families,
        "ports": [{"name": "http", "port": 80, "targetPort": port}],
    }
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def echo_pod() -> Object:
    """A pod that answers each request with a JSON account of it."""
    return pod_spec(container("echo", ECHO, port=ECHO_PORT, path="/health"))


def envoy_pod(config: Object) -> Object:
    """A pod with one Envoy, one worker, and its whole configuration on the command line."""
    command = ["/usr/local/bin/envoy", "--config-yaml", json.dumps(config), "--concurrency", "1", "--log-level", "warn"]
    return pod_spec(container("envoy", ENVOY, command=command, port=ENVOY_PORT))


def envoy_answering(text: str) -> Object:
    """An Envoy configuration that answers everything with `text`, and the client's address in a header."""
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": text}}}
    client = {"header": {"key": "x-client", "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}}
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "http",
        "http_filters": [ROUTER],
        "route_config": {
            "response_headers_to_add": [client],
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}],
        },
    }
    address = {"socket_address": {"address": "::", "port_value": ENVOY_PORT, "ipv4_compat": True}}
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    listener = {"name": "http", "address": address, "filter_chains": [{"filters": filters}]}
    admin = {"address": {"pipe": {"path": "/tmp/admin.sock"}}}
    return {"admin": admin, "static_resources": {"listeners": [listener]}}
