"""Private memory of an idle data plane beside the bare Envoy: ready, never asked anything."""

import asyncio
import contextlib
from pathlib import Path

from tests.bench.bare import bare_proxy, fast_backend
from tests.bench.report import Result, mebibytes, median
from tests.bench.usage import private_kibibytes
from tests.support.manifests import ingress, path, rule, workload
from tests.support.serve import serving

COPIES = 4
SETTLING = 3.0


async def measure(folder: Path) -> Result:
    """Some of each at the same time, looked at together."""
    result = Result("memory", "Private_Dirty of an idle proxy, median", ["", "private memory", "from", "to"])
    async with contextlib.AsyncExitStack() as stack:
        _, backend = await stack.enter_async_context(fast_backend(folder))
        bare = []
        for number in range(COPIES):
            place = folder / f"bare-{number}"
            place.mkdir()
            bare.append((await stack.enter_async_context(bare_proxy(place, backend)))[0])
        serve = await stack.enter_async_context(serving(folder / "genkan"))
        serve.write("web.yaml", *workload("web", backend))
        for number in range(COPIES):
            serve.write(f"{number}.yaml", ingress(f"idle-{number}", rule("idle.test", path("/", "web"))))
            await serve.front(f"idle-{number}")
        await asyncio.sleep(SETTLING)
        subjects = {"bare Envoy": bare, "Genkan": list(serve.data_planes().values())}
        taken = {name: [private_kibibytes(pid) for pid in pids] for name, pids in subjects.items()}
    for name, values in taken.items():
        result.rows.append([name, mebibytes(median(values)), mebibytes(min(values)), mebibytes(max(values))])
        result.raw[name] = values
    ratio = median(taken["Genkan"]) / median(taken["bare Envoy"])
    result.rows.append(["Genkan / bare", f"{ratio:.3f}", "", ""])
    return result
