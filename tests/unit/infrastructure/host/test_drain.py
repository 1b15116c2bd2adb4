"""Drain and readiness, against a small server that speaks on Unix sockets as a data plane does."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from genkan.infrastructure.host import drain
from genkan.infrastructure.host.connections import Connections
from tests.support.waiting import free_port, until

ADDRESS = "127.11.12.13"

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Admin:
    """What a data plane would say; `asked` is what it was told."""

    def __init__(self) -> None:
        self.requests: int | None = 0
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs}")
        if request.path != "/stats":
            return web.Response()
        if self.requests is None:
            return web.Response(status=404)
        lines = ("http.admin.downstream_rq_active: 1", f"http.http.downstream_rq_active: {self.requests}")
        return web.Response(text="\n".join(lines))


@asynccontextmanager
async def serving(path: Path, answer: Handler) -> AsyncIterator[str]:
    """Serve on a Unix socket."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.UnixSite(runner, str(path)).start()
    try:
        yield str(path)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def client() -> AsyncIterator[None]:
    """One client connected to ADDRESS."""
    server = await asyncio.start_server(lambda _reader, writer: held.append(writer), ADDRESS, free_port(ADDRESS))
    held: list[asyncio.StreamWriter] = []
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        await until(lambda: held)
        yield
    finally:
        for each in (writer, *held):
            each.close()
            await each.wait_closed()
        server.close()


async def clients() -> int:
    """How many there are, by the kernel."""
    return await Connections().count(ADDRESS)


async def drained(admin: str, *, seconds: float = 30.0, idle: float = 0.2) -> float:
    """Drain; gives how long it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await drain.drain(admin, clients, seconds=seconds, idle=idle, ended=lambda: False)
    return loop.time() - began


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False), (404, False)])
async def test_ready_is_200(tmp_path: Path, status: int, ready: bool) -> None:
    """And nothing else is."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status if request.path == "/ready" else 400)

    async with serving(tmp_path / "s", answer) as path:
        assert await drain.is_ready(path) is ready


async def test_nobody_there_is_not_ready(tmp_path: Path) -> None:
    """No socket yet, and a socket that nobody serves any more."""
    assert not await drain.is_ready(str(tmp_path / "absent"))
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left"))
    assert not await drain.is_ready(str(tmp_path / "left"))


async def test_accepts(tmp_path: Path) -> None:
    """Only where somebody listens."""
    del tmp_path
    port = free_port(ADDRESS)
    assert not await drain.accepts(ADDRESS, port)
    with socket.create_server((ADDRESS, port)):
        assert await drain.accepts(ADDRESS, port)


async def test_without_clients_it_is_over_at_once(tmp_path: Path) -> None:
    """The data plane is told, and told in Envoy's words."""
    admin = Admin()
    async with serving(tmp_path / "s", admin.answer) as path:
        assert await drained(path, idle=30) < 5
    assert [asked.replace("=", "") for asked in admin.asked] == [
        "POST /drain_listeners?graceful&skip_exit",
        "POST /drain_listeners",
    ]


async def test_it_waits_for_the_request_under_way(tmp_path: Path) -> None:
    """And goes on soon after it is answered, though the client stays connected."""
    admin = Admin()
    admin.requests = 1
    async with serving(tmp_path / "s", admin.answer) as path, client():
        task = asyncio.create_task(drained(path))
        await until(lambda: len(admin.asked) > 5)
        assert not task.done()
        admin.requests = 0
        async with asyncio.timeout(10):
            await task


async def test_it_waits_no_longer_than_told(tmp_path: Path) -> None:
    """A stream without end."""
    admin = Admin()
    admin.requests = 1
    async with serving(tmp_path / "s", admin.answer) as path, client():
        assert 0.5 <= await drained(path, seconds=0.5) < 10


@pytest.mark.parametrize("says", [True, False], ids=["404", "no socket"])
async def test_one_that_does_not_say_is_judged_by_its_clients(tmp_path: Path, says: bool) -> None:
    """Connections count as busy when requests are not known."""
    admin = Admin()
    admin.requests = None
    async with serving(tmp_path / "s", admin.answer) as path:
        where = path if says else str(tmp_path / "absent")
        async with client():
            task = asyncio.create_task(drained(where))
            await asyncio.wait([task], timeout=1.0)
            assert not task.done()
        async with asyncio.timeout(10):
            await task


async def test_one_that_ended_is_not_waited_for(tmp_path: Path) -> None:
    """It crashed while it was drained."""
    admin = Admin()
    admin.requests = 1
    async with serving(tmp_path / "s", admin.answer) as path, client(), asyncio.timeout(10):
        await drain.drain(path, clients, seconds=60, idle=60, ended=lambda: True)
