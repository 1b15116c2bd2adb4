"""The load generator counts every loss: it is itself tested against servers that misbehave on purpose."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.cluster.load import KEPT, NEW, Generator, Spec
from tests.cluster.losses import Expectation, Tally

Misbehave = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


def good(target: bytes) -> bytes:
    body = b"right " + target
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def reset(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.transport.abort()


async def close_silently(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.close()


async def unavailable(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")


async def cut_short(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nright")
    writer.close()


async def cut_chunk(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nright")
    writer.close()


async def wrong_body(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")


async def of_another(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(good(b"/?n=999999"))


async def no_http(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(b"220 mail.example ESMTP\r\n\r\n")


async def never(_: asyncio.StreamWriter, __: bytes) -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def server(bad: Misbehave | None = None, at: int = 0, kind: str = KEPT) -> AsyncIterator[int]:
    """A keep-alive server that answers rightly, but for the request number `at` of one kind; gives its port."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                target = head.split(b" ")[1]
                asked = NEW if b"Connection: close" in head else KEPT
                if bad and asked == kind and target.endswith(b"?n=%d" % at):
                    await bad(writer, target)
                else:
                    writer.write(good(target))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


async def run(port: int, *, requests: int, rate: float = 500, timeout: float = 0.5) -> Tally:
    """Send that many requests of each kind."""
    spec = Spec(
        url=f"http://127.0.0.1:{port}/", keep_alive=rate, new_connections=rate, seconds=requests / rate, timeout=timeout,
        expect=Expectation(pattern="^right", echoes=True),
    )  # fmt: skip
    return await Generator(spec).run(asyncio.Event())


@pytest.mark.parametrize("kind", [KEPT, NEW])
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (reset, "ConnectionResetError|connection closed"),
        (close_silently, "connection closed before an answer"),
        (unavailable, "status 503"),
        (cut_short, "body cut after 5 bytes"),
        (cut_chunk, "body cut after 5 bytes"),
        (wrong_body, "wrong body: 'wrong'"),
        (of_another, "answer to another request"),
        (no_http, "no HTTP answer"),
        (never, "no answer in 0.5 s"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_one_bad_answer_is_one_loss(bad: Misbehave, reason: str, kind: str) -> None:
    """A single bad answer among good ones is found, with its kind, its number and its reason."""
    async with server(bad, at=50, kind=kind) as port:
        tally = await run(port, requests=100)
    assert tally.unaccounted == 0
    (loss,) = tally.losses
    assert (loss.kind, loss.number) == (kind, 50)
    assert any(part in loss.reason for part in reason.split("|"))


async def test_good_answers_are_no_losses() -> None:
    """A server that behaves loses nothing, and everything sent is accounted for."""
    async with server() as port:
        tally = await run(port, requests=500)
    assert not tally.losses, str(tally)
    assert tally.unaccounted == 0
    assert tally.sent == tally.answered == {KEPT: 500, NEW: 500}


async def test_a_connection_closed_while_idle_is_no_loss() -> None:
    """A server that ends its keep-alive connections between requests is met with new ones."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(good(head.split(b" ")[1]).replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as listening:
        tally = await run(listening.sockets[0].getsockname()[1], requests=200, rate=500)
    assert not tally.losses, str(tally)


async def test_nobody_listening_loses_all() -> None:
    """Refused connections are losses, each of them."""
    async with server() as port:
        pass
    tally = await run(port, requests=20, rate=200)
    assert len(tally.losses) == tally.sent.total() == 40
    assert all("ConnectionRefusedError" in reason for reason in tally.reasons())
