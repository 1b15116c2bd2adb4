"""Programs that a test starts and ends, by their process id and by nothing else."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not yet waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def end(process: asyncio.subprocess.Process, *, number: int = signal.SIGTERM, deadline: float = 10.0) -> int:
    """Signal a process and wait for it; one that does not go is killed, and that is an assertion error."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
    try:
        async with asyncio.timeout(deadline):
            return await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise AssertionError(f"process {process.pid} did not end within {deadline:g} s of signal {number}") from None


@contextlib.asynccontextmanager
async def echo_program(
    *servers: str, tls: tuple[Path, Path] | None = None, keepalive: float | None = None
) -> AsyncIterator[dict[str, str]]:
    """Backends in a process of their own: "NAME" (any free port of 127.0.0.1) or "NAME=HOST:PORT"; gives name → HOST:PORT."""
    options = [*(["--tls", *map(str, tls)] if tls else []), *(["--keepalive", str(keepalive)] if keepalive else [])]
    named = [server if "=" in server else f"{server}=127.0.0.1:0" for server in servers]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.echo", *named, *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            line = await process.stdout.readline()
        yield dict(json.loads(line))
    finally:
        await end(process)
