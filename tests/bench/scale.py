"""What one change costs as the Ingress and the number of Ingresses grow; infrastructure and network are left out."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from genkan.dataplanes import DriverState
from genkan.dataplanes.envoy.driver import EnvoyDriver
from genkan.engine import KeyQueue, work
from genkan.model import KINDS, Object, ObjectKey
from genkan.reconcile import Reconciler
from genkan.settings import Settings
from genkan.sources.dispatch import dispatch
from genkan.sources.stores import Stores
from genkan.telemetry import Telemetry
from tests.bench.report import Result, median, milliseconds, quantile
from tests.support.fakes import FakeInfrastructure
from tests.support.manifests import Manifest, ingress, path, rule, workload
from tests.support.waiting import until

if TYPE_CHECKING:
    from genkan.dataplanes.envoy.xds.snapshot import Snapshot

PATHS = (10, 100, 1_000)
INGRESSES = (10, 100, 1_000, 10_000)
CHANGES = 100
SETTINGS = Settings(allow_loopback_endpoints=True)


class _Server:
    """Stands for the xDS server: counts what it is given."""

    def __init__(self) -> None:
        self.snapshots = 0

    def set_snapshot(self, unit: str, snapshot: "Snapshot") -> None:
        """Take it."""
        del unit, snapshot
        self.snapshots += 1

    def remove(self, unit: str) -> None:
        """Forget it."""

    def state(self, unit: str) -> DriverState:  # noqa: ARG002 - the driver's protocol
        """Everything is well."""
        return DriverState(connected=True, acknowledged=True, settled=True)


class Pipeline:
    """Stores, dispatch, queue and reconciler as the controller joins them, above a fake infrastructure."""

    def __init__(self) -> None:
        self.stores = Stores()
        self.queue: KeyQueue[ObjectKey] = KeyQueue()
        self.failures: list[Exception] = []
        self.server = _Server()
        self._reconciler = Reconciler(
            stores=self.stores,
            driver=EnvoyDriver(self.server, SETTINGS),
            infrastructure=FakeInfrastructure(),
            settings=SETTINGS,
            deletable=lambda _ref: True,
            again_at=lambda _key, _when: None,
            now=lambda: datetime.now(UTC),
            on_report=lambda _: None,
            on_removed=lambda _: None,
            telemetry=Telemetry(),
        )
        dispatch(self.stores, self.queue)

    def put(self, manifest: Manifest) -> None:
        """Write one object into its store."""
        kind = KINDS[manifest["apiVersion"], manifest["kind"]]
        decoded: Object = msgspec.convert(manifest, kind)
        self.stores.of(kind).upsert(decoded.key, decoded)

    async def run(self) -> None:
        """Reconcile until cancelled."""
        await work(self.queue, self._reconciler.reconcile, workers=1, on_error=self._failed)

    async def settle(self) -> None:
        """Wait until nothing is left to do."""
        while not self.queue.idle:
            await asyncio.sleep(0)
        if self.failures:
            raise self.failures[0]

    async def cost(self, change: Callable[[int], Manifest]) -> list[float]:
        """Make the changes one after another; gives the CPU seconds of each, store to snapshot."""
        taken = []
        for number in range(CHANGES):
            manifest, before = change(number), self.server.snapshots
            began = time.process_time()
            self.put(manifest)
            await self.settle()
            taken.append(time.process_time() - began)
            assert self.server.snapshots == before + 1, "a change must give one new snapshot"
        return taken

    def _failed(self, _key: ObjectKey, error: Exception, _delay: float) -> None:
        self.failures.append(error)


def sized(shop: int, paths: int, number: int = 0) -> Manifest:
    """The Ingress of one shop, of so many paths to its own Service; `number` makes one of them differ."""
    service = f"web-{shop}"
    routes = (path(f"/p/{each}", service) for each in range(paths - 1))
    return ingress(
        f"shop-{shop}",
        rule(f"shop-{shop}.test", *routes, path(f"/n/{number}", service)),
        ingress_class=None,
        annotations={"kubernetes.io/ingress.class": "genkan"},
    )


async def measure(folder: Path) -> Result:  # noqa: ARG001 - every part takes a folder
    """Both tables in one: growing Ingress, growing number."""
    result = Result("scale", "CPU of one change, from store to xDS snapshot", ["", "change", "p50", "p99"])
    for paths in PATHS:
        pipeline = await _loaded(1, paths)
        taken = await _measured(pipeline, lambda number, paths=paths: sized(0, paths, number + 1))  # type: ignore[misc]
        _add(result, f"1 Ingress of {paths:,} paths", "a path", taken)
    flat: dict[str, list[float]] = {"a path": [], "an endpoint": []}
    for count in INGRESSES:
        pipeline = await _loaded(count, 10)
        taken = await _measured(pipeline, lambda number: sized(0, 10, number + 1))
        _add(result, f"{count:,} Ingresses of 10 paths", "a path", taken)
        flat["a path"].append(median(taken))
        taken = await _measured(pipeline, lambda number: workload("web-0", f"127.0.0.1:{1_000 + number}")[1])
        _add(result, f"{count:,} Ingresses of 10 paths", "an endpoint", taken)
        flat["an endpoint"].append(median(taken))
    for change, medians in flat.items():
        result.at_most(
            f"cost of {change} with {INGRESSES[-1]:,} / with {INGRESSES[0]} Ingresses", medians[-1] / medians[0], 2.0
        )
    return result


async def _loaded(count: int, paths: int) -> Pipeline:
    """So many Ingresses, each with a Service of its own, all reconciled once."""
    pipeline = Pipeline()
    for number in range(count):
        for each in (*workload(f"web-{number}", "127.0.0.1:80"), sized(number, paths)):
            pipeline.put(each)
    return pipeline


async def _measured(pipeline: Pipeline, change: Callable[[int], Manifest]) -> list[float]:
    running = asyncio.create_task(pipeline.run())
    try:
        await until(lambda: pipeline.queue.idle, 600, what="the first reconcile of all")
        return await pipeline.cost(change)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _add(result: Result, what: str, change: str, taken: list[float]) -> None:
    result.rows.append([what, change, milliseconds(median(taken)), milliseconds(quantile(taken, 0.99))])
    result.raw[f"{what}, {change}"] = taken
