"""Processes of the operating system: started so that they outlive us, found again, watched without being our children. Linux only.

A process is told apart from a later one of the same number by when it started, and is held by a pidfd, so no signal can reach
another. What it is stands in its environment: even when the record was lost (we were killed between start and record), a look
through /proc finds every data plane of a state directory, and never something that merely names it, like a `tail` of its log.
"""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genkan.infrastructure.host.records import ProcessRecord

STATE_DIR, UNIT, WORKLOAD = "GENKAN_STATE_DIR", "GENKAN_UNIT", "GENKAN_WORKLOAD"
"""The marks in the environment: state directory (real path), namespace/name, digest of the workload."""

LOG_BYTES = 1 << 20
"""A log that has grown beyond this is cut by whoever supervises; one earlier part is kept."""

LOG_CAP = 16 << 20
"""No file that the process writes grows beyond this, also while nobody supervises it (RLIMIT_FSIZE)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A live data plane, as /proc shows it."""

    pid: int
    start_time: int
    unit: str
    workload: str


def boot_id() -> str:
    """Name this boot of the machine: process numbers and start times mean nothing beyond it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def start_time(pid: int) -> int | None:
    """Give when a process started, in ticks since boot (proc(5), field 22); None if it does not run (any more)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def look_at(pid: int, state_dir: str) -> Found | None:
    """Give the data plane of this state directory that a process is, or None. Only leaders of a session are: their children are not."""
    began = start_time(pid)
    try:
        if began is None or os.getsid(pid) != pid:
            return None
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    marks = dict(entry.partition("=")[::2] for entry in environment.decode(errors="surrogateescape").split("\0"))
    if marks.get(STATE_DIR) != state_dir or UNIT not in marks:
        return None
    return Found(pid, began, marks[UNIT], marks.get(WORKLOAD, ""))


def scan(state_dir: str) -> Iterator[Found]:
    """Give every live data plane of a state directory, whoever started it."""
    own = os.getuid()
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and entry.stat().st_uid == own and (found := look_at(int(entry.name), state_dir)):
                yield found


class Process:
    """One running data plane. `ended` turns true, and `on_end` is called, once; `outcome` then says how, in words."""

    def __init__(
        self, pid: int, began: int, pidfd: int, child: subprocess.Popen[bytes] | None, on_end: Callable[[], None]
    ) -> None:
        """Use `start` or `take_over`. Must be made inside the event loop."""
        self.pid = pid
        self.start_time = began
        self.ended = False
        self.outcome = ""
        self._pidfd = pidfd
        self._child = child
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(pidfd, self._reap)

    def record(self, workload: str, drain: float) -> ProcessRecord:
        """Say who it is, beyond doubt."""
        return ProcessRecord(self.pid, self.start_time, boot_id(), workload, drain)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if it has ended."""
        if not self.ended:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def release(self) -> None:
        """Stop watching; the process goes on."""
        if not self.ended:
            self._let_go()

    def _reap(self) -> None:
        self.ended = True
        self.outcome = _words(self._child.wait() if self._child else None)
        self._let_go()
        self._on_end()

    def _let_go(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        if self._child and self._child.returncode is None:
            # Nobody waits for it any more; without this Popen would warn that it still runs, which is what is wanted.
            self._child.returncode = 0


def _words(status: int | None) -> str:
    if status is None:
        return "ended (how is known only to the process that started it)"
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit code {status}"


def start(command: Sequence[str], env: Mapping[str, str], log: Path, on_end: Callable[[], None]) -> Process:
    """Start a program in a session of its own, with nothing of ours but its log; raises OSError when it cannot be started or watched.

    One that cannot be watched is ended before the error is raised.

    SIGXFSZ stays ignored as Python left it (restore_signals), so that a log at its cap loses lines and never ends the program.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            cwd="/",
            start_new_session=True,
            restore_signals=False,
        )
    try:
        with contextlib.suppress(OSError):
            resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (LOG_CAP, LOG_CAP))
        return _watch(child.pid, start_time(child.pid) or 0, os.pidfd_open(child.pid), child, on_end)
    except BaseException:
        child.kill()
        child.wait()
        raise


def take_over(found: Found, on_end: Callable[[], None]) -> Process | None:
    """Watch a process that we did not start; None if it has ended since it was found."""
    try:
        pidfd = os.pidfd_open(found.pid)
    except OSError:
        return None
    if start_time(found.pid) != found.start_time:
        os.close(pidfd)
        return None
    return _watch(found.pid, found.start_time, pidfd, None, on_end)


def _watch(
    pid: int, began: int, pidfd: int, child: subprocess.Popen[bytes] | None, on_end: Callable[[], None]
) -> Process:
    """Give the pidfd to a Process, or close it."""
    try:
        return Process(pid, began, pidfd, child, on_end)
    except BaseException:
        os.close(pidfd)
        raise


def cut_log(log: Path) -> None:
    """Move a log that has grown too long aside. The process goes on writing to the same file: it appends, so it starts at the top."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            with log.open("rb+") as file:
                file.seek(-LOG_BYTES, os.SEEK_END)
                log.with_name(log.name + ".1").write_bytes(file.read())
                file.truncate(0)


def length(log: Path) -> int:
    """Give how long the log is now, in bytes."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def last_line(log: Path, since: int) -> str:
    """Give the last line printed since the log was so long, at most 300 characters, without the marks in brackets that loggers begin with."""
    try:
        with log.open("rb") as file:
            size = length(log)
            file.seek(max(size - 4096, since if since <= size else 0))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    line = next((line.strip() for line in reversed(lines) if line.strip()), "")
    while line.startswith("[") and "]" in line:
        line = line.partition("]")[2].strip()
    return line[:300]
