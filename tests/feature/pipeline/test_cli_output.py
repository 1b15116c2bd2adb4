"""What becomes of `genkan serve`'s output never reaches what it serves."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.manifests import backend, ingress
from tests.support.processes import ROOT, end
from tests.support.serve import GENKAN, Serve


def closed() -> tuple[int, int]:
    """A pipe that nobody will ever read, as `| head -1` leaves it."""
    reader, writer = os.pipe()
    os.close(reader)
    return -1, writer


def full() -> tuple[int, int]:
    """A pipe that is full and not read, as `| less` leaves it: whoever writes waits."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 1024)
    except BlockingIOError:
        os.set_blocking(writer, True)
    return reader, writer


@pytest.mark.parametrize("pipe", [closed, full])
@pytest.mark.parametrize("streams", ["stdout", "both"])
async def test_it_serves_and_stops_whoever_reads(
    pipe: Callable[[], tuple[int, int]], streams: str, tmp_path: Path
) -> None:
    """The Ingress gets its address, a broken file is survived, an edit is followed, and SIGTERM drains and ends it."""
    serve = Serve(tmp_path)
    serve.write("web.yaml", ingress("web", default=backend("none")))
    serve.write_text("broken.yaml", "kind: [")
    reader, writer = pipe()
    with serve.output.open("ab") as log:
        serve.process = await asyncio.create_subprocess_exec(
            *(str(GENKAN), "serve", str(serve.manifests), "--state-dir", str(serve.state)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writer,
            stderr=writer if streams == "both" else log,
            cwd=ROOT,
        )
    os.close(writer)
    try:
        await serve.front("web")
        serve.write("more.yaml", ingress("more", default=backend("none")))
        await serve.front("more")
        assert await end(serve.process, number=signal.SIGTERM, deadline=20) == 0
        assert not serve.data_planes()
    except BaseException:
        sys.stderr.write(serve.tail())
        raise
    finally:
        if reader >= 0:
            os.close(reader)
        if serve.process.returncode is None:
            await serve.kill()
        await serve.sweep()
    assert "Traceback" not in serve.tail()
