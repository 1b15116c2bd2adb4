"""From a changed object to the keys that must be reconciled, and how much of each.

An Ingress is its own key. Everything else goes through an index of what each Ingress names, dangling names included, so that the
work after a change is what depends on it and never the size of the cluster.
"""

from collections.abc import Callable

from genkan.engine import DependencyIndex, KeyQueue, Scope
from genkan.model import EndpointSlice, Ingress, IngressClass, Object, ObjectKey, ObjectRef, Secret, Service
from genkan.sources.stores import Stores, service_of
from genkan.translate.ingress.references import references
from genkan.translate.ingress.unit_of import unit_of


def dispatch(stores: Stores, queue: KeyQueue[ObjectKey]) -> None:
    """Queue, from now on, every key that a change in the stores concerns."""
    index: DependencyIndex[ObjectKey, ObjectRef] = DependencyIndex()

    def on_ingress(_key: ObjectKey, old: Ingress | None, new: Ingress | None) -> None:
        for unit in {unit_of(ingress) for ingress in (old, new) if ingress is not None}:
            index.set(unit, references(new) if new is not None else ())
            queue.add(unit, Scope.ALL)

    def on_reference(ref: ObjectRef, scope: Scope) -> None:
        for key in index.dependents(ref):
            queue.add(key, scope)

    def on_object(kind: type[Object]) -> Callable[[ObjectKey, Object | None, Object | None], None]:
        return lambda key, _old, _new: on_reference(ObjectRef(kind.__name__, *key), Scope.ALL)

    def on_slice(_key: ObjectKey, old: EndpointSlice | None, new: EndpointSlice | None) -> None:
        for service in {service_of(value) for value in (old, new) if value is not None}:
            on_reference(ObjectRef("Service", *service), Scope.ENDPOINTS)

    stores.ingresses.subscribe(on_ingress)
    stores.classes.subscribe(on_object(IngressClass))
    stores.services.subscribe(on_object(Service))
    stores.secrets.subscribe(on_object(Secret))
    stores.slices.subscribe(on_slice)
