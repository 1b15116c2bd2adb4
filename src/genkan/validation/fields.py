"""The fields that the API knows, and those of an object that it does not: `kubectl apply` refuses them by default.

Source: the OpenAPI description of Kubernetes 1.35. Fields below `status` and a few that hold anything are not looked into.
"""

from collections.abc import Iterator
from typing import Any

from genkan.manifests.near import nearest
from genkan.validation.mistake import Manifest, Mistake

ANYTHING = None
"""The value is not looked into."""

Shape = dict[str, Any]


def plain(names: str) -> Shape:
    """Make a shape of fields whose values are not looked into."""
    return dict.fromkeys(names.split(), ANYTHING)


OWNER = plain("apiVersion blockOwnerDeletion controller kind name uid")
METADATA: Shape = plain(
    "annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation labels "
    "managedFields name namespace resourceVersion selfLink uid"
) | {"ownerReferences": OWNER}
OBJECT: Shape = plain("apiVersion kind") | {"metadata": METADATA}
RESOURCE = plain("apiGroup kind name")
BACKEND: Shape = {"resource": RESOURCE, "service": {"name": ANYTHING, "port": plain("name number")}}
PATH: Shape = plain("path pathType") | {"backend": BACKEND}
INGRESS_SPEC: Shape = plain("ingressClassName") | {
    "defaultBackend": BACKEND,
    "rules": plain("host") | {"http": {"paths": PATH}},
    "tls": plain("hosts secretName"),
}
CLASS_SPEC: Shape = plain("controller") | {"parameters": plain("apiGroup kind name namespace scope")}
SERVICE_SPEC: Shape = plain(
    "allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName externalTrafficPolicy healthCheckNodePort "
    "internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges "
    "publishNotReadyAddresses selector sessionAffinity trafficDistribution type"
) | {
    "ports": plain("appProtocol name nodePort port protocol targetPort"),
    "sessionAffinityConfig": {"clientIP": plain("timeoutSeconds")},
}
ENDPOINT: Shape = plain("addresses deprecatedTopology hostname nodeName zone") | {
    "conditions": plain("ready serving terminating"),
    "hints": {"forNodes": plain("name"), "forZones": plain("name")},
    "targetRef": plain("apiVersion fieldPath kind name namespace resourceVersion uid"),
}
SHAPES: dict[str, Shape] = {
    "Ingress": OBJECT | {"spec": INGRESS_SPEC, "status": ANYTHING},
    "IngressClass": OBJECT | {"spec": CLASS_SPEC},
    "Service": OBJECT | {"spec": SERVICE_SPEC, "status": ANYTHING},
    "EndpointSlice": OBJECT
    | {"addressType": ANYTHING, "endpoints": ENDPOINT, "ports": plain("appProtocol name port protocol")},
    "Secret": OBJECT | plain("data immutable stringData type"),
    "ConfigMap": OBJECT | plain("binaryData data immutable"),
}
"""By kind. A list has the shape of its items."""


def unknown_fields(manifest: Manifest, kind: str) -> Iterator[Mistake]:
    """Give every field that the API does not know."""
    yield from _unknown(manifest, SHAPES[kind], "")


def _unknown(value: Any, shape: Shape | None, path: str) -> Iterator[Mistake]:
    if shape is ANYTHING:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, shape, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, inner in value.items():
            field = f"{path}.{name}".lstrip(".")
            if name in shape:
                yield from _unknown(inner, shape[name], field)
            else:
                yield Mistake(field, f"is no field of the API{meant(name, shape)}")


def meant(name: str, shape: Shape) -> str:
    """Suggest the field that was meant."""
    near = nearest(name, shape)
    return f"; did you mean {near}?" if near else ""
