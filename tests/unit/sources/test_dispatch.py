"""A changed object brings the keys that depend on it, and only those, with the least scope that is enough."""

from typing import Any

import msgspec
import pytest

from genkan.engine import KeyQueue, Scope
from genkan.model import EndpointSlice, Ingress, IngressClass, Object, ObjectKey, Secret, Service
from genkan.sources.dispatch import dispatch
from genkan.sources.stores import Stores


def made(kind: type[Any], name: str, **rest: Any) -> Any:
    metadata = {"namespace": "" if kind is IngressClass else "shop", "name": name, **rest.pop("metadata", {})}
    return msgspec.convert({"metadata": metadata, **rest}, kind)


def ingress(name: str, service: str) -> Ingress:
    spec = {
        "ingressClassName": "genkan",
        "defaultBackend": {"service": {"name": service, "port": {"number": 80}}},
        "tls": [{"secretName": "cert"}],
    }
    value: Ingress = made(Ingress, name, spec=spec)
    return value


def slice_of(service: str) -> EndpointSlice:
    value: EndpointSlice = made(EndpointSlice, "s-1", metadata={"labels": {"kubernetes.io/service-name": service}})
    return value


async def queued(queue: KeyQueue[ObjectKey]) -> dict[str, Scope]:
    """Take everything that waits."""
    found = {}
    while len(queue):
        key, scope = await queue.get()
        queue.done(key)
        found[key.name] = scope
    return found


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(made(Service, "web"), {"a": Scope.ALL}, id="a Service that does not exist yet"),
        pytest.param(slice_of("web"), {"a": Scope.ENDPOINTS}, id="endpoints alone"),
        pytest.param(made(Secret, "cert"), {"a": Scope.ALL, "b": Scope.ALL}, id="a Secret of both"),
        pytest.param(made(IngressClass, "genkan"), {"a": Scope.ALL, "b": Scope.ALL}, id="the class of both"),
        pytest.param(made(Service, "nobody"), {}, id="a Service that nobody names"),
        pytest.param(ingress("a", "other"), {"a": Scope.ALL}, id="an Ingress itself"),
    ],
)
async def test_a_change_reaches_what_depends_on_it(changed: Object, expected: dict[str, Scope]) -> None:
    """References that dangle count too."""
    stores, queue = Stores(), KeyQueue[ObjectKey]()
    dispatch(stores, queue)
    for each in (ingress("a", "web"), ingress("b", "api")):
        stores.ingresses.upsert(each.key, each)
    await queued(queue)
    stores.of(type(changed)).upsert(changed.key, changed)
    assert await queued(queue) == expected


async def test_a_slice_that_changes_its_service_reaches_both() -> None:
    """The old Service has lost endpoints, the new one has won some."""
    stores, queue = Stores(), KeyQueue[ObjectKey]()
    dispatch(stores, queue)
    for each in (ingress("a", "web"), ingress("b", "api")):
        stores.ingresses.upsert(each.key, each)
    stores.slices.upsert(ObjectKey("shop", "s-1"), slice_of("web"))
    await queued(queue)
    stores.slices.upsert(ObjectKey("shop", "s-1"), slice_of("api"))
    assert await queued(queue) == {"a": Scope.ENDPOINTS, "b": Scope.ENDPOINTS}


async def test_a_deleted_ingress_is_queued_and_depends_on_nothing_any_more() -> None:
    """Its data plane has to go; a later change of its Service is nobody's business."""
    stores, queue = Stores(), KeyQueue[ObjectKey]()
    dispatch(stores, queue)
    stores.ingresses.upsert(ObjectKey("shop", "a"), ingress("a", "web"))
    await queued(queue)
    stores.ingresses.delete(ObjectKey("shop", "a"))
    assert await queued(queue) == {"a": Scope.ALL}
    stores.services.upsert(ObjectKey("shop", "web"), made(Service, "web"))
    assert await queued(queue) == {}
