"""The process: when it is ready, what it opens, what it says when it cannot."""

import socket
import stat
from pathlib import Path

import pytest

from tests.feature.envoy.plane import running, unready
from tests.support.client import request
from tests.support.echo import Echo
from tests.support.traffic import cluster, endpoints, host, route, traffic
from tests.support.waiting import until

WANTED = traffic(host("*", route("/", "web")), clusters=(cluster("web"),))


async def test_ready_means_that_it_serves() -> None:
    """Not before everything has been received: no client ever meets a data plane that knows nothing yet."""
    async with Echo("web") as web, unready() as (plane, log):
        await until(lambda: Path(plane.admin).exists(), what="Envoy to start")
        with pytest.raises(OSError, match="Cannot connect"):
            await plane.ready()
        await plane.publish(WANTED, endpoints("web", web.address))
        await until(plane.ready, what="Envoy to be ready")
        assert (await request(plane.http, host="x.example")).status == 200
        assert log.read_text() == ""


def mode(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


async def test_only_the_owner_may_use_its_sockets() -> None:
    async with running(WANTED) as plane:
        for path in (plane.admin, plane.readiness):
            assert mode(path) == 0o600


async def test_a_port_that_is_taken_is_refused_in_envoys_words() -> None:
    """Never shared: without this, two processes would split the traffic of one address."""
    async with unready() as (plane, _):
        taken = socket.create_server((plane.http.address, plane.http.port))
        with taken, pytest.raises(AssertionError, match=r"Address already in use|cannot bind"):
            await plane.publish(WANTED)
