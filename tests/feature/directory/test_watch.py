"""Being told about changes, and looking by the clock where nobody tells."""

import asyncio
from contextlib import aclosing
from pathlib import Path

from genkan.sources.directory.watch import watch


async def test_told_at_once(tmp_path: Path) -> None:
    """An empty item says that the watch stands; from then on every change is told by its path."""
    stop = asyncio.Event()
    async with aclosing(watch((tmp_path,), stop)) as changes:  # type: ignore[type-var]  # it is an async generator
        assert await asyncio.wait_for(anext(changes), 5) == frozenset()
        (tmp_path / "a.yaml").write_text("a: 1\n")
        assert await asyncio.wait_for(anext(changes), 5) == {str(tmp_path / "a.yaml")}
        stop.set()


async def test_by_the_clock_when_the_system_refuses(tmp_path: Path) -> None:
    """A watch that cannot be had (here: of a folder that is not there; else a limit of the system) becomes looking everywhere, again and again."""
    stop = asyncio.Event()
    async with aclosing(watch((tmp_path / "nowhere",), stop)) as changes:  # type: ignore[type-var]  # same
        for _ in range(2):
            assert await asyncio.wait_for(anext(changes), 5) == frozenset()
        stop.set()
