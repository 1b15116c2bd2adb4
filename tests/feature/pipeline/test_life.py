"""The life of `genkan serve` and of its data planes: start, crash, take-over, drain, end; and what the other commands say meanwhile."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from tests.feature.pipeline.asking import becomes, put_backends, who
from tests.support.client import Target, request
from tests.support.manifests import backend, ingress, path, rule
from tests.support.processes import alive, end
from tests.support.serve import Serve, genkan, get, serving
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_get_shows_what_kubectl_would(serve: Serve, addresses: dict[str, str]) -> None:
    """A List of Ingresses with addresses and ports, Events beside it, and the table."""
    put_backends(serve, addresses)
    serve.write("shown.yaml", ingress("shown", rule("shown.test", path("/", "red"), path("/none", "nobody"))))
    front = await serve.front("shown")
    await serve.event("ServiceNotFound", "shown")
    [found] = [each for each in await get("ingress", serve.state) if each["metadata"]["name"] == "shown"]
    assert (found["apiVersion"], found["kind"]) == ("networking.k8s.io/v1", "Ingress")
    assert found["spec"]["rules"][0]["host"] == "shown.test"
    assert found["status"]["loadBalancer"]["ingress"][0]["ip"] == front.address
    events = [each for each in await get("events", serve.state) if each["regarding"]["name"] == "shown"]
    assert {each["apiVersion"] for each in events} == {"events.k8s.io/v1"}
    assert "ServiceNotFound" in {each["reason"] for each in events}
    code, table, _ = await genkan("get", "ingress", "-n", "default", "--state-dir", serve.state)
    line = next(line for line in table.splitlines() if line.startswith("shown "))
    assert code == 0
    assert table.split()[:6] == ["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"]
    assert line.split()[1:5] == ["genkan", "shown.test", front.address, "80"]


async def test_a_data_plane_that_dies_is_restarted(serve: Serve, addresses: dict[str, str]) -> None:
    """Same address, a new process, an Event; a neighbour notices nothing."""
    put_backends(serve, addresses)
    for name in ("dies", "lives"):
        serve.write(f"{name}.yaml", ingress(name, default=backend("red")))
    dies, lives = await serve.front("dies"), await serve.front("lives")
    before = serve.data_planes()
    os.kill(before["default/dies"], signal.SIGKILL)
    await until(lambda: serve.data_planes().get("default/dies", before["default/dies"]) != before["default/dies"], 15)
    await until(lambda: _answers(dies.plain.address, dies.http), 15, what="the same address again")
    assert await who(lives.plain) == "red"
    assert serve.data_planes()["default/lives"] == before["default/lives"]
    await serve.event("DataPlaneRestarted", "dies")


async def _answers(address: str, port: int) -> bool:
    _, writer = await asyncio.open_connection(address, port)
    writer.close()
    await writer.wait_closed()
    return True


async def test_ctrl_c_drains_and_leaves_nothing(tmp_path: Path, addresses: dict[str, str]) -> None:
    """A request in flight is answered; then no process is left, and the exit code is 0. SIGTERM does the same."""
    for number in (signal.SIGINT, signal.SIGTERM):
        async with serving(tmp_path / str(int(number))) as serve:
            put_backends(serve, addresses)
            serve.write("flight.yaml", ingress("flight", default=backend("red")))
            front = await serve.front("flight")
            await becomes(front.plain, "red")
            flight = asyncio.ensure_future(request(front.plain, "/?delay=1&count=flight"))
            await until(lambda: _counted(addresses["red"], "flight"), what="the request to be in flight")
            assert serve.process is not None
            assert await end(serve.process, number=number, deadline=20) == 0
            assert (await flight).received.name == "red"
            assert not serve.data_planes()


async def _counted(address: str, key: str) -> bool:
    host, _, port = address.rpartition(":")
    return (await request(Target(host, int(port)), f"/-/count/{key}")).body != b"0"


async def test_stop_ends_what_a_killed_serve_left(tmp_path: Path, addresses: dict[str, str]) -> None:
    """While it serves, stop refuses; once it is killed, the data planes serve on until stop ends them."""
    async with serving(tmp_path) as serve:
        put_backends(serve, addresses)
        serve.write("left.yaml", ingress("left", default=backend("red")))
        front = await serve.front("left")
        await becomes(front.plain, "red")
        code, _, errors = await genkan("stop", "--state-dir", serve.state)
        assert code == 1
        assert serve.process is not None
        assert str(serve.process.pid) in errors
        await serve.kill()
        [pid] = serve.data_planes().values()
        assert await who(front.plain) == "red"
        code, _, errors = await genkan("stop", "--state-dir", serve.state)
        assert code == 0, errors
        assert not alive(pid)
        await serve.start()
        await becomes((await serve.front("left")).plain, "red")


async def test_a_new_serve_takes_over(tmp_path: Path, addresses: dict[str, str]) -> None:
    """Same processes, same addresses; an Ingress that was deleted meanwhile goes, one that was added comes."""
    async with serving(tmp_path) as serve:
        put_backends(serve, addresses)
        for name in ("stays", "goes"):
            serve.write(f"{name}.yaml", ingress(name, default=backend("red")))
        front, _ = await serve.front("stays"), await serve.front("goes")
        await becomes(front.plain, "red")
        pid = serve.data_planes()["default/stays"]
        await serve.kill()
        serve.remove("goes.yaml")
        serve.write("comes.yaml", ingress("comes", default=backend("green")))
        await serve.start()
        await becomes((await serve.front("comes")).plain, "green")
        await until(lambda: "default/goes" not in serve.data_planes(), 15, what="the deleted one to be gone")
        assert serve.data_planes()["default/stays"] == pid
        serve.write("stays.yaml", ingress("stays", default=backend("blue")))
        await becomes(front.plain, "blue")
        assert await serve.front("stays") == front


async def test_a_start_that_fails_ends_nothing(tmp_path: Path, addresses: dict[str, str]) -> None:
    """Whoever serves goes on serving: a taken metrics port is a mistake of the operator's, not of the users'."""
    async with serving(tmp_path) as serve:
        put_backends(serve, addresses)
        serve.write("stays.yaml", ingress("stays", default=backend("red")))
        front = await serve.front("stays")
        await becomes(front.plain, "red")
        pids = serve.data_planes()
        await serve.kill()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            metrics = f"127.0.0.1:{taken.getsockname()[1]}"
            code, _, errors = await genkan(
                "serve", serve.manifests, "--state-dir", serve.state, "--metrics-bind-address", metrics
            )
        assert (code, "in use" in errors) == (1, True), errors
        assert serve.data_planes() == pids
        assert await who(front.plain) == "red"
        await serve.start()
        await serve.event("DataPlaneTakenOver", "stays")
        assert await who(front.plain) == "red"
        assert serve.data_planes() == pids
