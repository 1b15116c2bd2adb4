"""One real Envoy and the xDS server beside it, which can be replaced while the Envoy runs."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from genkan.dataplanes.envoy.render import render
from genkan.dataplanes.envoy.workload import find_program, workload
from genkan.dataplanes.envoy.xds.server import XdsServer
from genkan.dataplanes.envoy.xds.snapshot import Snapshot
from genkan.ir import Binding, EndpointSet, Traffic
from genkan.settings import Settings
from tests.support.client import Target
from tests.support.processes import end
from tests.support.traffic import binding
from tests.support.waiting import free_port

UNIT = "shop/web"
SETTINGS = Settings()


class Rig:
    """See the module."""

    def __init__(self, bound: Binding) -> None:
        self._binding = bound
        self.changes: list[str] = []
        self.server = XdsServer(self.changes.append)

    @property
    def address(self) -> str:
        """Where Envoy looks for its control plane."""
        return self._binding.control_plane

    @property
    def target(self) -> Target:
        """Where Envoy takes HTTP."""
        return Target(self._binding.address, self._binding.ports[80])

    def snapshot(self, traffic: Traffic, *sets: EndpointSet) -> Snapshot:
        """Render."""
        return render(traffic, sets, self._binding, SETTINGS).snapshot

    async def start(self, snapshot: Snapshot | None = None) -> None:
        """Start a server that knows nothing but this."""
        self.server = XdsServer(self.changes.append)
        if snapshot is not None:
            self.server.set_snapshot(UNIT, snapshot)
        await self.server.start(self.address)

    async def publish(self, snapshot: Snapshot) -> None:
        """Publish, and wait until it is acknowledged."""
        self.server.set_snapshot(UNIT, snapshot)
        await self.acknowledged()

    async def acknowledged(self) -> None:
        """Wait until Envoy has acknowledged everything."""
        try:
            await self.server.wait(UNIT, lambda state: state.acknowledged, 20)
        except TimeoutError:
            raise AssertionError(f"not acknowledged: {self.server.state(UNIT)}") from None

    async def admin(self, path: str) -> Any:
        """What the admin endpoint answers, as JSON."""
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(self._binding.admin)) as session,
            session.get(f"http://envoy{path}") as response,
        ):
            return json.loads(await response.text())

    async def stats(self, pattern: str) -> dict[str, int]:
        """Counters and gauges by name."""
        answer = await self.admin(f"/stats?filter={pattern}&format=json")
        return {one["name"]: one["value"] for one in answer["stats"] if "name" in one}

    async def get(self, path: str) -> int:
        """The status of one request."""
        url = f"http://{self.target.address}:{self.target.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            await response.read()
            return response.status


@contextlib.asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    """Start an Envoy; nothing is published yet."""
    with tempfile.TemporaryDirectory(prefix="genkan-") as folder:
        bound = binding(folder, "127.0.0.1", free_port(), free_port())
        found = Rig(bound)
        await found.start()
        wanted = workload(UNIT, bound, SETTINGS, find_program(), 100_000)
        for file in wanted.files:
            (Path(folder) / file.path).write_text(file.content)
        log = Path(folder) / "log"
        with log.open("w") as out:
            process = await asyncio.create_subprocess_exec(*wanted.command, stdout=out, stderr=out)
        try:
            yield found
        except BaseException:
            print(log.read_text())  # noqa: T201 - what the reader of a failed test needs
            raise
        finally:
            await end(process)
            await found.server.stop()
