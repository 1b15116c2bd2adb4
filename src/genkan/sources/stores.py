"""One store for each kind of object: what every source fills and every reconcile reads."""

from typing import Any, TypeVar

from genkan.engine import Grouping, Store
from genkan.model import (
    KINDS,
    ConfigMap,
    EndpointSlice,
    Ingress,
    IngressClass,
    Object,
    ObjectKey,
    Secret,
    Service,
)

T = TypeVar("T", bound=Object)


class Stores:
    """The stores by kind, and EndpointSlices by the Service they belong to."""

    def __init__(self) -> None:
        self._stores: dict[type[Object], Store[ObjectKey, Any]] = {kind: Store() for kind in KINDS.values()}
        self.ingresses: Store[ObjectKey, Ingress] = self.of(Ingress)
        self.classes: Store[ObjectKey, IngressClass] = self.of(IngressClass)
        self.services: Store[ObjectKey, Service] = self.of(Service)
        self.slices: Store[ObjectKey, EndpointSlice] = self.of(EndpointSlice)
        self.secrets: Store[ObjectKey, Secret] = self.of(Secret)
        self.config_maps: Store[ObjectKey, ConfigMap] = self.of(ConfigMap)
        self.slices_of_service = Grouping(self.slices, service_of)

    def of(self, kind: type[T]) -> Store[ObjectKey, T]:
        """Return the store of one kind."""
        return self._stores[kind]


def service_of(endpoint_slice: EndpointSlice) -> ObjectKey:
    """Name the Service that a slice belongs to."""
    return ObjectKey(endpoint_slice.metadata.namespace, endpoint_slice.service_name)
