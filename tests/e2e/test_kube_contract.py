"""The Kubernetes client against the real API server: the suite that the fake passes, and what only the real one knows."""

import os
import secrets
from collections.abc import AsyncIterator

import pytest

from genkan.engine import Store
from genkan.errors import GenkanError
from genkan.kube import Applier, Client, ConflictError, ExpiredError, Pace, Reflector, Selection, Transport, load
from genkan.model import ObjectKey
from tests.cluster.local import LocalCluster
from tests.contract.kube import CONFIG_MAPS, ConfigMap, Configs, KubeContract, config, create, data, running
from tests.support.waiting import until


@pytest.fixture
async def client(api_server: LocalCluster) -> AsyncIterator[Client]:
    """By the administrator's kubeconfig, with its client certificate."""
    connection = load(os.environ, kubeconfig=str(api_server.kubeconfig))
    async with Transport(connection) as transport:
        yield Client(transport)


@pytest.fixture
def namespace(api_server: LocalCluster) -> str:
    """A new one; the server ends with the run."""
    name = f"kube-{secrets.token_hex(4)}"
    api_server.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


class TestRealApiServer(KubeContract):
    """The suite."""


async def test_a_restarted_server_is_caught_up_with(api_server: LocalCluster, client: Client, namespace: str) -> None:
    """It has no history: watching from an old version is a 410, and a reflector goes on by itself, nothing missed."""
    store: Configs = Store()
    old = (await create(client, namespace, "a", "1")).metadata.resource_version
    reflector = Reflector(
        client, CONFIG_MAPS, ConfigMap, store, ObjectKey,
        selection=Selection(namespace, fields="metadata.name!=kube-root-ca.crt"), pace=Pace(last_delay=1.0),
    )  # fmt: skip
    async with running(reflector):
        await until(lambda: data(store) == {"a": "1"})
        api_server.processes.restart("kube-apiserver")
        await until(lambda: ready(client), deadline=60)
        await create(client, namespace, "b", "2")
        await until(lambda: data(store) == {"a": "1", "b": "2"})
    with pytest.raises(ExpiredError):
        async for _ in client.watch(
            CONFIG_MAPS, Selection(namespace), version=str(int(old) - 1), seconds=5, inactivity=9
        ):
            pass


async def ready(client: Client) -> bool:
    try:
        await client.page(CONFIG_MAPS, Selection("default"), limit=1)
    except GenkanError:
        return False
    return True


async def test_fields_of_others_stay(client: Client, namespace: str) -> None:
    """Applying our fields leaves what somebody else set; giving a field up removes it; a contested one is named unless forced."""
    ours, theirs = Applier(client, "genkan"), Applier(client, "somebody")
    await ours.apply(CONFIG_MAPS, {**config("a", namespace), "data": {"ours": "1", "given-up": "1"}}, ConfigMap)
    await theirs.apply(CONFIG_MAPS, {**config("a", namespace), "data": {"theirs": "1"}}, ConfigMap)
    after = await ours.apply(CONFIG_MAPS, {**config("a", namespace), "data": {"ours": "2"}}, ConfigMap)
    assert after.data == {"ours": "2", "theirs": "1"}
    contested = {**config("a", namespace), "data": {"ours": "2", "theirs": "2"}}
    with pytest.raises(ConflictError, match="somebody"):
        await ours.apply(CONFIG_MAPS, contested, ConfigMap, force=False)
    assert (await ours.apply(CONFIG_MAPS, contested, ConfigMap)).data["theirs"] == "2"


async def test_a_refusal_is_quoted(client: Client, namespace: str) -> None:
    """`detail` is the server's own sentence."""
    await create(client, namespace, "a")
    with pytest.raises(ConflictError) as refusal:
        await create(client, namespace, "a")
    assert refusal.value.detail == 'configmaps "a" already exists'
