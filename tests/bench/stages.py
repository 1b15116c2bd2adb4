"""Where the time of an edit goes: the controller in this process, looked at from inside.

read         from the write to the store: the watcher's delay, reading, decoding
translate    from the store to the xDS snapshot: queue, translation, rendering
acknowledge  until Envoy has taken all of it
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from genkan.controller import Controller, Serving
from genkan.model import Ingress, ObjectKey
from genkan.settings import Settings
from tests.support.manifests import workload, write, write_text
from tests.support.waiting import until

EDITS = 60
UNIT = "default/edited"


async def stages(
    folder: Path, addresses: Mapping[str, str], manifest: Callable[[int, str], str], routes: int
) -> dict[str, list[float]]:
    """Edit an Ingress of so many routes; gives the seconds of each stage of each edit."""
    manifests = folder / "manifests"
    write(
        manifests / "services.yaml", *(each for name, address in addresses.items() for each in workload(name, address))
    )
    texts = {name: manifest(routes, name) for name in addresses}
    write_text(manifests / "edited.yaml", texts["green"])
    serving = Serving(manifests, folder / "state", Settings(allow_loopback_endpoints=True))
    controller = Controller(serving, on_report=lambda _: None, on_removed=lambda _: None)
    stop = asyncio.Event()
    running = asyncio.create_task(controller.run(stop))
    try:
        await until(lambda: controller.xds.state(UNIT).acknowledged, 30, what="the first configuration")
        return await _edits(controller, manifests / "edited.yaml", texts)
    finally:
        stop.set()
        await running


async def _edits(controller: Controller, file: Path, texts: Mapping[str, str]) -> dict[str, list[float]]:
    stored = _Stored()
    controller.stores.ingresses.subscribe(stored)
    parts: dict[str, list[float]] = {"read": [], "translate": [], "acknowledge": []}
    for number in range(EDITS):
        stored.event.clear()
        began = time.perf_counter()
        write_text(file, texts[("red", "green")[number % 2]])
        await stored.event.wait()
        await _turns(lambda: not controller.xds.state(UNIT).acknowledged)
        published = time.perf_counter()
        await _turns(lambda: controller.xds.state(UNIT).acknowledged)
        acknowledged = time.perf_counter()
        for name, seconds in zip(
            parts, (stored.at - began, published - stored.at, acknowledged - published), strict=True
        ):
            parts[name].append(seconds)
        await until(lambda: controller.queue.idle)
    return parts


class _Stored:
    """Remembers when the store was written: whoever waits for it is woken only after the queue's workers."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.at = 0.0

    def __call__(self, key: ObjectKey, _old: Ingress | None, _new: Ingress | None) -> None:
        if str(key) == UNIT:
            self.at = time.perf_counter()
            self.event.set()


async def _turns(holds: Callable[[], bool]) -> None:
    """Look at every turn of the event loop: the stages are too short for a pause between two looks."""
    end = time.perf_counter() + 5
    while not holds() and time.perf_counter() < end:
        await asyncio.sleep(0)
