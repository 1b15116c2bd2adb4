"""Which Ingresses are ours, and what happens when that changes, in both directions."""

import pytest

from tests.feature.pipeline.asking import becomes, put_backends, who
from tests.support.manifests import Manifest, backend, ingress
from tests.support.serve import Serve, front_of
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANNOTATION = "kubernetes.io/ingress.class"


def ingress_class(name: str, controller: str = "genkan.dev/ingress", *, default: bool = False) -> Manifest:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"controller": controller},
    }


def mine(name: str, ingress_class: str | None = None, annotation: str | None = None) -> Manifest:
    annotations = {ANNOTATION: annotation} if annotation is not None else None
    return ingress(name, default=backend("red"), ingress_class=ingress_class, annotations=annotations)


@pytest.mark.parametrize(
    ("name", "by_class", "annotation", "adopted"),
    [
        pytest.param("field", "ours", None, True, id="the field names a class of ours"),
        pytest.param("implicit", "genkan", None, True, id="the class that the chart would install"),
        pytest.param("annotated", None, "genkan", True, id="the annotation names us"),
        pytest.param("field-wins", "theirs", "genkan", False, id="the field alone decides"),
        pytest.param("others", None, "nginx", False, id="the annotation names another"),
        pytest.param("neither", None, None, False, id="neither"),
        pytest.param("dangling", "nowhere", None, False, id="a class that does not exist"),
    ],
)
async def test_who_is_adopted(
    serve: Serve, addresses: dict[str, str], *, name: str, by_class: str | None, annotation: str | None, adopted: bool
) -> None:
    """By field, else by annotation; all else is never touched. Another Ingress, made later, marks the time."""
    put_backends(serve, addresses)
    serve.write("classes.yaml", ingress_class("ours"), ingress_class("theirs", "example.com/other"))
    serve.write(f"{name}.yaml", mine(name, by_class, annotation))
    serve.write(f"{name}-mark.yaml", mine(f"{name}-mark", "genkan"))
    await serve.front(f"{name}-mark")
    if adopted:
        assert await who((await serve.front(name)).plain) == "red"
    else:
        assert front_of(serve.find(name)) is None
        assert f"default/{name}" not in serve.data_planes()


async def test_adoption_gained_and_lost(serve: Serve, addresses: dict[str, str]) -> None:
    """The field changes: a data plane comes, goes with its address, and comes back."""
    put_backends(serve, addresses)
    serve.write("classes.yaml", ingress_class("ours"), ingress_class("theirs", "example.com/other"))
    serve.write("moving.yaml", mine("moving", "theirs"))
    for _ in range(2):
        serve.write("moving.yaml", mine("moving", "ours"))
        front = await serve.front("moving")
        await becomes(front.plain, "red")
        serve.write("moving.yaml", mine("moving", "theirs"))
        await until(lambda: "default/moving" not in serve.data_planes(), 15, what="the data plane to be gone")
        await until(lambda: front_of(serve.find("moving")) is None, what="the address to be gone")


async def test_a_class_that_comes_goes_and_changes_hands(serve: Serve, addresses: dict[str, str]) -> None:
    """The IngressClass decides for Ingresses that were there before it, also when its controller changes."""
    put_backends(serve, addresses)
    serve.write("late.yaml", mine("late", "late-class"))
    serve.write("late-class.yaml", ingress_class("late-class"))
    await becomes((await serve.front("late")).plain, "red")
    serve.write("late-class.yaml", ingress_class("late-class", "example.com/other"))
    await until(lambda: "default/late" not in serve.data_planes(), 15, what="the data plane to be gone")
    serve.write("late-class.yaml", ingress_class("late-class"))
    await becomes((await serve.front("late")).plain, "red")
    serve.remove("late-class.yaml")
    await until(lambda: "default/late" not in serve.data_planes(), 15, what="the data plane to be gone")


async def test_a_deleted_ingress_leaves_nothing(serve: Serve, addresses: dict[str, str]) -> None:
    """Process, address and Events go with it; a neighbour stays."""
    put_backends(serve, addresses)
    serve.write("gone.yaml", mine("gone", "genkan"))
    serve.write("stays.yaml", mine("stays", "genkan"))
    stays, pid = await serve.front("stays"), (await serve.front("gone"), serve.data_planes()["default/stays"])[1]
    serve.remove("gone.yaml")
    await until(lambda: "default/gone" not in serve.data_planes(), 15, what="the data plane to be gone")
    await until(lambda: serve.find("gone") is None and not serve.events("gone"), what="its report to be gone")
    assert await who(stays.plain) == "red"
    assert serve.data_planes()["default/stays"] == pid


async def test_the_default_class_takes_ingresses_without_one(serve: Serve, addresses: dict[str, str]) -> None:
    """As the API server writes the default class into the field."""
    put_backends(serve, addresses)
    serve.write("default-class.yaml", ingress_class("by-default", default=True))
    serve.write("classless.yaml", mine("classless"))
    try:
        await becomes((await serve.front("classless")).plain, "red")
    finally:
        serve.remove("default-class.yaml")


async def test_a_class_that_does_not_exist_is_a_loss_too(serve: Serve, addresses: dict[str, str]) -> None:
    """People move to another controller whose class is in no file of ours: the data plane goes all the same."""
    put_backends(serve, addresses)
    serve.write("moves.yaml", mine("moves", "genkan"))
    await becomes((await serve.front("moves")).plain, "red")
    serve.write("moves.yaml", mine("moves", "nginx"))
    await until(lambda: "default/moves" not in serve.data_planes(), 20, what="the data plane to be gone")
    assert serve.find("moves") is None
