"""One key is brought to where it should be, whatever brought it here, and no further than its scope."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genkan.engine import Scope
from genkan.errors import TerminalError
from genkan.infrastructure import Observation, Phase
from genkan.ir import DriverState, Endpoint, Reason, Rejection
from genkan.model import EndpointSlice, Ingress, IngressClass, ObjectKey, ObjectMeta, Secret, Service
from genkan.reconcile import Reconciler
from genkan.settings import Settings
from genkan.sources.stores import Stores
from genkan.telemetry import Telemetry
from tests.support.fakes import FakeDriver, FakeInfrastructure

FIXTURES = Path(__file__).parents[1] / "fixtures/certificates"
KEY = ObjectKey("shop", "web")
SETTLED = DriverState(connected=True, acknowledged=True, settled=True)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SERVES = Observation(Phase.READY, ("127.0.0.2",), {80: 80})


class World:
    """A reconciler with fakes around it and one Ingress, its class, its Service and one endpoint in the stores."""

    def __init__(self) -> None:
        self.stores = Stores()
        self.driver = FakeDriver()
        self.infrastructure = FakeInfrastructure()
        self.deletable = True
        self.removed: list[ObjectKey] = []
        self.reconciler = Reconciler(
            stores=self.stores,
            driver=self.driver,
            infrastructure=self.infrastructure,
            settings=Settings(),
            deletable=lambda _ref: self.deletable,
            again_at=lambda _key, _when: None,
            now=lambda: NOW,
            on_report=lambda _report: None,
            on_removed=self.removed.append,
            telemetry=Telemetry(),
        )
        self.put(IngressClass, "", "genkan", {"spec": {"controller": "genkan.dev/ingress"}})
        self.ingress("genkan")
        self.put(Service, "shop", "web", {"spec": {"ports": [{"port": 80}]}})
        self.endpoint("198.51.100.1")

    def put(self, kind: type[Any], namespace: str, name: str, rest: Mapping[str, Any]) -> None:
        value = msgspec.convert({"metadata": {"namespace": namespace, "name": name}, **rest}, kind)
        self.stores.of(kind).upsert(value.key, value)

    def ingress(self, class_name: str) -> None:
        backend = {"service": {"name": "web", "port": {"number": 80}}}
        self.put(Ingress, *KEY, {"spec": {"ingressClassName": class_name, "defaultBackend": backend}})

    def tls(self, chain: bytes, key: bytes) -> None:
        metadata = {"namespace": KEY.namespace, "name": KEY.name}
        spec = {"ingressClassName": "genkan", "tls": [{"secretName": "cert"}]}
        self.stores.ingresses.upsert(KEY, msgspec.convert({"metadata": metadata, "spec": spec}, Ingress))
        meta = ObjectMeta(name="cert", namespace="shop")
        secret = Secret(metadata=meta, type="kubernetes.io/tls", data={"tls.crt": chain, "tls.key": key})
        self.stores.secrets.upsert(secret.key, secret)

    def endpoint(self, address: str) -> None:
        metadata = {"namespace": "shop", "name": "web-1", "labels": {"kubernetes.io/service-name": "web"}}
        value = {"metadata": metadata, "endpoints": [{"addresses": [address]}], "ports": [{"port": 8080}]}
        self.stores.slices.upsert(ObjectKey("shop", "web-1"), msgspec.convert(value, EndpointSlice))

    async def reconcile(self, scope: Scope = Scope.ALL) -> None:
        await self.reconciler.reconcile(KEY, scope)


async def test_an_adopted_ingress_is_published_applied_and_reported() -> None:
    """The whole way for a new Ingress."""
    world = World()
    await world.reconcile()
    (endpoints,) = world.driver.endpoints["shop/web"]
    assert endpoints.endpoints == (Endpoint("198.51.100.1", 8080),)
    assert world.infrastructure.workloads[KEY].command == ("fake", "shop/web")
    assert world.infrastructure.reports[KEY].addresses == ()


async def test_the_first_reconcile_is_a_whole_one_whatever_its_scope() -> None:
    """Nothing depends on having seen an earlier event."""
    world = World()
    await world.reconcile(Scope.REPORT)
    assert "shop/web" in world.driver.traffic


async def test_endpoint_churn_renders_no_route() -> None:
    """Only the endpoint sets are renewed."""
    world = World()
    await world.reconcile()
    world.endpoint("198.51.100.2")
    await world.reconcile(Scope.ENDPOINTS)
    (endpoints,) = world.driver.endpoints["shop/web"]
    assert endpoints.endpoints == (Endpoint("198.51.100.2", 8080),)
    assert world.driver.rendered == 1


@pytest.mark.parametrize(
    ("observation", "state", "addresses"),
    [
        pytest.param(SERVES, SETTLED, ("127.0.0.2",), id="it serves"),
        pytest.param(SERVES, DriverState(connected=True), (), id="not everything is acknowledged"),
        pytest.param(
            SERVES,
            DriverState(connected=True, settled=True, rejections=(Rejection("cluster x", "no"),)),
            ("127.0.0.2",),
            id="a piece was refused, the rest serves",
        ),
        pytest.param(
            SERVES,
            DriverState(connected=True, rejections=(Rejection("cluster x", "no"),)),
            (),
            id="a piece was refused, the rest is under way",
        ),
        pytest.param(
            Observation(Phase.STARTING, ("127.0.0.2",), {80: 80}),
            SETTLED,
            (),
            id="it is still starting",
        ),
        pytest.param(
            Observation(Phase.STARTING, ("127.0.0.2",), {80: 80}, reported=True),
            DriverState(),
            ("127.0.0.2",),
            id="it restarts: the address stays",
        ),
    ],
)
async def test_an_address_is_shown_first_when_it_serves(
    observation: Observation, state: DriverState, addresses: tuple[str, ...]
) -> None:
    """And stays once it is shown."""
    world = World()
    world.infrastructure.observations[KEY] = observation
    world.driver.states["shop/web"] = state
    await world.reconcile()
    assert world.infrastructure.reports[KEY].addresses == addresses


async def test_a_refusal_is_told_in_the_words_of_the_data_plane() -> None:
    """A NACK becomes an Event with Envoy's own words."""
    world = World()
    world.driver.states["shop/web"] = DriverState(connected=True, rejections=(Rejection("cluster x", "own words"),))
    await world.reconcile()
    (told,) = [each for each in world.infrastructure.reports[KEY].conditions if each.reason is Reason.REJECTED]
    assert "cluster x" in told.message
    assert "own words" in told.message


