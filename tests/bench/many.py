"""Two hundred Ingresses: how long until all serve, and what the controller needs, beside as many bare Envoys."""

import asyncio
import contextlib
import time
from pathlib import Path

from tests.bench.bare import bare_proxy, fast_backend
from tests.bench.report import Result, mebibytes
from tests.bench.usage import cpu_seconds, private_kibibytes
from tests.support.client import request
from tests.support.manifests import ingress, path, rule, workload
from tests.support.serve import Serve, front_of, serving
from tests.support.waiting import until

COUNT = 200
AT_ONCE = 16
PATIENCE = 300.0


async def measure(folder: Path) -> Result:
    """First the bare ones, then ours: the machine would not hold both at once fairly."""
    result = Result(
        "many", f"{COUNT} of each, from nothing to all serving", ["", "seconds", "each", "controller memory"]
    )
    async with fast_backend(folder) as (_, backend):
        bare = await _bare(folder, backend)
        seconds, memory, cpu = await _ours(folder, backend)
    result.rows.append(["bare Envoys", f"{bare:.1f}", f"{bare / COUNT * 1000:.0f} ms", ""])
    result.rows.append(["Genkan", f"{seconds:.1f}", f"{seconds / COUNT * 1000:.0f} ms", mebibytes(memory)])
    result.rows.append(["Genkan / bare", f"{seconds / bare:.2f}", "", ""])
    result.raw |= {"bare": bare, "seconds": seconds, "controller KiB": memory, "controller CPU seconds": cpu}
    return result


async def _bare(folder: Path, backend: str) -> float:
    """So many at once as the controller's workers would start."""
    gate = asyncio.Semaphore(AT_ONCE)
    began = time.perf_counter()
    async with contextlib.AsyncExitStack() as stack:

        async def one(number: int) -> None:
            place = folder / f"bare-{number}"
            place.mkdir()
            async with gate:
                _, target = await stack.enter_async_context(bare_proxy(place, backend))
                assert (await request(target, timeout=60)).status == 200

        await asyncio.gather(*(one(number) for number in range(COUNT)))
        return time.perf_counter() - began


async def _ours(folder: Path, backend: str) -> tuple[float, int, float]:
    serve = Serve(folder / "genkan")
    serve.write("web.yaml", *workload("web", backend))
    for number in range(COUNT):
        serve.write(f"{number}.yaml", ingress(f"shop-{number}", rule(f"shop-{number}.test", path("/", "web"))))
    began = time.perf_counter()
    async with serving(folder / "genkan") as running:
        await asyncio.gather(*(_serves(running, number) for number in range(COUNT)))
        seconds = time.perf_counter() - began
        assert running.process is not None
        pid = running.process.pid
        return seconds, private_kibibytes(pid), cpu_seconds(pid)


async def _serves(serve: Serve, number: int) -> None:
    name = f"shop-{number}"
    report = serve.state / "dataplanes" / "default" / name / "report.json"
    await until(lambda: report.exists() and front_of(serve.find(name)), PATIENCE, what=name, interval=0.5)
    front = front_of(serve.find(name))
    assert front is not None
    assert (await request(front.plain, host=f"{name}.test", timeout=60)).status == 200
