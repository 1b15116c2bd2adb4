"""Adoption: the field alone decides when set, else the annotation, else what the operator said of Ingresses without a class."""

import pytest

from genkan.ir import Reason
from genkan.model import Ingress, IngressClass, IngressClassSpec, IngressSpec, ObjectMeta
from genkan.settings import CONTROLLER, Settings
from genkan.translate.ingress.adoption import CLASS_ANNOTATION, adopt

OURS = IngressClass(ObjectMeta(name="ours"), IngressClassSpec(controller=CONTROLLER))
OTHER = IngressClass(ObjectMeta(name="other"), IngressClassSpec(controller="example.com/other"))
CLASSES = {"ours": OURS, "other": OTHER}
CLASSLESS = Settings(adopt_classless=True)


def ingress(name: str | None, annotation: str | None) -> Ingress:
    """An Ingress with a class by field, annotation, both or neither."""
    annotations = {CLASS_ANNOTATION: annotation} if annotation is not None else {}
    return Ingress(
        ObjectMeta(name="web", namespace="shop", annotations=annotations), IngressSpec(ingress_class_name=name)
    )


@pytest.mark.parametrize(
    ("name", "annotation", "settings", "adopted"),
    [
        pytest.param("ours", None, Settings(), True, id="field names our class"),
        pytest.param("ours", "nginx", Settings(), True, id="field wins over a foreign annotation"),
        pytest.param("other", None, Settings(), False, id="field names another controller's class"),
        pytest.param("other", "genkan", CLASSLESS, False, id="field wins over our annotation"),
        pytest.param("missing", None, CLASSLESS, False, id="class does not exist"),
        pytest.param("genkan", None, Settings(), False, id="a name we own is no class"),
        pytest.param("", None, CLASSLESS, False, id="empty field names no class"),
        pytest.param(None, "genkan", Settings(), True, id="annotation we own"),
        pytest.param(None, "nginx", CLASSLESS, False, id="annotation we do not own"),
        pytest.param(None, "", CLASSLESS, False, id="empty annotation"),
        pytest.param(None, "a", Settings(class_names=("a", "b")), True, id="one of several names"),
        pytest.param(None, None, Settings(), False, id="neither"),
        pytest.param(None, None, CLASSLESS, True, id="neither, and told to own those"),
    ],
)
def test_who_is_adopted(name: str | None, annotation: str | None, settings: Settings, adopted: bool) -> None:
    """A no always says why, a yes says nothing."""
    adoption = adopt(ingress(name, annotation), CLASSES, settings)
    assert adoption.adopted is adopted
    assert (adoption.condition is None) is adopted
    assert adoption.ingress_class is (OURS if adopted and name else None)
    if adoption.condition is not None:
        assert adoption.condition.reason is Reason.NOT_ADOPTED
