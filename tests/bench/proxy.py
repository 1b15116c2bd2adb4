"""Requests per core and p99: Genkan's configuration against the minimal one, alternating, same program, same backend, same load.

Requests per core is answered requests by CPU seconds of the proxy process, so neighbours on the machine do not count.
"""

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bare import bare_proxy, fast_backend
from tests.bench.report import Result, median, milliseconds
from tests.bench.usage import cpu_seconds, pin
from tests.support.client import Target
from tests.support.manifests import ingress, path, rule, workload
from tests.support.serve import serving

ROUNDS = 16
SECONDS = 2
CONNECTIONS = 32
HOST = "shop.test"


@dataclass(frozen=True)
class Run:
    """One run of the load generator."""

    requests: int
    errors: int
    cpu: float
    p99: float

    @property
    def per_core(self) -> float:
        """Requests for one CPU second of the proxy."""
        return self.requests / self.cpu


async def measure(folder: Path) -> Result:
    """Alternate between the two and compare medians of neighbouring pairs."""
    if shutil.which("wrk") is None:
        raise SystemExit(
            "proxy: needs the load generator wrk; install the package wrk (Debian, Ubuntu: apt-get install wrk)"
        )
    result = Result("proxy", "one worker, keep-alive, short answers", ["", "requests/core/s", "p99", "errors"])
    async with (
        fast_backend(folder) as (backend_pid, backend),
        bare_proxy(folder, backend) as (bare_pid, bare),
        serving(folder / "genkan") as serve,
    ):
        serve.write("shop.yaml", *workload("web", backend), ingress("shop", rule(HOST, path("/", "web"))))
        front = await serve.front("shop")
        subjects = {"bare Envoy": (bare_pid, bare), "Genkan": (serve.data_planes()["default/shop"], front.plain)}
        pin(backend_pid, 1)
        for pid, _ in subjects.values():
            pin(pid, 0)
        runs: dict[str, list[Run]] = {name: [] for name in subjects}
        for number in range(ROUNDS + 1):
            order = list(subjects) if number % 2 else list(reversed(subjects))
            for name in order:
                run = await _wrk(*subjects[name], seconds=SECONDS if number else 1)
                if number:
                    runs[name].append(run)
    return _judge(result, runs)


def _judge(result: Result, runs: dict[str, list[Run]]) -> Result:
    for name, taken in runs.items():
        rate, p99 = median([run.per_core for run in taken]), median([run.p99 for run in taken])
        result.rows.append([name, f"{rate:,.0f}", milliseconds(p99), str(sum(run.errors for run in taken))])
        result.raw[name] = [vars(run) for run in taken]
    pairs = list(zip(runs["Genkan"], runs["bare Envoy"], strict=True))
    ratio = median([ours.per_core / bare.per_core for ours, bare in pairs])
    slower = median([ours.p99 / bare.p99 for ours, bare in pairs])
    result.rows.append(["Genkan / bare", f"{ratio:.3f}", f"{slower:.3f}", ""])
    result.at_least("requests per core, Genkan / bare", ratio, 0.97)
    result.at_most("errors", sum(run.errors for taken in runs.values() for run in taken), 0)
    return result


async def _wrk(pid: int, target: Target, *, seconds: int) -> Run:
    before = cpu_seconds(pid)
    process = await asyncio.create_subprocess_exec(
        *("wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s", "--latency"),
        *("--header", f"Host: {HOST}", f"http://{target.address}:{target.port}/"),
        stdout=asyncio.subprocess.PIPE,
    )
    pin(process.pid, 1)
    output = (await process.communicate())[0].decode()
    return parse(output, cpu_seconds(pid) - before)


_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def parse(output: str, cpu: float) -> Run:
    """Read wrk's report."""
    requests = re.search(r"(\d+) requests in", output)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    if requests is None or p99 is None:
        raise RuntimeError(f"wrk said:\n{output}")
    failed = [
        int(number)
        for number in re.findall(r"(?:Non-2xx or 3xx responses: |connect |read |write |timeout )(\d+)", output)
    ]
    return Run(int(requests[1]), sum(failed), cpu, float(p99[1]) * _UNITS[p99[2]])
