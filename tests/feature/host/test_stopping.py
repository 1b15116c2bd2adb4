"""Stopping: what was begun is finished, what never ends is bounded, and nothing is left."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientError, web

from genkan.infrastructure.host import records
from genkan.infrastructure.host.drain import accepts
from genkan.infrastructure.host.supervisor import Timing
from genkan.ir import Binding
from genkan.model import ObjectKey
from tests.feature.host.static_envoy import static_envoy
from tests.feature.host.watching import OTHER, WEB, Watched, ask
from tests.support.waiting import free_port, until

Host = Callable[..., Watched]


class Backend:
    """Answers when it is allowed to."""

    def __init__(self) -> None:
        self.port = free_port()
        self.asked = 0
        self.answer_now = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if request.path == "/slow":
            await self.answer_now.wait()
        return web.Response(text="done")


@asynccontextmanager
async def backend() -> AsyncIterator[Backend]:
    served = Backend()
    application = web.Application()
    application.router.add_get("/{path:.*}", served.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", served.port).start()
    try:
        yield served
    finally:
        served.answer_now.set()
        await runner.cleanup()


@pytest.mark.parametrize("how", ["stop_all", "delete"])
async def test_a_request_under_way_is_answered(host: Host, how: str) -> None:
    """One second of work is finished before the process goes."""
    watched = host()
    await watched.infrastructure.start()
    async with backend() as served:
        binding = await watched.run(backend=served.port)
        request = asyncio.create_task(ask(binding, "/slow"))
        await until(lambda: served.asked)
        asyncio.get_running_loop().call_later(1.0, served.answer_now.set)
        await (watched.infrastructure.stop_all() if how == "stop_all" else watched.infrastructure.delete(WEB))
        assert request.done()
        assert await request == "done"
    assert not watched.processes()


async def test_a_request_without_end_is_not_waited_for_longer_than_its_workload_says(host: Host) -> None:
    """Half a second here; others are not held up by it."""
    watched = host()
    await watched.infrastructure.start()
    async with backend() as served:
        endless = await watched.run(WEB, backend=served.port, drain=0.5)
        await watched.run(OTHER)
        request = asyncio.create_task(ask(endless, "/slow"))
        await until(lambda: served.asked)
        async with asyncio.timeout(10):
            await watched.infrastructure.stop_all()
        with pytest.raises(ClientError):
            await request
    assert not watched.processes(WEB)
    assert not watched.processes(OTHER)


async def test_clients_that_go_on_connecting_do_not_hold_it_up(host: Host) -> None:
    """Whoever was accepted is answered whole; whoever comes later is refused; long before the bound it is over."""
    watched = host()
    await watched.infrastructure.start()
    binding = await watched.run(drain=60)
    answers: list[bytes] = []

    async def connect_again_and_again() -> None:
        while True:
            reader, writer = await asyncio.open_connection(binding.address, binding.ports[80])
            try:
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                answers.append(await reader.readuntil(b"hello"))
            except asyncio.IncompleteReadError as error:
                assert not error.partial  # noqa: PT017 - nothing at all, from one that was never accepted, and nothing half
                raise ConnectionResetError from error
            finally:
                writer.close()

    clients = [asyncio.create_task(connect_again_and_again()) for _ in range(4)]
    await until(lambda: len(answers) > 100)
    async with asyncio.timeout(15):
        await watched.infrastructure.stop_all()
        ends = await asyncio.gather(*clients, return_exceptions=True)
    assert all(isinstance(end, ConnectionError) for end in ends)
    assert len({answer.partition(b"\r\n")[0] for answer in answers}) == 1


async def test_a_client_that_only_stays_connected_is_not_waited_for(host: Host) -> None:
    """A browser holds connections for minutes."""
    watched = host()
    await watched.infrastructure.start()
    binding = await watched.run(drain=60)
    reader, writer = await asyncio.open_connection(binding.address, binding.ports[80])
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200 OK" in await reader.readline()
    async with asyncio.timeout(10):
        await watched.infrastructure.stop_all()
    writer.close()
    await writer.wait_closed()


async def test_many_without_clients_end_quickly(host: Host) -> None:
    """Ctrl-C answers at once."""
    watched = host()
    await watched.infrastructure.start()
    await asyncio.gather(watched.run(WEB, drain=60), watched.run(OTHER, drain=60))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await watched.infrastructure.stop_all()
    assert loop.time() - began < 5
    assert not watched.processes(WEB)
    assert not watched.processes(OTHER)


async def test_one_that_does_not_listen_to_reason_is_killed(host: Host, state_dir: Path) -> None:
    """SIGTERM ignored: SIGKILL follows."""
    watched = host()
    await watched.infrastructure.start()
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(99)"
    )
    await watched.run_program(sys.executable, "-c", code)
    log = records.folder(state_dir, WEB) / "log"
    await until(lambda: log.exists() and "deaf" in log.read_text())
    async with asyncio.timeout(20):
        await watched.infrastructure.stop_all()
    assert not watched.processes()


async def test_one_that_waits_for_its_next_try_is_stopped_at_once(host: Host) -> None:
    """No stop has to wait for a back-off."""
    watched = host()
    await watched.infrastructure.start()
    await watched.run_program("/does/not/exist")
    await until(lambda: watched.infrastructure.observe(WEB).conditions)
    async with asyncio.timeout(5):
        await watched.infrastructure.stop_all()


async def test_one_that_is_stopped_while_it_starts_leaves_nothing(host: Host) -> None:
    """At whatever moment."""
    watched = host()
    await watched.infrastructure.start()
    binding = await watched.infrastructure.bind(WEB)
    await watched.infrastructure.apply(WEB, static_envoy("shop/web", binding))
    await until(watched.processes, interval=0.001)
    await watched.infrastructure.stop_all()
    assert not watched.processes()


async def test_one_whose_name_is_wanted_again_waits_for_nobody(host: Host) -> None:
    """An Ingress is deleted and created anew while a WebSocket is open: the new one cannot listen before the old one has ended."""
    watched = host()
    await watched.infrastructure.start()
    async with backend() as served:
        binding = await watched.run(backend=served.port, drain=60)
        request = asyncio.create_task(ask(binding, "/slow"))
        await until(lambda: served.asked)
        deletion = asyncio.create_task(watched.infrastructure.delete(WEB))
        await until(lambda: refuses(binding))
        assert not deletion.done()
        watched.infrastructure.hurry(WEB)
        async with asyncio.timeout(10):
            await deletion
        with pytest.raises(ClientError):
            await request
        assert await watched.run(backend=served.port) == binding
        assert await ask(binding) == "done"


async def test_one_that_is_not_being_deleted_is_in_no_hurry(host: Host) -> None:
    """Neither now nor when it is deleted later; and one that is not there is no matter."""
    watched = host()
    await watched.infrastructure.start()
    watched.infrastructure.hurry(OTHER)
    async with backend() as served:
        binding = await watched.run(backend=served.port)
        watched.infrastructure.hurry(WEB)
        request = asyncio.create_task(ask(binding, "/slow"))
        await until(lambda: served.asked)
        deletion = asyncio.create_task(watched.infrastructure.delete(WEB))
        await until(lambda: refuses(binding))
        served.answer_now.set()
        assert await request == "done"
        await deletion


async def refuses(binding: Binding) -> bool:
    """Tell whether nobody listens any more: the drain has begun."""
    return not await accepts(binding.address, binding.ports[80])


def left_of(binding: Binding) -> list[str]:
    """Sockets that are still there."""
    return [path for path in (binding.admin, binding.readiness) if Path(path).exists()]


async def test_those_that_wait_for_their_turn_are_stopped_at_once(host: Host) -> None:
    """More than may start at a time, none of which gives up its turn by itself."""
    watched = host(Timing(turn=60.0))
    await watched.infrastructure.start()
    keys = [ObjectKey("shop", f"web-{number}") for number in range(10 * (os.cpu_count() or 1))]
    for key in keys:
        await watched.run_program(sys.executable, "-c", "import time; time.sleep(99)", key=key, drain=0.0)
    await until(watched.infrastructure.running)
    async with asyncio.timeout(20):
        await watched.infrastructure.stop_all()
    assert not any(watched.processes(key) for key in keys)


async def test_delete_leaves_nothing(host: Host, state_dir: Path) -> None:
    """No process, no folder, no socket, nothing owned; twice is once."""
    watched = host()
    await watched.infrastructure.start()
    binding = await watched.run()
    await watched.infrastructure.delete(WEB)
    await watched.infrastructure.delete(WEB)
    assert not records.folder(state_dir, WEB).exists()
    assert not left_of(binding)
    assert watched.infrastructure.owned() == frozenset()
