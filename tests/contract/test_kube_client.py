"""The Kubernetes client against the fake API server."""

from collections.abc import AsyncIterator

import pytest

from genkan.kube import Client, Connection, Transport
from genkan.kube.auth import FixedAuth, Grant
from tests.contract.kube import KubeContract
from tests.support.kube_api import FakeApi


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Of a fake of its own."""
    async with FakeApi() as api, Transport(Connection(server=api.url, auth=FixedAuth(Grant()))) as transport:
        yield Client(transport)


@pytest.fixture
def namespace() -> str:
    """The fake has them all."""
    return "shop"


class TestFakeApi(KubeContract):
    """The suite."""
