"""The queue hands a key to one worker at a time, merges what is added meanwhile, and delays only what failed."""

import asyncio
import random

import pytest

from genkan.engine import KeyQueue, Scope, work
from genkan.errors import TransientError


async def test_a_key_is_handed_out_once_however_often_it_is_added() -> None:
    """Bursts coalesce, and the larger scope absorbs the smaller."""
    queue: KeyQueue[str] = KeyQueue()
    queue.add("a", Scope.ENDPOINTS)
    queue.add("a", Scope.ALL)
    queue.add("a", Scope.ENDPOINTS)
    assert await queue.get() == ("a", Scope.ALL)
    assert len(queue) == 0


async def test_a_key_added_while_worked_on_comes_again_afterwards() -> None:
    """No two workers hold one key, and no change is missed."""
    queue: KeyQueue[str] = KeyQueue()
    queue.add("a")
    await queue.get()
    queue.add("a", Scope.ENDPOINTS)
    assert len(queue) == 0
    queue.done("a")
    assert await queue.get() == ("a", Scope.ENDPOINTS)


async def test_get_waits_for_a_key() -> None:
    """A worker sleeps until there is work."""
    queue: KeyQueue[str] = KeyQueue()
    getting = asyncio.ensure_future(queue.get())
    await asyncio.sleep(0)
    assert not getting.done()
    queue.add("a")
    assert await asyncio.wait_for(getting, 5) == ("a", Scope.ALL)


async def test_of_two_times_the_earlier_wins_and_the_larger_scope() -> None:
    """A far timer never hides a near one."""
    queue: KeyQueue[str] = KeyQueue()
    queue.add_after("a", 0.01, Scope.ENDPOINTS)
    queue.add_after("a", 3600, Scope.ALL)
    assert await asyncio.wait_for(queue.get(), 5) == ("a", Scope.ALL)
    queue.close()


async def test_the_back_off_doubles_with_jitter_and_is_forgotten_after_success() -> None:
    """Each failure waits between half and all of 50 ms, 100 ms, 200 ms and so on."""
    queue: KeyQueue[str] = KeyQueue(rng=random.Random(7))
    delays = [queue.retry("a") for _ in range(4)]
    for number, delay in enumerate(delays):
        assert 0.025 * 2**number <= delay <= 0.05 * 2**number
    queue.succeeded("a")
    assert queue.retry("a") <= 0.05
    queue.close()


async def test_the_back_off_has_a_ceiling() -> None:
    """However long it fails, it is tried every minute."""
    queue: KeyQueue[str] = KeyQueue()
    assert max(queue.retry("a") for _ in range(100)) <= 60
    queue.close()


async def test_a_forgotten_key_does_not_come_again() -> None:
    """What is gone leaves no timer behind."""
    queue: KeyQueue[str] = KeyQueue()
    queue.add_after("gone", 0.0)
    queue.add_after("there", 0.0)
    queue.forget("gone")
    assert await asyncio.wait_for(queue.get(), 5) == ("there", Scope.ALL)
    assert len(queue) == 0


@pytest.mark.parametrize(
    ("error", "at_least"),
    [
        pytest.param(ValueError("broken"), 0.0, id="any error"),
        pytest.param(TransientError("slow down", retry_after=30), 30.0, id="the other side asked for 30 seconds"),
    ],
)
async def test_a_failing_key_never_stops_another(error: Exception, at_least: float) -> None:
    """One broken key is told and retried later; the others are worked on at once."""
    queue: KeyQueue[str] = KeyQueue()
    worked: list[str] = []
    failures: list[tuple[str, Exception, float]] = []
    finished = asyncio.Event()

    async def handle(key: str, _scope: Scope) -> None:
        await asyncio.sleep(0)
        if key == "broken":
            raise error
        worked.append(key)
        if len(worked) == 2:
            finished.set()

    for key in ("broken", "b", "c"):
        queue.add(key)
    workers = asyncio.ensure_future(work(queue, handle, workers=1, on_error=lambda *told: failures.append(told)))
    await asyncio.wait_for(finished.wait(), 5)
    workers.cancel()
    queue.close()
    assert worked == ["b", "c"]
    assert [(key, told) for key, told, _ in failures] == [("broken", error)]
    assert failures[0][2] >= at_least
