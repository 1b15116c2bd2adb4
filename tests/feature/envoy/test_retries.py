"""When a request is sent once more, and when never: counted at the backend."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from genkan.ir import RetryPolicy, Traffic
from tests.feature.envoy.plane import Plane, running
from tests.support.client import request
from tests.support.echo import Echo
from tests.support.traffic import cluster, endpoints, forward, host, route, traffic
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

_KEYS = (f"k{number}" for number in itertools.count())


@dataclass
class Stale:
    """A backend that answers one request on each connection and closes on the next without a word.

    That is what a request sees that meets the closing of an idle connection.
    """

    requests: int = 0
    lost: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One answer; the second request finds the connection closed."""
        self.open.add(writer)
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.requests += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
            await writer.drain()
            if await reader.read(1):
                self.lost += 1
        finally:
            self.open.discard(writer)
            writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web() -> AsyncIterator[Echo]:
    async with Echo("web") as echo:
        yield echo


def wanted() -> Traffic:
    return traffic(
        host("web.example", route("/never", forward("web", retry=None)), route("/", "web")),
        host("safe.example", route("/", forward("web", retry=RetryPolicy(after_send=False)))),
        host("half.example", route("/", "half")),
        host("*.wild.example", route("/", "web")),
        clusters=(cluster("web"), cluster("half")),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plane(web: Echo) -> AsyncIterator[Plane]:
    sets = (endpoints("web", web.address), endpoints("half", "127.0.0.1:1", web.address))
    async with running(wanted(), *sets) as plane:
        yield plane


@pytest.mark.parametrize(
    ("method", "times"),
    [
        *(("GET", 2), ("HEAD", 2), ("OPTIONS", 2), ("PUT", 2), ("DELETE", 2), ("TRACE", 2)),
        *(("POST", 1), ("PATCH", 1), ("PROPFIND", 1)),
    ],
)
@pytest.mark.parametrize("name", ["web.example", "a.wild.example"])
async def test_only_an_idempotent_request_is_sent_again_after_a_reset(
    plane: Plane, web: Echo, method: str, times: int, name: str
) -> None:
    """RFC 9110, 9.2.2: once more for those, never for the rest."""
    key = next(_KEYS)
    answer = await request(plane.http, f"/?reset=before&count={key}", host=name, method=method)
    assert answer.status == 503
    assert web.seen.counts[key] == times


@pytest.mark.parametrize(
    ("name", "path", "times"),
    [("web.example", "/never", 1), ("safe.example", "/", 1), ("web.example", "/", 2)],
    ids=["no retry at all", "none after sending", "the default"],
)
async def test_a_route_may_ask_for_less(plane: Plane, web: Echo, name: str, path: str, times: int) -> None:
    key = next(_KEYS)
    await request(plane.http, f"{path}?reset=before&count={key}", host=name)
    assert web.seen.counts[key] == times


async def test_a_client_cannot_ask_for_more(plane: Plane, web: Echo) -> None:
    """Envoy's own headers are taken off at the edge."""
    key = next(_KEYS)
    asked = {"X-Envoy-Retry-On": "reset,5xx", "X-Envoy-Max-Retries": "5"}
    path = f"/?reset=before&count={key}"
    await request(plane.http, path, host="web.example", method="POST", headers=asked, body=b"x")
    assert web.seen.counts[key] == 1


async def test_an_answer_that_began_is_not_asked_for_again(plane: Plane, web: Echo) -> None:
    key = next(_KEYS)
    with pytest.raises(asyncio.IncompleteReadError):
        await request(plane.http, f"/?reset=10&count={key}", host="web.example")
    assert web.seen.counts[key] == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_answer_is_an_answer(plane: Plane, web: Echo, status: int) -> None:
    """A backend that says 503 is not asked again."""
    key = next(_KEYS)
    assert (await request(plane.http, f"/?status={status}&count={key}", host="web.example")).status == status
    assert web.seen.counts[key] == 1


async def test_a_body_too_large_to_keep_is_sent_once(plane: Plane, web: Echo) -> None:
    """And passes: a limit on what can be sent again is none on what can be sent."""
    key = next(_KEYS)
    body = b"x" * 4_000_000
    whole = await request(plane.http, "/", host="web.example", method="PUT", body=body)
    await request(plane.http, f"/?delay=0.5&reset=before&count={key}", host="web.example", method="PUT", body=body)
    assert whole.received.body == len(body)
    assert web.seen.counts[key] == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_endpoint_that_does_not_listen_costs_nobody(plane: Plane, method: str) -> None:
    """Connection refused: the other endpoint answers, for every method, because nothing was sent."""
    answers = [await request(plane.http, host="half.example", method=method) for _ in range(20)]
    assert {answer.status for answer in answers} == {200}


async def test_idle_connections_that_the_backend_closes_lose_nothing() -> None:
    """Every second request meets a closing connection, and every one is answered."""
    stale = Stale()
    server = await asyncio.start_server(stale.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        running(
            traffic(host("*", route("/", "web")), clusters=(cluster("web"),)), endpoints("web", f"127.0.0.1:{port}")
        ) as plane,
    ):
        answers = [await request(plane.http, host="x.example") for _ in range(30)]
        for writer in list(stale.open):
            writer.close()
    assert {answer.status for answer in answers} == {200}
    assert stale.requests == 30
    assert stale.lost > 0, "the backend never closed on a request: this test proves nothing"


async def test_idle_connections_are_ours_to_close(plane: Plane) -> None:
    """After 4 seconds, so that backends which close after 5 never meet a request of ours."""
    await request(plane.http, host="web.example", method="POST")
    assert await plane.stat("cluster.web.upstream_cx_active") > 0

    async def gone() -> bool:
        return await plane.stat("cluster.web.upstream_cx_active") == 0

    await until(gone, deadline=5.5, what="idle connections to go")
