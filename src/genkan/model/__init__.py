"""Typed, frozen inputs: the Kubernetes objects we read, with only the fields we use.

Takes nothing, decides nothing. Sources decode into these; translation reads them; drivers never see them.
"""

from genkan.model.ingress import (
    HTTPIngressPath,
    HTTPIngressRuleValue,
    Ingress,
    IngressBackend,
    IngressClass,
    IngressClassParametersReference,
    IngressClassSpec,
    IngressRule,
    IngressServiceBackend,
    IngressSpec,
    IngressTLS,
    ServiceBackendPort,
    TypedLocalObjectReference,
)
from genkan.model.inputs import Inputs
from genkan.model.meta import Object, ObjectKey, ObjectMeta, ObjectRef, OwnerReference
from genkan.model.secret import ConfigMap, Secret
from genkan.model.service import (
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Service,
    ServicePort,
    ServiceSpec,
)

KINDS: dict[tuple[str, str], type[Object]] = {
    ("networking.k8s.io/v1", "Ingress"): Ingress,
    ("networking.k8s.io/v1", "IngressClass"): IngressClass,
    ("v1", "Service"): Service,
    ("discovery.k8s.io/v1", "EndpointSlice"): EndpointSlice,
    ("v1", "Secret"): Secret,
    ("v1", "ConfigMap"): ConfigMap,
}
"""Every kind we read, by (apiVersion, kind)."""

__all__ = [
    "KINDS",
    "ConfigMap",
    "Endpoint",
    "EndpointConditions",
    "EndpointPort",
    "EndpointSlice",
    "HTTPIngressPath",
    "HTTPIngressRuleValue",
    "Ingress",
    "IngressBackend",
    "IngressClass",
    "IngressClassParametersReference",
    "IngressClassSpec",
    "IngressRule",
    "IngressServiceBackend",
    "IngressSpec",
    "IngressTLS",
    "Inputs",
    "Object",
    "ObjectKey",
    "ObjectMeta",
    "ObjectRef",
    "OwnerReference",
    "Secret",
    "Service",
    "ServiceBackendPort",
    "ServicePort",
    "ServiceSpec",
    "TypedLocalObjectReference",
]
