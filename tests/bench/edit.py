"""From the write of a file to the new answer, watcher included; then where the time goes."""

import asyncio
import time
from pathlib import Path

import msgspec

from tests.bench.report import Result, median, milliseconds, quantile
from tests.bench.stages import stages
from tests.bench.usage import cpu_seconds
from tests.support.client import Target
from tests.support.manifests import ingress, path, rule, text, workload, write_text
from tests.support.processes import echo_program
from tests.support.serve import serving
from tests.support.wire import LostError, Wire

EDITS = 200
SIZES = (10, 1_000)
HOST = "edit.test"
COLOURS = ("red", "green")
PATIENCE = 5.0
PAUSE = 0.002


def manifest(routes: int, colour: str) -> str:
    """An Ingress of so many paths, one of which goes to the colour."""
    others = [path(f"/route/{number}", COLOURS[number % 2]) for number in range(routes - 1)]
    return text([ingress("edited", rule(HOST, path("/probe", colour, kind="Exact"), *others))])


async def measure(folder: Path) -> Result:
    """Edit, and ask on one connection until the answer is the new one."""
    columns = ["", "p50", "p99", "max", "errors", "controller CPU"]
    result = Result("edit", f"write of a file to new answer, {EDITS} edits", columns)
    async with echo_program(*COLOURS) as addresses, serving(folder / "genkan") as serve:
        serve.write("services.yaml", *(each for name in COLOURS for each in workload(name, addresses[name])))
        for routes in SIZES:
            texts = {colour: manifest(routes, colour) for colour in COLOURS}
            serve.write_text("edited.yaml", texts["green"])
            front = await serve.front("edited")
            watcher = _Watcher(front.plain)
            await watcher.becomes("green")
            assert serve.process is not None
            taken, cpu = [], cpu_seconds(serve.process.pid)
            for number in range(EDITS):
                colour = COLOURS[number % 2]
                began = time.perf_counter()
                write_text(serve.manifests / "edited.yaml", texts[colour])
                taken.append(await watcher.becomes(colour) - began)
            watcher.close()
            cpu = (cpu_seconds(serve.process.pid) - cpu) / EDITS
            row = [median(taken), quantile(taken, 0.99), max(taken)]
            result.rows.append(
                [f"{routes} routes", *map(milliseconds, row), str(len(watcher.errors)), milliseconds(cpu)]
            )
            result.raw[f"{routes} routes"] = {"seconds": taken, "errors": watcher.errors, "CPU seconds": cpu}
            result.at_most(f"p99 at {routes} routes, ms", row[1] * 1000, 250)
            result.at_most(f"errors at {routes} routes", len(watcher.errors), 0)
        for routes in SIZES:
            parts = await stages(folder / f"stages-{routes}", addresses, manifest, routes)
            for name, values in parts.items():
                row = [median(values), quantile(values, 0.99), max(values)]
                result.rows.append([f"{routes} routes: {name}", *map(milliseconds, row), "", ""])
                result.raw[f"{routes} routes: {name}"] = values
    return result


class _Answer(msgspec.Struct):
    name: str


class _Watcher:
    """Asks every two milliseconds on one connection; what is neither the old nor the new answer is an error."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._wire: Wire | None = None
        self.errors: list[str] = []

    async def becomes(self, colour: str) -> float:
        """Wait until this backend answers; gives the time at which it did."""
        deadline = time.perf_counter() + PATIENCE
        while (now := time.perf_counter()) < deadline:
            if await self._ask() == colour:
                return time.perf_counter()
            await asyncio.sleep(max(0.0, PAUSE - (time.perf_counter() - now)))
        self.errors.append(f"no answer of {colour} within {PATIENCE:g} s")
        return time.perf_counter()

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()

    async def _ask(self) -> str:
        try:
            if self._wire is None or not self._wire.usable:
                self._wire = await Wire.open(self._target, PATIENCE)
            reply = await self._wire.ask(f"GET /probe HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(), PATIENCE)
        except LostError as error:
            self.errors.append(str(error))
            self._wire = None
            return ""
        if reply.status != 200:
            self.errors.append(f"status {reply.status}")
            return ""
        return msgspec.json.decode(reply.body, type=_Answer).name
