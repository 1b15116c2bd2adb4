"""A queue of keys with the semantics of client-go's work queue, and the workers that empty it.

A key is handed to one worker at a time; what is added while it is being worked on is handed out again afterwards, once. Scopes
merge: the larger absorbs the smaller. A failed key comes back after an exponential back-off of its own, so that one broken key
never delays another.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable
from enum import IntEnum
from typing import Generic, TypeVar

from genkan.errors import TransientError

K = TypeVar("K", bound=Hashable)

FIRST_RETRY = 0.05
"""Seconds until the first retry of a failed key; doubled each time."""
LAST_RETRY = 60.0
"""Seconds that the back-off never exceeds."""


class Scope(IntEnum):
    """How much of a key has to be done; each includes the smaller ones."""

    REPORT = 0
    ENDPOINTS = 1
    ALL = 2


class KeyQueue(Generic[K]):
    """Keys that wait, keys that are being worked on, and keys that wait for their time."""

    def __init__(self, *, rng: random.Random | None = None) -> None:
        self._waiting: dict[K, Scope] = {}
        self._working: set[K] = set()
        self._again: dict[K, Scope] = {}
        self._failures: dict[K, int] = {}
        self._timers: dict[K, tuple[float, Scope, asyncio.TimerHandle]] = {}
        self._wakeup = asyncio.Event()
        self._random = rng or random.Random()  # noqa: S311 - jitter, not a secret

    def __len__(self) -> int:
        """Count the keys that could be handed out now."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """True when nothing waits and nothing is being worked on; keys that wait for their time do not count."""
        return not self._waiting and not self._working

    def add(self, key: K, scope: Scope = Scope.ALL) -> None:
        """Have the key worked on as soon as possible."""
        target = self._again if key in self._working else self._waiting
        target[key] = max(scope, target.get(key, scope))
        self._wakeup.set()

    def add_after(self, key: K, delay: float, scope: Scope = Scope.ALL) -> None:
        """Have the key worked on in `delay` seconds; of two such wishes the earlier time and the larger scope win."""
        loop = asyncio.get_running_loop()
        when = loop.time() + delay
        if (pending := self._timers.pop(key, None)) is not None:
            pending[2].cancel()
            when, scope = min(when, pending[0]), max(scope, pending[1])
        self._timers[key] = (when, scope, loop.call_at(when, self._due, key))

    def retry(self, key: K, scope: Scope = Scope.ALL, *, at_least: float = 0.0) -> float:
        """Have a failed key worked on again after its back-off, with full jitter; returns the delay in seconds."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        ceiling = min(LAST_RETRY, FIRST_RETRY * 2 ** min(failures - 1, 20))
        delay = max(at_least, self._random.uniform(ceiling / 2, ceiling))
        self.add_after(key, delay, scope)
        return delay

    def succeeded(self, key: K) -> None:
        """Forget a key's failures."""
        self._failures.pop(key, None)

    def forget(self, key: K) -> None:
        """Forget a key that is gone: its failures, and any later time."""
        self.succeeded(key)
        if (pending := self._timers.pop(key, None)) is not None:
            pending[2].cancel()

    async def get(self) -> tuple[K, Scope]:
        """Wait for a key that nobody works on; the caller must call `done` for it."""
        while not self._waiting:
            self._wakeup.clear()
            await self._wakeup.wait()
        key = next(iter(self._waiting))
        scope = self._waiting.pop(key)
        self._working.add(key)
        return key, scope

    def done(self, key: K) -> None:
        """Say that the work on a key has ended, well or not."""
        self._working.discard(key)
        if (scope := self._again.pop(key, None)) is not None:
            self.add(key, scope)

    def close(self) -> None:
        """Cancel what waits for its time."""
        for _, _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _due(self, key: K) -> None:
        _, scope, _ = self._timers.pop(key)
        self.add(key, scope)


async def work(
    queue: KeyQueue[K],
    handle: Callable[[K, Scope], Awaitable[None]],
    *,
    workers: int,
    on_error: Callable[[K, Exception, float], None],
) -> None:
    """Empty the queue with `workers` tasks until cancelled; `on_error` is told of each failure and its delay in seconds."""

    async def worker() -> None:
        while True:
            key, scope = await queue.get()
            try:
                await handle(key, scope)
            except Exception as error:  # noqa: BLE001 - whatever went wrong with one key must not end the others
                at_least = error.retry_after or 0.0 if isinstance(error, TransientError) else 0.0
                on_error(key, error, queue.retry(key, scope, at_least=at_least))
            else:
                queue.succeeded(key)
            finally:
                queue.done(key)

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(worker())
