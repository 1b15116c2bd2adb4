"""The node's namespaces from outside: start their first process, talk to it, run something inside, end it all."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.cluster.init import BINDS
from tests.cluster.outcome import ClusterError, wait_until

HERE = Path(__file__).parent
UNSHARE = [
    "unshare",
    "--pid",
    "--fork",
    "--mount",
    "--mount-proc",
    "--net",
    "--ipc",
    "--uts",
    "--propagation",
    "private",
]
# A Unix socket's path has room for 107 bytes.
SOCKET_ROOM = 107


class Namespaces:
    """The namespaces of one node, whose state is in `folder`; they live as long as their first process."""

    def __init__(self, folder: Path) -> None:
        """Take the state folder; nothing is started yet."""
        self._folder = folder
        self._socket = folder / "init.sock"
        self._outer: subprocess.Popen[bytes] | None = None
        if len(bytes(self._socket)) > SOCKET_ROOM:
            raise ClusterError(f"{folder} is too long a path for a Unix socket: set XDG_CACHE_HOME to a shorter one")

    def start(self, listener: socket.socket) -> None:
        """Start the first process; it inherits a listener of the machine's own network namespace."""
        made = [target for target in BINDS.values() if _make_mount_point(Path(target))]
        (self._folder / "mount-points.json").write_text(json.dumps(made))
        (self._folder / "logs").mkdir()
        with (self._folder / "logs" / "init.log").open("ab") as log:
            self._outer = outer = subprocess.Popen(
                [*UNSHARE, sys.executable, str(HERE / "init.py"), str(self._folder), str(listener.fileno())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=[listener.fileno()],
            )  # fmt: skip

        def ready() -> bool:
            if outer.poll() is not None:
                text = (self._folder / "logs" / "init.log").read_text()
                raise RuntimeError(f"the node's first process ended with {outer.returncode}: {text}")
            return self._socket.exists()

        wait_until("the namespaces", ready, seconds=20, interval=0.02)
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        pid = int(children[0])
        (self._folder / "init.pid").write_text(f"{pid} {_start_time(pid)}")

    @property
    def pid(self) -> int | None:
        """The first process's number, while it runs; its start time tells it from another of the same number."""
        with contextlib.suppress(OSError, ValueError):
            pid, started = (self._folder / "init.pid").read_text().split()
            if _start_time(int(pid)) == started:
                return int(pid)
        return None

    def ask(self, op: str, name: str = "", **more: Any) -> dict[str, int]:
        """Send one request (see init.py); give the running components with their numbers inside."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(self._socket))
            with connection.makefile("rw") as stream:
                stream.write(json.dumps({"op": op, "name": name, **more}) + "\n")
                stream.flush()
                reply = json.loads(stream.readline())
        if "error" in reply:
            raise ClusterError(f"{op} {name}: {reply['error']}")
        pids: dict[str, int] = reply["pids"]
        return pids

    def inside(self, *argv: str) -> list[str]:
        """Give a command line that runs `argv` in all of the node's namespaces."""
        if self.pid is None:
            raise ClusterError("no node is running: start one with `make cluster`")
        return ["nsenter", f"--target={self.pid}", "--net", "--uts", "--ipc", "--mount", "--pid", "--", *argv]

    def run(self, *argv: str, stdin: str = "", seconds: float = 120) -> str:
        """Run something inside and give its output."""
        try:
            done = subprocess.run(
                self.inside(*argv), check=False, capture_output=True, text=True, input=stdin, timeout=seconds
            )
        except subprocess.TimeoutExpired as error:
            raise ClusterError(f"{' '.join(argv)} did not end in {seconds:g} s") from error
        if done.returncode:
            raise ClusterError(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr.strip()[-1500:]}")
        return done.stdout

    def end(self) -> None:
        """Kill everything inside, and remove the mount points that `start` made."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            if self._outer:
                self._outer.wait(60)
            wait_until("the node's processes to end", lambda: not Path(f"/proc/{pid}").exists(), seconds=60)
        made = self._folder / "mount-points.json"
        if made.is_file():
            _remove_mount_points(json.loads(made.read_text()))


def _start_time(pid: int) -> str:
    """When a process started, in clock ticks: field 22 of proc(5)'s stat, counted after the parenthesized name."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def _make_mount_point(path: Path) -> bool:
    if path.is_dir():
        return False
    path.mkdir(parents=True)
    return True


def _remove_mount_points(made: Sequence[str]) -> None:
    for path in made:
        # Not ours any more if somebody has put something there meanwhile.
        with contextlib.suppress(OSError):
            Path(path).rmdir()


def remove_tree(folder: Path) -> None:
    """Remove a state folder; the kernel may need a moment to let go of the last mount of a namespace that ended."""

    def gone() -> bool:
        shutil.rmtree(folder)
        return True

    if folder.exists():
        wait_until(f"{folder} to be removable", gone, seconds=20)
