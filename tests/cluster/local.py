"""Tiers one and two: a control plane as ordinary processes on loopback, without root and without a node.

Tier 1 is etcd and the API server: objects, watches, admission, RBAC; no controller acts on them.
Tier 2 adds the controller manager, the scheduler and kwok, whose Nodes and Pods are entries without processes:
Deployments become "ready", garbage collection works, thousands of objects cost little; no traffic flows.
"""

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from tests.cluster import components
from tests.cluster.addresses import Addresses
from tests.cluster.components import MORE_WORKERS, UNTHROTTLED, Place
from tests.cluster.identity import Identity
from tests.cluster.kubectl import Kubectl
from tests.cluster.outcome import ClusterError, wait_until
from tests.cluster.programs import Programs

TIER_PROGRAMS = {1: ("etcd", "kubernetes"), 2: ("etcd", "kubernetes", "kwok")}
LOOPBACK = "127.0.0.1"


class Processes:
    """Child processes with one log each; the first to end unasked is named with the end of its log."""

    def __init__(self, folder: Path) -> None:
        """Write logs into `folder`."""
        self._folder = folder
        self._argv: dict[str, Sequence[str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, argv: Sequence[str]) -> None:
        """Start a process, its output going to NAME.log."""
        self._argv[name] = argv
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal, and after SIGKILL wait for the end."""
        self._running[name].send_signal(number)
        if number == signal.SIGKILL:
            self._running[name].wait()

    def restart(self, name: str) -> None:
        """Kill a process if it runs, and start it again as it was started before."""
        self.signal(name, signal.SIGKILL)
        self.start(name, self._argv[name])

    def refuse_dead(self) -> None:
        """Raise if one has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                log = (self._folder / f"{name}.log").read_text(errors="replace")
                raise DeadComponentError(f"{name} ended with {process.returncode}:\n{log[-2000:]}")

    def stop(self) -> None:
        """End all, the last started first."""
        for process in reversed(self._running.values()):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        self._running.clear()


class DeadComponentError(Exception):
    """A component ended by itself: no use waiting for it."""


class LocalCluster:
    """A running tier 1 or 2; a context manager."""

    def __init__(self, tier: int = 1, *, apiserver: Sequence[str] = ()) -> None:
        """Take the tier and further API server flags."""
        self._tier = tier
        self._flags = apiserver
        self.folder = Path(tempfile.mkdtemp(prefix="genkan-tier-"))
        self.processes = Processes(self.folder)
        self.programs = Programs(TIER_PROGRAMS[tier])

    def __enter__(self) -> Self:
        """Start everything and wait until it serves."""
        try:
            self.programs.build()
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything and remove its folder."""
        self.stop()

    def stop(self) -> None:
        """Stop everything and remove its folder."""
        self.processes.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.place.identity.kubeconfig("admin")

    def _start(self) -> None:
        api, etcd_port, etcd_peer, manager, scheduler = free_ports(5)
        addresses = Addresses.from_environment()
        self.place = Place(
            folder=self.folder, programs=self.programs, addresses=addresses, bind=LOOPBACK, advertise=str(addresses.node4),
            identity=Identity.create(self.folder, f"https://{LOOPBACK}:{api}", addresses),
            api_port=api, etcd_port=etcd_port, etcd_peer_port=etcd_peer,
        )  # fmt: skip
        self.kubectl = Kubectl(self.programs["kubectl"], self.kubeconfig)
        self.processes.start("etcd", components.etcd(self.place))
        self.processes.start("kube-apiserver", components.apiserver(self.place, *self._flags))
        self._wait("the API server", lambda: self.kubectl.run("get", "--raw", "/readyz") == "ok", seconds=60)
        if self._tier == 1:
            return
        controllers = components.controller_manager(self.place, *UNTHROTTLED, *MORE_WORKERS, port=manager)
        self.processes.start("kube-controller-manager", controllers)
        self.processes.start("kube-scheduler", components.scheduler(self.place, *UNTHROTTLED, port=scheduler))
        self.processes.start("kwok", components.kwok(self.place, self.programs.assets("kwok", "stages")))
        self._wait("the controllers", lambda: self.kubectl.run("get", "serviceaccount", "default"), seconds=60)

    def _wait(self, what: str, check: Callable[[], object], *, seconds: float) -> None:
        def alive_and_done() -> bool:
            self.processes.refuse_dead()
            return bool(check())

        wait_until(what, alive_and_done, seconds=seconds)

    def add_nodes(self, count: int, *, pods: int = 1000) -> None:
        """Add `count` kwok Nodes that take up to `pods` Pods each, and wait until they are Ready."""
        if self._tier < 2:
            raise ClusterError("tier 1 has no scheduler: Nodes would be of no use")
        items = [fake_node(f"fake-{number}", pods) for number in range(count)]
        self.kubectl.apply({"apiVersion": "v1", "kind": "List", "items": items})
        self.kubectl.run("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s")


def fake_node(name: str, pods: int) -> dict[str, object]:
    """A Node that kwok plays; plenty of everything, so that only the number of Pods counts."""
    room = {"cpu": "1000", "memory": "1Ti", "pods": str(pods)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"},
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "type": "kwok"},
        },
        "status": {"allocatable": room, "capacity": room},
    }


def free_ports(count: int) -> list[int]:
    """Give loopback ports that are free now, no two the same."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]
