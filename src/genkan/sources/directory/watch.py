"""When to look again: paths that changed below some folders, as the operating system tells, or by the clock where it cannot.

Gives absolute paths as they change, a few milliseconds after the last of a burst; an empty set means "look at everything". Knows
nothing of manifests.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import structlog
from watchfiles import awatch

QUIET_MS = 5
"""A burst of changes is over when nothing came for so long."""

BURST_MS = 40
"""A burst that does not end is told after so long."""

POLL_SECONDS = 0.5
"""How often to look where the operating system does not tell."""

LOOK_UP_MS = 250
"""How often the waiting thread looks whether it shall stop."""

log = structlog.get_logger()

Watch = Callable[[tuple[Path, ...], asyncio.Event], AsyncIterator[frozenset[str]]]


async def watch(folders: tuple[Path, ...], stop: asyncio.Event) -> AsyncIterator[frozenset[str]]:
    """Give changed paths until `stop` is set. The first empty item says that from now on nothing is missed."""
    try:
        async for changes in by_notification(folders, stop):
            yield changes
    except (OSError, RuntimeError) as error:
        if stop.is_set():
            return
        log.warning(
            "the system does not tell about changes of files, looking again and again; "
            "if a limit is reached, raise fs.inotify.max_user_watches or max_user_instances",
            error=str(error),
            seconds=POLL_SECONDS,
        )
        async for changes in by_clock(stop):
            yield changes


async def by_notification(folders: tuple[Path, ...], stop: asyncio.Event) -> AsyncIterator[frozenset[str]]:
    """Let the operating system tell."""
    watching = False
    changes_of = awatch(
        *folders,
        watch_filter=None,
        debounce=BURST_MS,
        step=QUIET_MS,
        stop_event=stop,
        rust_timeout=LOOK_UP_MS,
        yield_on_timeout=True,
        ignore_permission_denied=False,  # True would also swallow "watch limit reached", and watch half of the folders
    )
    async for changes in changes_of:
        if changes:
            yield frozenset(path for _, path in changes)
        if not watching:
            watching = True  # what changed before the watch stood is found by looking once more
            yield frozenset()


async def by_clock(stop: asyncio.Event) -> AsyncIterator[frozenset[str]]:
    """Say "look at everything" again and again."""
    while not stop.is_set():
        yield frozenset()
        try:
            await asyncio.wait_for(stop.wait(), POLL_SECONDS)
        except TimeoutError:
            continue
