"""Host infrastructures on state directories of their own; whatever a test does, no process is left."""

import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from genkan.infrastructure.host import processes
from genkan.infrastructure.host.infrastructure import HostInfrastructure
from genkan.infrastructure.host.supervisor import Timing
from genkan.model import ObjectKey
from tests.feature.host.watching import Watched
from tests.support.waiting import until

QUICK = Timing(back_off=0.1, longest=1.0, healthy=60.0, idle=0.3, terminate=3.0)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return (tmp_path / "state").resolve()


@pytest.fixture
async def host(state_dir: Path) -> AsyncIterator[Callable[..., Watched]]:
    """Make host infrastructures on `state_dir`, one after another."""
    made: list[HostInfrastructure] = []

    def make(timing: Timing = QUICK) -> Watched:
        changes: list[ObjectKey] = []
        made.append(HostInfrastructure(state_dir, on_change=changes.append, timing=timing))
        return Watched(made[-1], state_dir, changes)

    yield make
    for infrastructure in made:
        await infrastructure.stop_all(longest_drain=0.0)
    left = list(processes.scan(str(state_dir)))
    for found in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, signal.SIGKILL)
    await until(lambda: not any(processes.start_time(found.pid) == found.start_time for found in left))
    assert not left, "processes were left"
