"""References: every object that an Ingress names, existing or not.

Takes an Ingress, gives the set that an index keeps, so that an object that appears later wakes its Ingress. EndpointSlices are named by no
Ingress: the index adds them through their Service.
"""

from collections.abc import Iterator

from genkan.model import Ingress, IngressBackend, ObjectRef


def references(ingress: Ingress) -> frozenset[ObjectRef]:
    """Give every Service and Secret of the Ingress's namespace, and the IngressClass, that it names."""
    return frozenset(_references(ingress))


def _references(ingress: Ingress) -> Iterator[ObjectRef]:
    namespace = ingress.metadata.namespace
    for backend in _backends(ingress):
        if backend.service and backend.service.name:
            yield ObjectRef("Service", namespace, backend.service.name)
    for tls in ingress.spec.tls:
        if tls.secret_name:
            yield ObjectRef("Secret", namespace, tls.secret_name)
    if ingress.spec.ingress_class_name:
        yield ObjectRef("IngressClass", "", ingress.spec.ingress_class_name)


def _backends(ingress: Ingress) -> Iterator[IngressBackend]:
    if ingress.spec.default_backend:
        yield ingress.spec.default_backend
    for rule in ingress.spec.rules:
        if rule.http:
            for path in rule.http.paths:
                yield path.backend
