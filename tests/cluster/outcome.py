"""How the cluster speaks to whoever started it: progress while it works, one clear error when it cannot."""

import sys
import time
from collections.abc import Callable

_STARTED = time.monotonic()


class ClusterError(Exception):
    """The machine, a registry or a component did not do what was asked; the text says what to do about it."""


def say(text: str) -> None:
    """Print one line of progress, with the seconds since the program began."""
    sys.stderr.write(f"{time.monotonic() - _STARTED:6.1f} s  {text}\n")
    sys.stderr.flush()


def wait_until(what: str, check: Callable[[], object], *, seconds: float, interval: float = 0.1) -> float:
    """Call `check` until it returns something true; give back how many seconds that took.

    A `ClusterError` or `OSError` from `check` counts as "not yet" and is quoted when the time is over.
    """
    began = time.monotonic()
    last = "no answer yet"
    while True:
        try:
            if check():
                return time.monotonic() - began
        except (ClusterError, OSError) as error:
            last = str(error)
        if time.monotonic() - began > seconds:
            raise ClusterError(f"waited {seconds:g} s for {what}: {last}")
        time.sleep(interval)
