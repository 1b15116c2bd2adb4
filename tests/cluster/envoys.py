"""What every Envoy of the node is configured with, asked of its admin interface wherever that is.

A data plane's admin interface is for nobody but itself: a Unix socket in the pod, or loopback. As root on the machine
both can be reached, through the process's root folder and through its network namespace.
"""

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cgroups import GROUP

QUESTION = "/config_dump?include_eds"
ADMIN_PORT = 9901
PATIENCE = 5
# The longest path that fits a Unix socket's address.
PATH_ROOM = 107
ASK_LOOPBACK = f"""
import sys, urllib.request
sys.stdout.write(urllib.request.urlopen("http://127.0.0.1:{ADMIN_PORT}{QUESTION}", timeout={PATIENCE}).read().decode())
"""


@dataclass(frozen=True)
class EnvoyProcess:
    """One Envoy in a pod of the node."""

    pid: int
    pod: str

    def config_dump(self) -> str:
        """Ask for the whole configuration; the text says why if nobody answers."""
        for path in self._sockets():
            dump = _ask(path)
            if dump:
                return dump
        argv = ["nsenter", f"--target={self.pid}", "--net", "--", sys.executable, "-c", ASK_LOOPBACK]
        asked = subprocess.run(argv, check=False, capture_output=True, text=True)
        if asked.returncode:
            return f"no admin interface: no Unix socket, and 127.0.0.1:{ADMIN_PORT} says {asked.stderr[-300:]}"
        return asked.stdout

    def _sockets(self) -> Iterator[Path]:
        """The listening Unix sockets of the pod, as paths of the machine."""
        lines = Path(f"/proc/{self.pid}/net/unix").read_text().splitlines()
        for name in sorted({line.split()[7] for line in lines if len(line.split()) > 7}):
            path = Path(f"/proc/{self.pid}/root{name}")
            if name.startswith("/") and len(bytes(path)) <= PATH_ROOM and path.is_socket():
                yield path


def envoys() -> Iterator[EnvoyProcess]:
    """Find the Envoys that run in pods of the node."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (entry / "comm").read_text().strip() != "envoy" or f"/{GROUP}/" not in (entry / "cgroup").read_text():
                continue
            variables = (entry / "environ").read_text(errors="replace").split("\0")
        except OSError:
            continue
        names = [one.removeprefix("HOSTNAME=") for one in variables if one.startswith("HOSTNAME=")]
        yield EnvoyProcess(int(entry.name), names[0] if names else entry.name)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        """Take the path of the socket."""
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        """Connect to the path."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))


def _ask(path: Path) -> str:
    """Ask one socket; nothing if it is no admin interface."""
    connection = _UnixConnection(path)
    try:
        connection.request("GET", QUESTION)
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else ""
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
