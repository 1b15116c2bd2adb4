"""Server-side apply: what is sent."""

import json
from collections.abc import AsyncIterator

import pytest

from genkan.errors import TerminalError
from genkan.kube import Applier, Client, Connection, RefusedError, Transport
from genkan.kube.auth import FixedAuth, Grant
from genkan.model import Service
from tests.support.kube_api import Answer, FakeApi
from tests.unit.kube.test_resources import SERVICES

BODY = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"type": "LoadBalancer"}}


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    """One of its own."""
    async with FakeApi() as api:
        yield api


@pytest.fixture
async def applier(api: FakeApi) -> AsyncIterator[Applier]:
    """As field manager genkan."""
    async with Transport(Connection(server=api.url, auth=FixedAuth(Grant()))) as transport:
        yield Applier(Client(transport), "genkan")


@pytest.mark.parametrize(("force", "query"), [(True, {"force": "true"}), (False, {})])
async def test_one_manager(api: FakeApi, applier: Applier, force: bool, query: dict[str, str]) -> None:
    """Each write names it; apiVersion and kind are the resource's."""
    await applier.apply(SERVICES, BODY, Service, force=force)
    (request,) = api.requests
    assert request.path == "/api/v1/namespaces/shop/services/web"
    assert request.query == {"fieldManager": "genkan", **query}
    assert request.headers["Content-Type"] == "application/apply-patch+yaml"
    assert json.loads(request.body) == {"apiVersion": "v1", "kind": "Service", **BODY}


async def test_status_goes_to_its_subresource(api: FakeApi, applier: Applier) -> None:
    """And nowhere else."""
    await applier.apply(SERVICES, BODY, Service)
    await applier.apply_status(SERVICES, BODY | {"status": {}}, Service)
    assert api.requests[1].path == "/api/v1/namespaces/shop/services/web/status"


@pytest.mark.parametrize("body", [{}, {"metadata": {}}, {"metadata": []}, {"metadata": {"name": ""}}], ids=str)
async def test_an_object_without_a_name_is_refused(api: FakeApi, applier: Applier, body: dict[str, object]) -> None:
    """Before it is sent."""
    with pytest.raises(TerminalError, match="a Service without a name"):
        await applier.apply(SERVICES, body, Service)
    assert api.requests == []


async def test_a_refusal_names_its_fields(api: FakeApi, applier: Applier) -> None:
    """For an Event that says what to change."""
    status = {"reason": "Invalid", "message": "m", "details": {"causes": [{"field": "spec.ports"}]}}
    api.fail("patch", Answer(422, body=json.dumps(status).encode()))
    with pytest.raises(RefusedError) as error:
        await applier.apply(SERVICES, BODY, Service)
    assert (error.value.detail, error.value.fields) == ("m", ("spec.ports",))


async def test_an_answer_of_another_shape_is_terminal(api: FakeApi, applier: Applier) -> None:
    """It would be the same again."""
    api.fail("patch", Answer(200, body=b'{"metadata": 5}'))
    with pytest.raises(TerminalError) as error:
        await applier.apply(SERVICES, BODY, Service)
    assert error.value.reason == "Undecodable"