@pytest.mark.parametrize("lost", [pytest.param("deleted", id="deleted"), pytest.param("other", id="another class")])
async def test_an_ingress_that_is_no_longer_ours_leaves_nothing(lost: str) -> None:
    """Deletion and a class change away are the same."""
    world = World()
    await world.reconcile()
    if lost == "deleted":
        world.stores.ingresses.delete(KEY)
    else:
        world.ingress("other")
    await world.reconcile()
    assert (world.driver.traffic, world.infrastructure.workloads, world.removed) == ({}, {}, [KEY])


async def test_nothing_is_deleted_while_absence_cannot_be_believed() -> None:
    """A file that cannot be read may hold the Ingress."""
    world = World()
    await world.reconcile()
    world.stores.ingresses.delete(KEY)
    world.deletable = False
    await world.reconcile()
    assert KEY in world.infrastructure.workloads
    world.deletable = True
    await world.reconcile()
    assert KEY not in world.infrastructure.workloads


async def test_what_stands_in_the_way_is_told() -> None:
    """An Ingress that cannot get an address says why, and is tried again."""
    world = World()
    world.infrastructure.obstacle = TerminalError("no port is free", reason=Reason.PORT_UNAVAILABLE)
    with pytest.raises(TerminalError):
        await world.reconcile()
    told = {each.reason: each.message for each in world.infrastructure.reports[KEY].conditions}
    assert told[Reason.PORT_UNAVAILABLE] == "no port is free"
    assert world.infrastructure.reports[KEY].addresses == ()


async def test_what_cannot_be_believed_yet_is_withheld_until_it_can() -> None:
    """Whoever learns more knows which keys to try again: also of an Ingress that now names a class which does not exist."""
    world = World()
    await world.reconcile()
    world.ingress("nginx")
    world.deletable = False
    await world.reconcile()
    assert world.reconciler.withheld == {KEY}
    world.deletable = True
    await world.reconcile()
    assert (world.reconciler.withheld, world.removed) == (frozenset(), [KEY])


async def test_a_certificate_that_went_bad_while_nobody_looked_is_served_on() -> None:
    """A new controller is given what the one before it served."""
    before = World()
    before.tls(FIXTURES.joinpath("blog.crt").read_bytes(), FIXTURES.joinpath("blog.key").read_bytes())
    await before.reconcile()
    (served,) = before.driver.traffic["shop/web"].certificates
    after = World()
    after.infrastructure.certificates = before.infrastructure.certificates
    after.tls(b"broken", b"broken")
    await after.reconcile()
    assert after.driver.traffic["shop/web"].certificates == (served,)
    assert Reason.SECRET_INVALID in {each.reason for each in after.infrastructure.reports[KEY].conditions}
