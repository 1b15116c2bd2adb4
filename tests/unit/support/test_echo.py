"""The echo backend tells the truth: what every wire test believes."""

import asyncio
from pathlib import Path

import pytest

from tests.support.certificates import names_in, self_signed, server_context
from tests.support.client import Target, connect, request, request_http2, websocket
from tests.support.echo import Echo


async def test_http1_is_told_byte_for_byte() -> None:
    """Path and query as sent, headers in order and case as sent, the body by length and digest."""
    async with Echo("one") as echo:
        path = "/a%2Fb//c/../d?x=%20&y"
        answer = await request(Target("127.0.0.1", echo.port), path, host="H.test:81", method="PUT", body=b"abc")
    received = answer.received
    assert (received.name, received.method, received.path, received.host) == ("one", "PUT", path, "H.test:81")
    assert (received.proto, received.body, received.tls) == ("HTTP/1.1", 3, False)
    assert received.headers == [("Host", "H.test:81"), ("User-Agent", "test"), ("Content-Length", "3")]


async def test_http2_with_prior_knowledge() -> None:
    """The same port speaks HTTP/2 to those who begin with its preface; bodies beyond the flow-control window arrive."""
    async with Echo("two") as echo:
        target = Target("127.0.0.1", echo.port)
        answer = await request_http2(target, "/p?q", host="h2.test", method="POST", body=b"x" * 200_000)
        large = await request_http2(target, "/?size=300000")
    assert (answer.version, answer.received.proto, answer.received.host) == ("HTTP/2", "HTTP/2.0", "h2.test")
    assert answer.received.body == 200_000
    assert len(large.body) == 300_000


async def test_tls(tmp_path: Path) -> None:
    """Either protocol by ALPN."""
    async with Echo("tls", tls=server_context(self_signed("a.test"), tmp_path)) as echo:
        target = Target("127.0.0.1", echo.port, tls=True, sni="a.test")
        answers = [await request(target, host="a.test"), await request_http2(target, host="a.test")]
    assert [(answer.received.tls, answer.received.proto) for answer in answers] == [
        (True, "HTTP/1.1"),
        (True, "HTTP/2.0"),
    ]


async def test_the_client_sees_the_certificate(tmp_path: Path) -> None:
    """The leaf as DER."""
    pair = self_signed("a.test", "b.test")
    async with (
        Echo("tls", tls=server_context(pair, tmp_path)) as echo,
        connect(Target("127.0.0.1", echo.port, tls=True, sni="a.test"), "h2") as connection,
    ):
        assert connection.certificate == pair.leaf
        assert names_in(connection.certificate) == ["a.test", "b.test"]
        assert connection.alpn == "h2"


async def test_websocket() -> None:
    """Text comes back behind the backend's name."""
    async with Echo("ws") as echo, websocket(Target("127.0.0.1", echo.port), host="w.test") as session:
        await session.send_str("hello")
        assert await session.receive_str() == "ws: hello"
        await session.send_bytes(b"\x00")
        assert await session.receive_bytes() == b"\x00"


async def test_grpc_ends_in_trailers() -> None:
    """Messages come back, and the status is a trailer."""
    async with Echo("grpc") as echo:
        target = Target("127.0.0.1", echo.port)
        said = {"content-type": "application/grpc", "te": "trailers"}
        answer = await request_http2(target, "/s/m", method="POST", headers=said, body=b"\0\0\0\0\1x")
    assert (answer.status, answer.body, answer.header("content-type")) == (200, b"\0\0\0\0\1x", "application/grpc")


@pytest.mark.parametrize("query", ["reset=before", "reset=100&size=1000"])
async def test_resets(query: str) -> None:
    """A reset is a reset: no answer, or a part of one."""
    async with Echo("reset") as echo:
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await request(Target("127.0.0.1", echo.port), f"/?{query}")


async def test_wishes() -> None:
    """Status, delay, size, chunks, echo and count."""
    async with Echo("wish") as echo:
        target = Target("127.0.0.1", echo.port)
        assert (await request(target, "/?status=503&delay=0.01")).status == 503
        assert len((await request(target, "/?size=100000")).body) == 100_000
        assert (await request(target, "/?chunks=2")).body == b"wish 0\nwish 1\n"
        assert (await request(target, "/?echo=1", method="POST", body=b"back")).body == b"back"
        assert (await request(target, "/?close=1")).header("connection") == "close"
        for _ in range(3):
            await request(target, "/?count=key")
        assert (await request(target, "/-/count/key")).body == b"3"


async def test_idle_connections_are_closed() -> None:
    """With a short keep-alive the backend hangs up on its own."""
    async with Echo("idle", keepalive=0.05) as echo, connect(Target("127.0.0.1", echo.port)) as connection:
        await connection.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert (await connection.answer()).received.name == "idle"
        async with asyncio.timeout(5):
            assert await connection.reader.read() == b""
