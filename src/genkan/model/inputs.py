"""What one reconcile gathers: the Ingress and everything it refers to, as it stands now."""

from collections.abc import Mapping
from dataclasses import dataclass

from genkan.model.ingress import Ingress, IngressClass
from genkan.model.meta import ObjectKey
from genkan.model.secret import Secret
from genkan.model.service import EndpointSlice, Service


@dataclass(frozen=True, slots=True)
class Inputs:
    """The one Ingress, its class, and the objects of its namespace that it names; what does not exist is not in the mappings.

    `slices` holds the EndpointSlices of each Service, in any order: nothing may depend on it.
    """

    ingress: Ingress
    ingress_class: IngressClass | None
    services: Mapping[ObjectKey, Service]
    slices: Mapping[ObjectKey, tuple[EndpointSlice, ...]]
    secrets: Mapping[ObjectKey, Secret]
