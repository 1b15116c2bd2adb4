"""Waiting for the outside world: poll a condition until a deadline, never sleep and hope."""

import asyncio
import inspect
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

T = TypeVar("T")


class StillWaitingError(AssertionError):
    """The deadline passed; the text tells for what, and what was seen last."""


@overload
async def until(
    predicate: Callable[[], Coroutine[Any, Any, T | None]],
    deadline: float = ...,
    *,
    what: str = ...,
    interval: float = ...,
) -> T: ...
@overload
async def until(
    predicate: Callable[[], T | None], deadline: float = ..., *, what: str = ..., interval: float = ...
) -> T: ...
async def until(predicate: Callable[[], Any], deadline: float = 10.0, *, what: str = "", interval: float = 0.02) -> Any:
    """Call `predicate` until what it gives is true, and give that back; at most `deadline` seconds.

    An AssertionError or OSError of the predicate counts as "not yet" and is told when the deadline passes.
    """
    end = time.monotonic() + deadline
    last: object = None
    while True:
        try:
            found = predicate()
            value = await found if inspect.isawaitable(found) else found
        except (AssertionError, OSError) as error:
            last = error
        else:
            if value:
                return value
            last = value
        if time.monotonic() > end:
            raise StillWaitingError(f"waited {deadline:g} s for {what or repr(predicate)}; last: {last!r}")
        await asyncio.sleep(interval)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
