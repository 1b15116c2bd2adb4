"""The forwarder: passes bytes on, and is late, deaf or unwilling when it is told to be."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cluster.forward import Control, serve


async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a line in capitals, then close."""
    writer.write((await reader.readline()).upper())
    await writer.drain()
    writer.close()


class Settings:
    """The forwarder's control file; it does not exist before something is set."""

    def __init__(self, path: Path) -> None:
        """Take its path."""
        self.path = path

    def set(self, **values: float) -> None:
        """Write it."""
        self.path.write_text(json.dumps(values))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Nothing set."""
    return Settings(tmp_path / "control.json")


@pytest.fixture
async def port(settings: Settings) -> AsyncIterator[int]:
    """A forwarder before a server that shouts; gives the forwarder's port."""
    async with await asyncio.start_server(shout, "127.0.0.1", 0) as far:
        listener = socket.create_server(("127.0.0.1", 0))
        number = listener.getsockname()[1]
        target = far.sockets[0].getsockname()[1]
        forwarding = asyncio.create_task(serve(listener, "127.0.0.1", target, Control(settings.path)))
        yield number
        forwarding.cancel()
        await asyncio.gather(forwarding, return_exceptions=True)


async def ask(port: int) -> bytes:
    """Send a line and read until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello\n")
    answer = await reader.read()
    writer.close()
    return answer


async def test_passes_on_both_ways_and_closes(port: int) -> None:
    """Without settings the bytes and the end of the connection arrive."""
    assert await ask(port) == b"HELLO\n"


async def test_a_delay_counts_each_way(port: int, settings: Settings) -> None:
    """Question and answer are held for the delay each."""
    settings.set(delay=0.15)
    began = time.monotonic()
    assert await ask(port) == b"HELLO\n"
    assert time.monotonic() - began >= 0.3


async def test_refusing_closes_new_connections(port: int, settings: Settings) -> None:
    """A refused client sees its connection closed, without an answer."""
    settings.set(refuse=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.read() == b""
    writer.close()


async def test_a_stall_holds_until_it_is_taken_back(port: int, settings: Settings) -> None:
    """A stalled connection stays open and silent, and goes on when the settings change."""
    settings.set(stall=True)
    asking = asyncio.create_task(ask(port))
    done, _ = await asyncio.wait([asking], timeout=0.3)
    assert not done
    settings.set()
    assert await asking == b"HELLO\n"
