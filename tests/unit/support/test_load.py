"""The loss counter itself is proven: it catches one loss in 50,000, and every other way in which an answer can be wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.support.client import Target
from tests.support.load import Load, Tally, from_backends, under_load

Answer = Callable[[int, str, asyncio.Transport], None]


class _Server(asyncio.Protocol):
    """Answers each request through `answer`, which gets the request's turn, its path and the connection."""

    def __init__(self, answer: Answer, turns: list[int]) -> None:
        self._answer = answer
        self._turns = turns

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._turns[0] += 1
        self._answer(self._turns[0], data.split(b" ", 2)[1].decode(), self._transport)


@asynccontextmanager
async def _serving(answer: Answer) -> AsyncIterator[Target]:
    turns = [0]
    server = await asyncio.get_running_loop().create_server(lambda: _Server(answer, turns), "127.0.0.1", 0)
    async with server:
        yield Target("127.0.0.1", server.sockets[0].getsockname()[1])


def _right(path: str, name: str = "right") -> bytes:
    body = f'{{"name":"{name}","path":"{path}"}}'.encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


async def _nothing() -> None:
    await asyncio.sleep(0.01)


async def _run(answer: Answer, *, count: int, keep_alive: bool = True, timeout: float = 5.0) -> Tally:
    async with _serving(answer) as target:
        load = Load("probe", target, from_backends({"right"}), host="h", keep_alive=keep_alive, timeout=timeout)
        [tally] = await under_load([load], _nothing, at_least=count, limit=100)
        return tally


def _one_goes_wrong(turn: int, wrong: Callable[[str, asyncio.Transport], None]) -> Answer:
    def answer(now: int, path: str, transport: asyncio.Transport) -> None:
        if now == turn:
            wrong(path, transport)
        else:
            transport.write(_right(path))

    return answer


async def test_one_loss_in_fifty_thousand_is_caught() -> None:
    """The only failure among 50,000 requests is counted once, with its number and reason."""
    tally = await _run(_one_goes_wrong(31_337, lambda _, transport: transport.abort()), count=50_000)
    assert tally.sent >= 50_000
    assert [(loss.wrong, "connection" in loss.reason) for loss in tally.losses] == [(False, True)]
    assert tally.losses[0].number in range(31_330, 31_340)


async def test_a_clean_run_counts_nothing() -> None:
    """The counter does not cry wolf."""
    tally = await _run(lambda _, path, transport: transport.write(_right(path)), count=2_000)
    assert not tally.losses
    assert tally.connections == 4


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "new connections"])
@pytest.mark.parametrize(
    ("wrong", "lost", "reason"),
    [
        pytest.param(lambda _, t: t.abort(), True, "connection", id="reset"),
        pytest.param(lambda _, t: t.close(), True, "connection closed, no byte", id="closed"),
        pytest.param(
            lambda p, t: (t.write(_right(p)[:-5]), t.close()), True, "bytes of the answer", id="truncated body"
        ),
        pytest.param(lambda p, t: t.write(_right(p)[:-5]), True, "no whole answer within", id="stalled body"),
        pytest.param(lambda _, __: None, True, "no whole answer within", id="no answer"),
        pytest.param(lambda _, t: t.write(b"nonsense\r\n\r\n"), True, "not an answer", id="nonsense"),
        pytest.param(lambda p, t: t.write(_right(p, "other")), False, "wrong backend other", id="wrong backend"),
        pytest.param(lambda _, t: t.write(_right("/?n=x")), False, "answer to another request", id="crossed answers"),
        pytest.param(
            lambda _, t: t.write(b"HTTP/1.1 503 Oops\r\ncontent-length: 0\r\n\r\n"),
            False,
            "status 503",
            id="wrong status",
        ),
        pytest.param(
            lambda _, t: t.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"),
            False,
            "not the backend",
            id="wrong body",
        ),
    ],
)
async def test_each_way_to_fail_is_caught(
    wrong: Callable[[str, asyncio.Transport], None], lost: bool, reason: str, keep_alive: bool
) -> None:
    """One bad answer among 100 is one entry, of the right kind and with a reason that says what happened."""
    tally = await _run(_one_goes_wrong(50, wrong), count=100, keep_alive=keep_alive, timeout=0.5)
    assert [(not loss.wrong, reason in loss.reason) for loss in tally.losses] == [(lost, True)], tally
    assert (tally.lost, tally.wrong) == ((1, 0) if lost else (0, 1))


async def test_a_refused_connection_is_a_loss() -> None:
    """Nobody listens: each request is lost, and the run still ends."""
    async with _serving(lambda *_: None) as target:
        pass
    load = Load("probe", target, from_backends({"right"}), host="h", connections=1, rate=200)
    [tally] = await under_load([load], _nothing, at_least=5)
    assert tally.lost == tally.sent >= 5
    assert all("connection failed" in loss.reason for loss in tally.losses)


async def test_a_server_that_announces_its_close_costs_nothing() -> None:
    """`Connection: close` is a promise kept: the client opens a new connection, as every client does."""

    def answer(now: int, path: str, transport: asyncio.Transport) -> None:
        if now % 10:
            transport.write(_right(path))
        else:
            transport.write(_right(path).replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
            transport.close()

    tally = await _run(answer, count=500)
    assert not tally.losses
    assert tally.connections >= 50


async def test_the_operation_is_repeated_until_enough_was_sent() -> None:
    """Every request of the run is sent while the operation goes on, and its failure ends the run."""
    turns = 0

    async def operation() -> None:
        nonlocal turns
        turns += 1
        await asyncio.sleep(0.02)

    async with _serving(lambda _, path, transport: transport.write(_right(path))) as target:
        load = Load("probe", target, from_backends({"right"}), host="h", rate=1000)
        [tally] = await under_load([load], operation, at_least=200)
    assert turns > 2
    assert 200 <= tally.sent < 2_000
