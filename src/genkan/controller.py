"""The composition root: every part of the product and how they are joined, on one screen; no decision is made here.

directory ─▶ stores ─▶ dispatch ─▶ queue ─▶ reconcile ─┬─▶ driver ──────────▶ Envoy (xDS)
                                      ▲                └─▶ infrastructure ──▶ processes, status, Events
                                      └── what Envoy acknowledged, what a process did ──┘
"""

import asyncio
import gc
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from genkan.dataplanes.envoy.driver import EnvoyDriver
from genkan.dataplanes.envoy.xds.server import XdsServer
from genkan.engine import KeyQueue, Scope, work
from genkan.infrastructure.host.infrastructure import HostInfrastructure
from genkan.infrastructure.host.state import Served, write_served
from genkan.model import Ingress, ObjectKey
from genkan.reconcile import Reconciler
from genkan.settings import Settings
from genkan.sources.backends import parse_backend
from genkan.sources.directory.source import DirectorySource
from genkan.sources.dispatch import dispatch
from genkan.sources.gather import adopted
from genkan.sources.stores import Stores
from genkan.status import Report
from genkan.telemetry import Telemetry
from genkan.translate.ingress.unit_of import unit_of

WORKERS = 256
"""Keys that are reconciled at once. Work on one key is mostly waiting, and draining one may take half a minute: others do not wait."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Serving:
    """What `genkan serve` was asked to do."""

    directory: Path
    state_dir: Path
    settings: Settings
    backends: tuple[str, ...] = ()
    metrics_bind_address: str | None = None


class Controller:
    """Gives every Ingress of a directory its own Envoy."""

    def __init__(
        self, serving: Serving, *, on_report: Callable[[Report], None], on_removed: Callable[[ObjectKey], None]
    ) -> None:
        """Join the parts; nothing runs yet. `on_report` and `on_removed` are told what the user shall see."""
        self._serving = serving
        self._on_removed = on_removed
        self.queue: KeyQueue[ObjectKey] = KeyQueue()
        self.stores = Stores()
        self.telemetry = Telemetry()
        self.source = DirectorySource(
            serving.directory,
            self.stores,
            backends=[parse_backend(text) for text in serving.backends],
            last_good=serving.state_dir / "last-good",
            on_change=self._look_at_the_withheld,
        )
        self.infrastructure = HostInfrastructure(
            serving.state_dir,
            on_change=self._look_again,
            client_ports=(serving.settings.http_port, serving.settings.https_port),
        )
        self.xds = XdsServer(on_change=lambda unit: self._look_again(ObjectKey(*unit.split("/"))))
        self._reconciler = Reconciler(
            stores=self.stores,
            driver=EnvoyDriver(self.xds, serving.settings),
            infrastructure=self.infrastructure,
            settings=serving.settings,
            deletable=self.source.deletable,
            again_at=self._look_again_at,
            now=lambda: datetime.now(UTC),
            on_report=on_report,
            on_removed=self._forget,
            telemetry=self.telemetry,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then drain every data plane and return.

        Ended any other way (SIGKILL, a start that fails), the data planes go on serving, and the next run on the state directory
        takes them over.
        """
        serving = self._serving
        async with AsyncExitStack() as stack:
            await self.infrastructure.start()
            write_served(serving.state_dir, Served(str(serving.directory.resolve()), serving.backends))
            stack.push_async_callback(self._let_go, stop)
            await self.xds.start(self.infrastructure.control_plane)
            stack.push_async_callback(self.xds.stop)
            stack.callback(self.queue.close)
            if serving.metrics_bind_address is not None:
                stack.callback(self.telemetry.serve(serving.metrics_bind_address))

            await self.source.start()
            gc.freeze()  # what is loaded stays: without it, reading a large file again takes twice as long, in collections
            dispatch(self.stores, self.queue)
            self.stores.ingresses.subscribe(self._hurry)
            for key in self.infrastructure.owned():
                self.queue.add(key)

            async with asyncio.TaskGroup() as tasks:
                running = [
                    tasks.create_task(self.source.run()),
                    tasks.create_task(
                        work(self.queue, self._reconciler.reconcile, workers=WORKERS, on_error=self._failed)
                    ),
                ]
                await stop.wait()
                for task in running:
                    task.cancel()

    def adopted(self) -> frozenset[ObjectKey]:
        """Return the keys of the Ingresses that are ours."""
        return adopted(self.stores, self._serving.settings)

    def _look_again(self, key: ObjectKey) -> None:
        self.queue.add(key, Scope.REPORT)

    def _hurry(self, _key: ObjectKey, old: Ingress | None, new: Ingress | None) -> None:
        """Have the new data plane of an Ingress that was created anew not wait for the clients of the old one."""
        if old is None and new is not None:
            self.infrastructure.hurry(unit_of(new))

    def _look_at_the_withheld(self) -> None:
        """Queue what was not deleted for want of certainty: the files may be certain now."""
        for key in self._reconciler.withheld:
            self.queue.add(key)

    def _forget(self, key: ObjectKey) -> None:
        self.queue.forget(key)
        self._on_removed(key)

    async def _let_go(self, stop: asyncio.Event) -> None:
        """Drain only when asked to stop: whatever else ends us must not end what serves."""
        await (self.infrastructure.stop_all() if stop.is_set() else self.infrastructure.release())

    def _look_again_at(self, key: ObjectKey, when: datetime) -> None:
        self.queue.add_after(key, max(0.0, (when - datetime.now(UTC)).total_seconds()), Scope.REPORT)

    def _failed(self, key: ObjectKey, error: Exception, delay: float) -> None:
        self.telemetry.reconcile_failures.inc()
        log.error("reconcile failed", ingress=str(key), error=str(error), retry_in=round(delay, 3), exc_info=error)
