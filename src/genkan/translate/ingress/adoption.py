"""Adoption: is an Ingress ours?

Takes an Ingress, the IngressClasses and what the operator told us to own; gives a decision and, when it is no, why. The rule, in order:

1. `spec.ingressClassName`, when set, alone decides: ours when its IngressClass names our controller.
2. Else the annotation `kubernetes.io/ingress.class`: ours when its value is one we were told to own.
3. Else, having neither, only if we were told to own those.

All else is never touched: the reason of a "no" is for `genkan explain` and `genkan validate`, never for the object itself.
Source: networking.k8s.io/v1 IngressSpec.ingressClassName; the annotation's precedence as Kubernetes documents it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from genkan.ir import Condition, Level, Origin, Reason
from genkan.model import Ingress, IngressClass
from genkan.settings import CONTROLLER, Settings

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
"""The annotation that named a class before the field did."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """The decision; `ingress_class` is set only when the field named it, `condition` only when the answer is no."""

    adopted: bool
    ingress_class: IngressClass | None = None
    condition: Condition | None = None


def adopt(ingress: Ingress, classes: Mapping[str, IngressClass], settings: Settings) -> Adoption:
    """Decide; `classes` are all IngressClasses by name."""
    origin = Origin("Ingress", *ingress.key)
    name = ingress.spec.ingress_class_name
    if name is not None:
        return _by_class(name, classes.get(name), origin.at("spec.ingressClassName"))
    annotation = ingress.metadata.annotations.get(CLASS_ANNOTATION)
    if annotation is not None:
        if annotation in settings.class_names:
            return Adoption(adopted=True)
        owned = " or ".join(settings.class_names) or "none"
        field = origin.at(f"metadata.annotations[{CLASS_ANNOTATION}]")
        return _refuse(field, f'the annotation names class "{annotation}"; this controller owns {owned}')
    if settings.adopt_classless:
        return Adoption(adopted=True)
    return _refuse(origin.at("spec.ingressClassName"), "names no class; set one whose controller is " + CONTROLLER)


def _by_class(name: str, ingress_class: IngressClass | None, origin: Origin) -> Adoption:
    if not name:
        return _refuse(origin, "is empty, which names no class; set one whose controller is " + CONTROLLER)
    if ingress_class is None:
        return _refuse(origin, f'IngressClass "{name}" does not exist')
    controller = ingress_class.spec.controller
    if controller != CONTROLLER:
        return _refuse(origin, f'IngressClass "{name}" belongs to controller "{controller}", not {CONTROLLER}')
    return Adoption(adopted=True, ingress_class=ingress_class)


def _refuse(origin: Origin, message: str) -> Adoption:
    return Adoption(adopted=False, condition=Condition(origin, Reason.NOT_ADOPTED, message, Level.NORMAL))
