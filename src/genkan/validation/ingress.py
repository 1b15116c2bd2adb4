"""What an API server refuses in an Ingress or IngressClass.

Source: the validation of networking.k8s.io/v1 in Kubernetes 1.35, on create.
"""

from collections.abc import Iterator

from genkan.manifests.names import (
    domain_prefixed_path,
    host,
    is_address,
    label,
    path_segment,
    port_name,
    port_number,
    service_name,
    subdomain,
)
from genkan.model import Ingress, IngressBackend, IngressClass, IngressRule, TypedLocalObjectReference
from genkan.validation.metadata import metadata_mistakes
from genkan.validation.mistake import Manifest, Mistake, if_wrong, one_of, required, written

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
PATH_TYPES = ("Exact", "Prefix", "ImplementationSpecific")
FORBIDDEN_PARTS = ("//", "/./", "/../", "%2f", "%2F")
FORBIDDEN_ENDINGS = ("/..", "/.")
LONGEST_CONTROLLER = 250


def ingress_mistakes(manifest: Manifest, ingress: Ingress) -> Iterator[Mistake]:
    """Check an Ingress."""
    spec = ingress.spec
    yield from metadata_mistakes(ingress, subdomain)
    annotation = ingress.metadata.annotations.get(CLASS_ANNOTATION)
    if spec.ingress_class_name is not None:
        yield from if_wrong("spec.ingressClassName", subdomain(spec.ingress_class_name))
        if annotation is not None and annotation != spec.ingress_class_name:
            message = (
                f'must be spec.ingressClassName ("{spec.ingress_class_name}") when both are set; remove the annotation'
            )
            yield Mistake(f"metadata.annotations[{CLASS_ANNOTATION}]", message)
    if not spec.rules and spec.default_backend is None:
        yield Mistake("spec", "needs rules or defaultBackend")
    if spec.default_backend is not None:
        yield from backend_mistakes(spec.default_backend, "spec.defaultBackend")
    for index, rule in enumerate(spec.rules):
        yield from rule_mistakes(manifest, rule, index)
    for index, tls in enumerate(spec.tls):
        at = f"spec.tls[{index}]"
        for position, name in enumerate(tls.hosts):
            yield from if_wrong(f"{at}.hosts[{position}]", host(name))
        if tls.secret_name:
            yield from if_wrong(f"{at}.secretName", subdomain(tls.secret_name))


def rule_mistakes(manifest: Manifest, rule: IngressRule, index: int) -> Iterator[Mistake]:
    """Check one rule."""
    at = f"spec.rules[{index}]"
    if rule.host:
        wrong = "must be a DNS name, not an IP address" if is_address(rule.host) else host(rule.host)
        yield from if_wrong(f"{at}.host", wrong)
    if rule.http is None:
        return
    if not rule.http.paths:
        yield required(f"{at}.http.paths")
    for position, path in enumerate(rule.http.paths):
        here = f"{at}.http.paths[{position}]"
        if written(manifest, "spec", "rules", index, "http", "paths", position, "pathType") is None:
            yield Mistake(f"{here}.pathType", f"is required: one of {', '.join(PATH_TYPES)}")
            continue
        yield from one_of(f"{here}.pathType", path.path_type, PATH_TYPES)
        yield from path_mistakes(path.path, path.path_type, f"{here}.path")
        yield from backend_mistakes(path.backend, f"{here}.backend")


def path_mistakes(path: str, path_type: str, at: str) -> Iterator[Mistake]:
    """Check a path by its type."""
    if path_type not in PATH_TYPES or (path_type == "ImplementationSpecific" and not path):
        return
    if not path.startswith("/"):
        yield Mistake(at, "must begin with /")
    if path_type == "ImplementationSpecific":
        return
    for part in FORBIDDEN_PARTS:
        if part in path:
            yield Mistake(at, f"must not contain {part}")
    for ending in FORBIDDEN_ENDINGS:
        if path.endswith(ending):
            yield Mistake(at, f"must not end with {ending}")


def backend_mistakes(backend: IngressBackend, at: str) -> Iterator[Mistake]:
    """Check a backend: exactly one of Service and resource, a port by exactly one of name and number."""
    if backend.resource is not None and backend.service is not None:
        yield Mistake(at, "has both service and resource; keep one")
    elif backend.resource is not None:
        yield from reference_mistakes(backend.resource, f"{at}.resource")
    elif backend.service is None:
        yield Mistake(at, "needs a service or a resource")
    else:
        port = backend.service.port
        yield from if_wrong(f"{at}.service.name", service_name(backend.service.name))
        if port.name and port.number:
            yield Mistake(f"{at}.service.port", "has both name and number; keep one")
        elif port.name:
            yield from if_wrong(f"{at}.service.port.name", port_name(port.name))
        elif port.number:
            yield from if_wrong(f"{at}.service.port.number", port_number(port.number))
        else:
            yield Mistake(f"{at}.service.port", "needs a name or a number")


def reference_mistakes(reference: TypedLocalObjectReference, at: str) -> Iterator[Mistake]:
    """Check a reference to an object of any kind."""
    if reference.api_group:
        yield from if_wrong(f"{at}.apiGroup", subdomain(reference.api_group))
    for name, text in (("kind", reference.kind), ("name", reference.name)):
        if not text:
            yield required(f"{at}.{name}")
        else:
            yield from if_wrong(f"{at}.{name}", path_segment(text))


def class_mistakes(_manifest: Manifest, ingress_class: IngressClass) -> Iterator[Mistake]:
    """Check an IngressClass."""
    yield from metadata_mistakes(ingress_class, subdomain)
    controller, parameters = ingress_class.spec.controller, ingress_class.spec.parameters
    if len(controller) > LONGEST_CONTROLLER:
        yield Mistake("spec.controller", f"is longer than {LONGEST_CONTROLLER} characters")
    yield from if_wrong("spec.controller", domain_prefixed_path(controller))
    if parameters is None:
        return
    at = "spec.parameters"
    yield from reference_mistakes(TypedLocalObjectReference(parameters.kind, parameters.name, parameters.api_group), at)
    yield from one_of(f"{at}.scope", parameters.scope, ("Cluster", "Namespace"))
    if parameters.scope == "Namespace" and not parameters.namespace:
        yield Mistake(f"{at}.namespace", "is required when scope is Namespace")
    elif parameters.scope == "Namespace":
        yield from if_wrong(f"{at}.namespace", label(parameters.namespace))
    elif parameters.namespace:
        yield Mistake(f"{at}.namespace", "must not be set when scope is Cluster")
