"""Killed and come back: data planes go on serving, are taken over as they are, and nothing else is ever touched."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from genkan.errors import ConfigError
from genkan.infrastructure import Phase
from genkan.infrastructure.host import processes, records
from genkan.ir import Binding, Reason
from tests.feature.host.static_envoy import static_envoy
from tests.feature.host.watching import OTHER, WEB, Watched, ask
from tests.support.processes import ROOT, alive
from tests.support.waiting import until

Host = Callable[..., Watched]


@asynccontextmanager
async def another_process(state_dir: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that runs a data plane of this state directory; killed (SIGKILL) at the end at the latest."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.feature.host.abandon", str(state_dir)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            while b"ready" not in (line := await process.stdout.readline()):
                assert line, "ended early"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def abandoned(watched: Watched) -> Binding:
    """Run a data plane, then let go of it as if killed."""
    await watched.infrastructure.start()
    binding = await watched.run()
    await watched.infrastructure.release()
    return binding


async def test_a_killed_controllers_data_plane_is_taken_over(host: Host, state_dir: Path) -> None:
    """SIGKILL: it goes on serving; the next one watches the same process, restarts it when it dies, ends it in the end."""
    async with another_process(state_dir) as process:
        process.kill()
        await process.wait()
    watched = host()
    pid = watched.pid()
    await watched.infrastructure.start()
    binding = await watched.infrastructure.bind(WEB)
    assert await ask(binding) == "hello"
    assert f"took over the running data plane (process {pid})" in await watched.told(Reason.TAKEN_OVER)
    await watched.run()
    assert watched.pid() == pid
    os.kill(pid, signal.SIGKILL)
    assert "how is known only" in await watched.told(Reason.RESTARTED)
    await watched.ready()
    assert await ask(binding) == "hello"
    await watched.infrastructure.stop_all()
    assert not watched.processes()


async def test_while_one_serves_no_other_starts(host: Host, state_dir: Path) -> None:
    """The second is told who the first is, and leaves everything alone."""
    async with another_process(state_dir) as process:
        watched = host()
        with pytest.raises(ConfigError, match=rf"used by another genkan \(process {process.pid}\)"):
            await watched.infrastructure.start()
        assert watched.processes()
    await host().infrastructure.start()  # takes over what is left, for the fixture to end


async def test_one_started_but_not_yet_recorded_is_found(host: Host, state_dir: Path) -> None:
    """Killed between start and record: the record knows nothing, the process knows all."""
    binding = await abandoned(first := host())
    pid = first.pid()
    record = records.read_record(state_dir, WEB)
    assert record is not None
    records.write_record(state_dir, msgspec.structs.replace(record, process=None))
    second = host()
    await second.infrastructure.start()
    await second.run()
    assert second.pid() == pid
    assert await ask(binding) == "hello"


async def test_one_whose_record_is_gone_is_ended(host: Host, state_dir: Path) -> None:
    """Somebody removed the state: nothing of ours is left that nobody knows of."""
    await abandoned(first := host())
    records.remove(state_dir, WEB)
    assert first.processes()
    second = host()
    await second.infrastructure.start()
    assert not second.processes()
    assert second.infrastructure.owned() == frozenset()


async def test_a_number_used_by_somebody_else_is_left_alone(host: Host, state_dir: Path) -> None:
    """The recorded process is gone and its number, even its start time, are another program's."""
    await abandoned(first := host())
    gone = first.pid()
    os.kill(gone, signal.SIGKILL)
    await until(lambda: not alive(gone))
    stranger = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(60)")
    try:
        record = records.read_record(state_dir, WEB)
        assert record is not None
        assert record.process is not None
        began = processes.start_time(stranger.pid)
        assert began is not None
        theirs = msgspec.structs.replace(record.process, pid=stranger.pid, start_time=began)
        records.write_record(state_dir, msgspec.structs.replace(record, process=theirs))
        second = host()
        await second.infrastructure.start()
        assert await ask(await second.run()) == "hello"
        assert second.pid() != stranger.pid
        await second.infrastructure.stop_all()
        assert stranger.returncode is None
        assert alive(stranger.pid)
    finally:
        stranger.kill()
        await stranger.wait()


async def test_another_workload_replaces_what_was_taken_over(host: Host) -> None:
    """As after an upgrade of Genkan."""
    binding = await abandoned(first := host())
    pid = first.pid()
    second = host()
    await second.infrastructure.start()
    await second.infrastructure.apply(WEB, static_envoy("shop/web", binding, body="new"))
    await second.replaced(pid)
    assert await ask(binding) == "new"


async def test_one_that_was_on_its_way_out_is_replaced(host: Host, state_dir: Path) -> None:
    """A drained one closes every connection: the same workload is started afresh."""
    binding = await abandoned(first := host())
    pid = first.pid()
    record = records.read_record(state_dir, WEB)
    assert record is not None
    assert record.process is not None
    draining = msgspec.structs.replace(record.process, draining=True)
    records.write_record(state_dir, msgspec.structs.replace(record, process=draining))
    second = host()
    await second.infrastructure.start()
    await second.infrastructure.apply(WEB, static_envoy("shop/web", binding))
    await second.replaced(pid)
    assert await ask(binding) == "hello"


async def test_one_whose_ingress_is_gone_is_known_and_deleted(host: Host) -> None:
    """Deleted while nobody watched: the controller learns of it from `owned`."""
    await abandoned(host())
    second = host()
    await second.infrastructure.start()
    assert second.infrastructure.owned() == {WEB}
    await second.infrastructure.delete(WEB)
    assert second.infrastructure.owned() == frozenset()
    assert not second.processes()


async def test_addresses_stay_after_a_clean_end(host: Host) -> None:
    """Also for one of several, whatever the order in which they come back."""
    first = host()
    await first.infrastructure.start()
    before = {key: await first.infrastructure.bind(key) for key in (WEB, OTHER)}
    await first.infrastructure.stop_all()
    second = host()
    await second.infrastructure.start()
    assert {key: await second.infrastructure.bind(key) for key in (OTHER, WEB)} == before
    assert second.infrastructure.observe(WEB).phase is Phase.ABSENT
