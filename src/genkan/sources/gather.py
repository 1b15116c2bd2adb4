"""From the stores to what one reconcile needs: the Ingress, its class, and all that it names, as they stand now."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from genkan.engine import Store
from genkan.model import IngressClass, Inputs, ObjectKey
from genkan.settings import Settings
from genkan.sources.stores import Stores
from genkan.translate.ingress.adoption import Adoption, adopt
from genkan.translate.ingress.references import references

V = TypeVar("V")


def classes_by_name(stores: Stores) -> Mapping[str, IngressClass]:
    """Return the cluster's IngressClasses by name."""
    return {key.name: value for key, value in stores.classes.items()}


def adoption_of(stores: Stores, key: ObjectKey, settings: Settings) -> Adoption | None:
    """Tell whether the Ingress is ours; None when there is no such Ingress."""
    ingress = stores.ingresses.get(key)
    return adopt(ingress, classes_by_name(stores), settings) if ingress is not None else None


def adopted(stores: Stores, settings: Settings) -> frozenset[ObjectKey]:
    """Return the keys of all Ingresses that are ours."""
    classes = classes_by_name(stores)
    return frozenset(key for key, ingress in stores.ingresses.items() if adopt(ingress, classes, settings).adopted)


def gather(stores: Stores, key: ObjectKey, ingress_class: IngressClass | None) -> Inputs:
    """Read everything that the Ingress of this key names. The Ingress must exist; what it names need not."""
    ingress = stores.ingresses.get(key)
    if ingress is None:
        raise KeyError(key)
    named = references(ingress)
    services = {ref.key for ref in named if ref.kind == "Service"}
    secrets = {ref.key for ref in named if ref.kind == "Secret"}
    return Inputs(
        ingress=ingress,
        ingress_class=ingress_class,
        services=found(stores.services, services),
        slices={key: slices for key in services if (slices := stores.slices_of_service.of(key))},
        secrets=found(stores.secrets, secrets),
    )


def found(store: Store[ObjectKey, V], keys: Iterable[ObjectKey]) -> dict[ObjectKey, V]:
    """Return those of the named objects that exist."""
    return {key: value for key in keys if (value := store.get(key)) is not None}
