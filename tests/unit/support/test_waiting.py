"""Waiting ends when the condition holds, and tells what it waited for when it does not."""

import asyncio

import pytest

from tests.support.waiting import StillWaitingError, free_port, until


async def test_until_gives_the_first_true_value() -> None:
    """Errors of the outside world count as not yet."""
    turns = iter([OSError(), AssertionError("no"), 0, "yes"])

    def look() -> object:
        turn = next(turns)
        if isinstance(turn, Exception):
            raise turn
        return turn

    assert await until(look, interval=0) == "yes"


async def test_until_tells_what_it_saw_last() -> None:
    """The reader of a failed test learns what was missing."""

    async def look() -> int:
        await asyncio.sleep(0)
        return 0

    with pytest.raises(StillWaitingError, match=r"waited 0\.01 s for an address; last: 0"):
        await until(look, 0.01, what="an address")


async def test_other_errors_are_not_swallowed() -> None:
    """A mistake in a test is shown at once."""
    empty: dict[str, int] = {}
    with pytest.raises(KeyError):
        await until(lambda: empty["x"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9"])
async def test_a_free_port_can_be_bound(host: str) -> None:
    """On the address it was asked for."""
    server = await asyncio.start_server(lambda *_: None, host, free_port(host))
    server.close()
    await server.wait_closed()
