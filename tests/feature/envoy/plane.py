"""One real Envoy, driven as the product drives it: `EnvoyDriver`, `XdsServer`, delta ADS over a Unix socket."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from genkan.dataplanes import DriverState
from genkan.dataplanes.envoy.bootstrap import READY_PATH
from genkan.dataplanes.envoy.driver import EnvoyDriver
from genkan.dataplanes.envoy.workload import find_program, workload
from genkan.dataplanes.envoy.xds.server import XdsServer
from genkan.ir import Binding, EndpointSet, Traffic
from genkan.settings import Settings
from tests.support.client import Target
from tests.support.processes import end
from tests.support.traffic import binding
from tests.support.waiting import free_port, until

UNIT = "shop/web"
DEFAULT = Settings()
PLENTY = 100_000


class Plane:
    """A data plane that serves what it was given last."""

    def __init__(self, driver: EnvoyDriver, bound: Binding, process: asyncio.subprocess.Process) -> None:
        self._driver = driver
        self._binding = bound
        self.pid = process.pid

    @property
    def admin(self) -> str:
        """Its admin socket."""
        return self._binding.admin

    @property
    def readiness(self) -> str:
        """Its readiness socket."""
        return self._binding.readiness

    @property
    def http(self) -> Target:
        """Where it takes HTTP."""
        return Target(self._binding.address, self._binding.ports[80])

    def https(self, sni: str = "") -> Target:
        """Where it takes TLS."""
        return Target(self._binding.address, self._binding.ports[443], tls=True, sni=sni)

    async def publish(self, traffic: Traffic, *sets: EndpointSet) -> None:
        """Publish, and wait until Envoy has acknowledged all of it."""
        self._driver.publish(UNIT, traffic, sets, self._binding)
        state = await until(self._settled, what="Envoy to acknowledge or to refuse")
        assert state is not None
        assert state.rejections == (), state.rejections

    def _settled(self) -> DriverState | None:
        state = self._driver.state(UNIT)
        return state if state.acknowledged or state.rejections else None

    async def ready(self) -> bool:
        """Whether the readiness socket says so."""
        return (await self._get(self._binding.readiness, READY_PATH))[0] == 200

    async def stat(self, name: str) -> int:
        """One counter or gauge of Envoy's own."""
        _, text = await self._get(self._binding.admin, f"/stats?filter=^{name}$&format=json")
        found = {one["name"]: one["value"] for one in json.loads(text)["stats"] if "name" in one}
        return int(found.get(name, 0))

    async def config(self) -> dict[str, Any]:
        """Envoy's own account of what it runs."""
        _, text = await self._get(self._binding.admin, "/config_dump?include_eds")
        found: dict[str, Any] = json.loads(text)
        return found

    async def _get(self, path: str, url: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session,
            session.get(f"http://envoy{url}") as response,
        ):
            return response.status, await response.text()


@contextlib.asynccontextmanager
async def running(
    traffic: Traffic, *sets: EndpointSet, settings: Settings = DEFAULT, files: int = PLENTY
) -> AsyncIterator[Plane]:
    """Start an Envoy that serves this; its last words are shown when it fails to. `files` is how many it may open."""
    async with unready(settings, files) as (plane, log):
        try:
            await plane.publish(traffic, *sets)
            await until(plane.ready, what="Envoy to be ready")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{log.read_text()}") from error
        yield plane
        assert log.read_text() == "", "Envoy warned"


@contextlib.asynccontextmanager
async def unready(settings: Settings = DEFAULT, files: int = PLENTY) -> AsyncIterator[tuple[Plane, Path]]:
    """Start an Envoy that nothing was published for yet; also its log."""
    with tempfile.TemporaryDirectory(prefix="genkan-") as folder:
        bound = binding(folder, "127.0.0.1", free_port(), free_port())
        server = XdsServer(on_change=lambda _: None)
        driver = EnvoyDriver(server, settings)
        await server.start(Path(bound.control_plane))
        wanted = workload(UNIT, bound, settings, find_program(), files)
        for file in wanted.files:
            (Path(folder) / file.path).write_text(file.content)
        log = Path(folder) / "log"
        with log.open("w") as out:
            process = await asyncio.create_subprocess_exec(*wanted.command, stdout=out, stderr=out)
        try:
            yield Plane(driver, bound, process), log
        finally:
            await end(process)
            await server.stop()
