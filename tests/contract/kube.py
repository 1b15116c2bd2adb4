"""What the client expects of an API server, and what callers may expect of the client.

One suite: tests/contract/test_kube_client.py runs it against the fake, tests/e2e/test_kube_contract.py against the real one.
A module that has it gives two fixtures: `client`, and `namespace`, an empty one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest

from genkan.engine import Store
from genkan.kube import (
    Applier,
    Client,
    ConflictError,
    Election,
    NotFoundError,
    Recorder,
    Reflector,
    Regarding,
    Resource,
    Selection,
    Terms,
)
from genkan.kube.events import EVENTS, Limits
from genkan.kube.items import ItemDecoder
from genkan.kube.lease import LEASES
from genkan.model import ObjectKey
from genkan.model.meta import Object, Struct
from tests.support.waiting import until

CONFIG_MAPS = Resource("v1", "ConfigMap", "configmaps", namespaced=True)
INGRESSES = Resource("networking.k8s.io/v1", "Ingress", "ingresses", namespaced=True)
ADDRESS = {"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}]}}
SOON = Terms(duration=1.0, renew_deadline=0.6, retry=0.05)


class ConfigMap(Object, frozen=True):
    """The simplest kind there is."""

    data: dict[str, str] = {}  # noqa: RUF012 - msgspec copies an empty default for each object


class Ingress(Object, frozen=True):
    """As far as this suite looks."""

    spec: dict[str, object] = {}  # noqa: RUF012 - same
    status: dict[str, object] = {}  # noqa: RUF012 - same


class EventSeries(Struct, frozen=True):
    """`series` of an Event."""

    count: int


class Event(Object, frozen=True):
    """As far as this suite looks."""

    regarding: Regarding = Regarding()
    reason: str = ""
    note: str = ""
    type: str = ""
    series: EventSeries | None = None


Configs = Store[ObjectKey, ConfigMap]


def config(name: str, namespace: str, value: str = "", **labels: str) -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels}, "data": {"value": value}}


async def create(client: Client, namespace: str, name: str, value: str = "", **labels: str) -> ConfigMap:
    body = config(name, namespace, value, **labels)
    return await client.create(CONFIG_MAPS, body, ConfigMap, namespace=namespace)


def ingress(namespace: str, path: str = "/") -> dict[str, object]:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}}
    return {"metadata": {"name": "web", "namespace": namespace}, "spec": {"rules": [rule]}}


@contextlib.asynccontextmanager
async def running(
    *loops: Reflector[ObjectKey, ConfigMap] | Election | Recorder,
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Run these meanwhile; one that ends by itself fails the test."""
    tasks = [asyncio.create_task(loop.run()) for loop in loops]
    try:
        yield tasks
        for task in tasks:
            assert task.cancelled() or not task.done(), task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def data(store: Configs) -> dict[str, str]:
    return {key.name: value.data["value"] for key, value in store.items()}


