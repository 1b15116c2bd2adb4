"""An outlet for what a long-running command prints: a reader that is slow, or gone, never reaches those who print.

Takes text as any stream does; a thread writes it, line by line. Never raises and never waits: lines that find no room (a pipe that
nobody reads, a terminal that is stopped by Ctrl-S) and lines that cannot be written (EPIPE, EIO, ENOSPC) are counted, and the count
is printed before the next line that gets through.

It writes to the file descriptor and not to sys.stdout: an exiting interpreter would wait for that one's lock.
"""

import io
import os
import select
from collections import deque
from threading import Condition, Thread
from typing import IO

MOST_WAITING = 2000
"""Lines; what comes while so many wait is dropped."""

END_WITHIN = 1.0
"""Seconds that the end of a command waits for a slow reader."""


class Outlet(io.TextIOBase):
    """A text stream onto a file descriptor; see the module. None as the descriptor takes everything and prints nothing."""

    def __init__(self, descriptor: int | None, *, most: int = MOST_WAITING) -> None:
        self._descriptor = descriptor
        self._most = most
        self._waiting: deque[str] = deque()
        self._partial = ""
        self._dropped = 0
        self._ended = False
        self._changed = Condition()
        self._thread = Thread(target=self._print, name="outlet", daemon=True)
        self._thread.start()

    def writable(self) -> bool:
        """Tell that this is written to."""
        return True

    def isatty(self) -> bool:
        """Tell whether colours are wanted."""
        return self._descriptor is not None and os.isatty(self._descriptor)

    def write(self, text: str) -> int:
        """Take text; what follows the last line feed waits for its own."""
        with self._changed:
            *lines, self._partial = (self._partial + text).split("\n")
            if not self._ended and self._descriptor is not None:
                room = max(0, self._most - len(self._waiting))
                self._waiting.extend(lines[:room])
                self._dropped += len(lines[room:])
                self._changed.notify()
        return len(text)

    def flush(self) -> None:
        """Do nothing: the thread writes as fast as it can."""

    def close(self) -> None:
        """Give the last lines a moment; then let them go."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(END_WITHIN)

    def _print(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    return
                line, dropped, self._dropped = self._waiting.popleft(), self._dropped, 0
            notice = f"({dropped} lines could not be printed in time)\n" if dropped else ""
            if not self._written(f"{notice}{line}\n"):
                with self._changed:
                    self._dropped += dropped + 1

    def _written(self, text: str) -> bool:
        """Write all of it, however long that takes; False if it cannot be done."""
        assert self._descriptor is not None  # noqa: S101 - without one nothing ever waits
        data = text.encode(errors="backslashreplace")
        try:
            while data:
                try:
                    data = data[os.write(self._descriptor, data) :]
                except BlockingIOError:  # whoever shares the descriptor made it so
                    select.select([], [self._descriptor], [])
        except OSError:
            return False
        return True


def descriptor_of(stream: IO[str] | None) -> int | None:
    """Give a standard stream's file descriptor; None if it was closed before we began, or is none of the system's."""
    try:
        return None if stream is None else stream.fileno()
    except OSError:
        return None
