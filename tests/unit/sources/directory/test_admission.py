"""What an API server and the chart add across objects."""

import pytest

from genkan.model import Ingress, IngressClass, IngressClassSpec, IngressSpec, Object, ObjectMeta, ObjectRef
from genkan.sources.directory.admission import DEFAULT_ANNOTATION, IMPLICIT_CLASS, Admission


class World:
    """An admission, and what stands behind it."""

    def __init__(self) -> None:
        self.objects: dict[ObjectRef, Object] = {}
        self.admission = Admission(self._write)

    def _write(self, ref: ObjectRef, value: Object | None) -> None:
        if value is None:
            self.objects.pop(ref, None)
        else:
            self.objects[ref] = value

    def put(self, *values: Object) -> None:
        for value in values:
            self.admission.put(value.ref, value)

    def class_of(self, ingress: Ingress) -> str | None:
        found = self.objects[ingress.ref]
        assert isinstance(found, Ingress)
        return found.spec.ingress_class_name


def ingress(name: str = "web", class_name: str | None = None, **annotations: str) -> Ingress:
    metadata = ObjectMeta(name=name, namespace="default", annotations=annotations)
    return Ingress(metadata=metadata, spec=IngressSpec(ingress_class_name=class_name))


def class_(name: str, default: str = "true") -> IngressClass:
    return IngressClass(
        metadata=ObjectMeta(name=name, annotations={DEFAULT_ANNOTATION: default}),
        spec=IngressClassSpec(controller="x/y"),
    )


@pytest.fixture
def world() -> World:
    return World()


def test_the_class_genkan_is_there_unless_defined(world: World) -> None:
    ref = IMPLICIT_CLASS.ref
    assert world.objects == {ref: IMPLICIT_CLASS}
    world.put(class_("genkan", "false"))
    assert world.objects[ref] == class_("genkan", "false")
    world.admission.put(ref, None)
    assert world.objects[ref] == IMPLICIT_CLASS


def test_the_default_class_is_written_into_ingresses_that_name_none(world: World) -> None:
    """In any order; and it follows a change of the default."""
    before, after = ingress("a"), ingress("b")
    world.put(before, class_("one"), after)
    assert [world.class_of(each) for each in (before, after)] == ["one", "one"]
    world.put(class_("one", "false"), class_("two"))
    assert [world.class_of(each) for each in (before, after)] == ["two", "two"]
    world.admission.put(class_("two").ref, None)
    assert [world.class_of(each) for each in (before, after)] == [None, None]


@pytest.mark.parametrize(
    "named", [ingress(class_name="x"), ingress(class_name=""), ingress(**{"kubernetes.io/ingress.class": "x"})], ids=str
)
def test_an_ingress_that_names_a_class_is_left_alone(world: World, named: Ingress) -> None:
    world.put(class_("one"), named)
    assert world.objects[named.ref] == named


def test_of_several_defaults_the_first_by_name(world: World) -> None:
    world.put(ingress(), class_("b"), class_("a"))
    assert world.class_of(ingress()) == "a"


def test_a_deleted_ingress_stays_deleted(world: World) -> None:
    world.put(ingress())
    world.admission.put(ingress().ref, None)
    world.put(class_("one"))
    assert ingress().ref not in world.objects