class KubeContract:
    """See the module."""

    async def test_pages_show_one_state(self, client: Client, namespace: str) -> None:
        """All pages show the state of the first, whatever is written meanwhile, and give its version."""
        for name in "abcde":
            await create(client, namespace, name)
        decoder, selection = ItemDecoder(ConfigMap), Selection(namespace, fields="metadata.name!=kube-root-ca.crt")
        page = decoder.page(await client.page(CONFIG_MAPS, selection, limit=2))
        pages = [page]
        await create(client, namespace, "between")
        while page.token:
            page = decoder.page(await client.page(CONFIG_MAPS, selection, limit=2, token=page.token))
            pages.append(page)
        assert [[one.metadata.name for one in page.items] for page in pages] == [["a", "b"], ["c", "d"], ["e"]]
        assert len({page.version for page in pages}) == 1

    async def test_a_watch_tells_what_happened_since(self, client: Client, namespace: str) -> None:
        """All that came after the version of the list, once and in order."""
        selection = Selection(namespace, labels="watched=yes")
        version = ItemDecoder(ConfigMap).page(await client.page(CONFIG_MAPS, selection)).version
        made = await create(client, namespace, "a", "1", watched="yes")
        await client.patch(CONFIG_MAPS, "a", {"data": {"value": "2"}}, ConfigMap, namespace=namespace)
        await client.delete(CONFIG_MAPS, "a", namespace=namespace, uid=made.metadata.uid)
        seen = []
        async with contextlib.aclosing(
            client.watch(CONFIG_MAPS, selection, version=version, seconds=30, inactivity=20)
        ) as changes:
            async for change in changes:
                seen.append((change.type, msgspec.json.decode(change.object, type=ConfigMap).data["value"]))
                if change.type == "DELETED":
                    break
        assert seen == [("ADDED", "1"), ("MODIFIED", "2"), ("DELETED", "2")]

    async def test_a_watch_ends_in_its_time(self, client: Client, namespace: str) -> None:
        """The server closes after `seconds`, and that is no error."""
        version = ItemDecoder(ConfigMap).page(await client.page(CONFIG_MAPS, Selection(namespace))).version
        changes = client.watch(CONFIG_MAPS, Selection(namespace), version=version, seconds=1, inactivity=20)
        assert [change.type async for change in changes if change.type != "BOOKMARK"] == []

    async def test_a_name_is_taken_once(self, client: Client, namespace: str) -> None:
        """The second one learns that it exists."""
        await create(client, namespace, "a")
        with pytest.raises(ConflictError) as refusal:
            await create(client, namespace, "a")
        assert refusal.value.reason == "AlreadyExists"

    async def test_what_is_missing_is_not_found(self, client: Client, namespace: str) -> None:
        """The error says which."""
        with pytest.raises(NotFoundError, match='configmaps "none" not found'):
            await client.get(CONFIG_MAPS, "none", ConfigMap, namespace=namespace)

    async def test_a_write_on_an_old_version_conflicts(self, client: Client, namespace: str) -> None:
        """Nothing is lost: the newer state stays."""
        old = await create(client, namespace, "a", "1")
        newer = await client.replace(CONFIG_MAPS, "a", _with(old, "2"), ConfigMap, namespace=namespace)
        with pytest.raises(ConflictError):
            await client.replace(CONFIG_MAPS, "a", _with(old, "3"), ConfigMap, namespace=namespace)
        assert await client.get(CONFIG_MAPS, "a", ConfigMap, namespace=namespace) == newer

    async def test_only_the_object_that_is_meant_is_deleted(self, client: Client, namespace: str) -> None:
        """Another uid conflicts; gone already is no error."""
        made = await create(client, namespace, "a")
        with pytest.raises(ConflictError):
            await client.delete(CONFIG_MAPS, "a", namespace=namespace, uid="f3a0c1d2-0000-4000-8000-000000000000")
        assert await client.delete(CONFIG_MAPS, "a", namespace=namespace, uid=made.metadata.uid)
        assert not await client.delete(CONFIG_MAPS, "a", namespace=namespace, uid=made.metadata.uid)

    async def test_apply_creates_then_changes_then_rests(self, client: Client, namespace: str) -> None:
        """The same again is no write: the version stays."""
        applier = Applier(client, "genkan")
        first = await applier.apply(CONFIG_MAPS, config("a", namespace, "1"), ConfigMap)
        second = await applier.apply(CONFIG_MAPS, config("a", namespace, "2"), ConfigMap)
        third = await applier.apply(CONFIG_MAPS, config("a", namespace, "2"), ConfigMap)
        assert (first.data, second.data) == ({"value": "1"}, {"value": "2"})
        assert first.metadata.resource_version != second.metadata.resource_version == third.metadata.resource_version

    async def test_apply_never_revives(self, client: Client, namespace: str) -> None:
        """With a uid only that object is written: not its successor of the same name, and none is made."""
        applier = Applier(client, "genkan")
        gone = await create(client, namespace, "a")
        await client.delete(CONFIG_MAPS, "a", namespace=namespace)
        body = config("a", namespace) | {
            "metadata": {"name": "a", "namespace": namespace, "uid": gone.metadata.uid},
        }
        with pytest.raises(ConflictError):
            await applier.apply(CONFIG_MAPS, body, ConfigMap)
        await create(client, namespace, "a")
        with pytest.raises(ConflictError):
            await applier.apply(CONFIG_MAPS, body, ConfigMap)

    async def test_spec_and_status_are_apart(self, client: Client, namespace: str) -> None:
        """A write to one never touches the other, and status is never the birth of an object."""
        applier = Applier(client, "genkan")
        whole = ingress(namespace) | {"status": ADDRESS}
        with pytest.raises(NotFoundError):
            await applier.apply_status(INGRESSES, whole, Ingress)
        made = await applier.apply(INGRESSES, ingress(namespace), Ingress)
        changed = ingress(namespace, "/other") | {"status": ADDRESS}
        told = await applier.apply_status(INGRESSES, changed, Ingress)
        assert (told.spec, told.status) == (made.spec, ADDRESS)
        later = await Applier(client, "somebody").apply(INGRESSES, ingress(namespace, "/later"), Ingress)
        assert later.status == ADDRESS
        assert later.spec != made.spec

    async def test_a_reflector_follows_a_selection(self, client: Client, namespace: str) -> None:
        """What is there, comes, changes, leaves the selection, and goes."""
        store: Configs = Store()
        await create(client, namespace, "first", "1", watched="yes")
        reflector = Reflector(
            client, CONFIG_MAPS, ConfigMap, store, ObjectKey, selection=Selection(namespace, labels="watched=yes")
        )
        async with running(reflector):
            await asyncio.wait_for(reflector.synced.wait(), 10)
            assert data(store) == {"first": "1"}
            await create(client, namespace, "second", "2", watched="yes")
            await create(client, namespace, "other", "3")
            await until(lambda: data(store) == {"first": "1", "second": "2"})
            no_more = {"metadata": {"labels": {"watched": "no"}}}
            await client.patch(CONFIG_MAPS, "first", no_more, ConfigMap, namespace=namespace)
            await until(lambda: data(store) == {"second": "2"})
            await client.delete(CONFIG_MAPS, "second", namespace=namespace)
            await until(lambda: not len(store))

    async def test_one_candidate_leads_and_hands_over(self, client: Client, namespace: str) -> None:
        """The Lease says who leads; who leaves gives it back, and the other takes it at once."""
        first = Election(client, namespace=namespace, name="genkan", identity="first", terms=SOON)
        second = Election(client, namespace=namespace, name="genkan", identity="second", terms=SOON)
        async with running(first) as (task,):
            await until(first.may_write)
            async with running(second):
                await until(lambda: second.holder == "first")
                assert not second.may_write()
                task.cancel()
                await until(second.may_write)
                assert not first.may_write()
                lease = await client.get(LEASES, "genkan", dict[str, dict[str, object] | str], namespace=namespace)
        spec = lease["spec"]
        assert isinstance(spec, dict)
        assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("second", 1)

    async def test_events_are_counted(self, client: Client, namespace: str) -> None:
        """The same again is the same Event with a count; something else is another one."""
        regarding = Regarding(INGRESSES.api_version, INGRESSES.kind, "web", namespace, "a-uid")
        recorder = Recorder(client, controller="genkan.dev/ingress", instance="test", limits=Limits(repeat=0.0))
        recorder.record(regarding, reason="Adopted", note="adopted by genkan")
        await recorder.flush()
        recorder.record(regarding, reason="Adopted", note="adopted by genkan")
        recorder.record(regarding, reason="Missing", note="no " + "ö" * 1000, warning=True)
        await recorder.flush()
        assert recorder.dropped == 0
        page = ItemDecoder(Event).page(await client.page(EVENTS, Selection(namespace)))
        told = {one.reason: one for one in page.items}
        assert len(page.items) == 2
        assert told["Adopted"].series == EventSeries(2)
        assert told["Adopted"].regarding == regarding
        assert (told["Missing"].series, told["Missing"].type) == (None, "Warning")
        assert told["Missing"].note.endswith("ö…")


def _with(old: ConfigMap, value: str) -> ConfigMap:
    return msgspec.structs.replace(old, data={"value": value})
