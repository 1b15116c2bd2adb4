"""The first process of the node's namespaces: prepares mounts, starts components on request, reaps orphans.

Runs as a program, with nothing but the standard library. Killing it ends every process of the node, pods included;
with the last of them go its mount, network and PID namespaces: that is nearly all of taking a cluster down.

Takes: the state folder, and the file descriptor of a TCP listener that belongs to the machine's own network namespace
(the API server's door to the outside; see forward.py). Answers one JSON request per connection on `init.sock`:

    {"op": "start", "name": N, "argv": [...], "env": {...}}    output to logs/N.log
    {"op": "stop", "name": N}         kill it, and leave it dead
    {"op": "restart", "name": N}      kill it if it runs, and start it as before
    {"op": "signal", "name": N, "signal": 19}      {"op": "list"}

A component that ends by itself is started again after a second, as the service manager of a real node would: a kubelet,
for one, gives up when it finds no container runtime.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

HOSTNAME = "genkan-node"
RESTART_AFTER = 1.0
# Folders that Kubernetes insists on, kept inside the state folder and seen only in here.
BINDS = {
    "kubelet": "/var/lib/kubelet",
    "cni": "/var/lib/cni",
    "pod-logs": "/var/log/pods",
    "container-logs": "/var/log/containers",
    "cni-config": "/etc/cni",
    "kubernetes": "/etc/kubernetes",
}
SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    # Nobody else can have our addresses: pods need not wait a second to find that out.
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/all/accept_dad": "0",
    # Pods of one bridge that call a Service must pass kube-proxy's rules on the way back too.
    "net/bridge/bridge-nf-call-iptables": "1",
    "net/bridge/bridge-nf-call-ip6tables": "1",
    "fs/inotify/max_user_instances": "8192",
    "fs/inotify/max_user_watches": "1048576",
}


class Init:
    """The components of the node, by name."""

    def __init__(self, state: Path, listener: int) -> None:
        """Take the state folder and the descriptor that the component `api-forward` inherits."""
        self._state = state
        self._listener = listener
        self._specs: dict[str, tuple[list[str], dict[str, str]]] = {}
        self._pids: dict[str, int] = {}
        self._due: dict[str, float] = {}

    def serve(self) -> NoReturn:
        """Answer requests and reap, for ever."""
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self._state / "init.sock"))
        server.listen()
        server.settimeout(0.2)
        while True:
            self._reap()
            for name in [one for one, due in self._due.items() if due <= time.monotonic()]:
                self._start(name)
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            with connection, connection.makefile("rw") as stream:
                try:
                    reply = self._answer(json.loads(stream.readline()))
                except Exception as error:  # noqa: BLE001 (the first process of a namespace must not die)
                    reply = {"error": f"{type(error).__name__}: {error}"}
                stream.write(json.dumps(reply) + "\n")

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request.get("name", "")
        if request["op"] == "start":
            self._specs[name] = request["argv"], request.get("env", {})
            self._start(name)
        elif request["op"] == "stop":
            self._end(name)
        elif request["op"] == "restart":
            self._end(name)
            self._start(name)
        elif request["op"] == "signal":
            os.kill(self._pids[name], request["signal"])
        return {"pids": self._pids}

    def _end(self, name: str) -> None:
        if name in self._pids:
            os.kill(self._pids[name], signal.SIGKILL)
        while name in self._pids:
            self._reap()
            time.sleep(0.005)
        self._due.pop(name, None)

    def _start(self, name: str) -> None:
        self._due.pop(name, None)
        argv, extra = self._specs[name]
        environment = {**os.environ, **extra}
        with (self._state / "logs" / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True,
                pass_fds=[self._listener] if name == "api-forward" else [],
            )  # fmt: skip
        self._pids[name] = child.pid
        child.returncode = 0  # reaped here, not by subprocess

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for name in [one for one, known in self._pids.items() if known == pid]:
                code = os.waitstatus_to_exitcode(status)
                sys.stdout.write(f"{time.strftime('%H:%M:%S')} {name} ended with {code}\n")
                sys.stdout.flush()
                del self._pids[name]
                self._due[name] = time.monotonic() + RESTART_AFTER


def mount(*arguments: str) -> None:
    """Call the program, as the file system of a new namespace has to be arranged with it."""
    subprocess.run(["mount", *arguments], check=True)


def prepare(state: Path) -> None:
    """Give the node its own view of the file system and its own kernel settings."""
    socket.sethostname(HOSTNAME)
    mount("--make-rshared", "/")  # volumes of pods travel through shared mounts
    for folder, target in BINDS.items():
        (state / folder).mkdir(exist_ok=True)
        mount("--bind", str(state / folder), target)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    Path("/run/netns").mkdir()
    mount("--bind", "/run/netns", "/run/netns")
    mount("--make-rshared", "/run/netns")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, value in SYSCTLS.items():
        try:
            Path("/proc/sys", name).write_text(value)
        except OSError as error:
            sys.stdout.write(f"sysctl {name}: {error}\n")
            sys.stdout.flush()


def main() -> NoReturn:
    """Prepare, then serve."""
    state, listener = Path(sys.argv[1]), int(sys.argv[2])
    prepare(state)
    Init(state, listener).serve()


if __name__ == "__main__":
    main()
