"""Bad weather for the node: each fault is a context manager, and the sky is clear again when its block ends.

Faults are made where they would come from: signals to processes, packets dropped without a word in the node's network
namespace, a late proxy before the API server, a pool of addresses that is too small, a compacted etcd.
"""

import json
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tests.cluster import addons
from tests.cluster.identity import NODE_NAME
from tests.cluster.namespaces import HERE
from tests.cluster.node import LOCAL_API, Node
from tests.cluster.outcome import ClusterError, wait_until

TABLE = "genkan_weather"
API_PORT = 6443
SERVICE_PORT = 443
SLOW_PORT = 6444

# Runs on the node; etcd answers JSON over HTTP, so no client program is needed. Prints the compacted revision.
COMPACT = """
import json, sys, urllib.request
def ask(call, **body):
    request = urllib.request.Request("http://127.0.0.1:2379/v3/kv/" + call, json.dumps(body).encode())
    return json.load(urllib.request.urlopen(request, timeout=30))
revision = ask("range", key="AA==", limit=1)["header"]["revision"]
ask("compaction", revision=revision, physical=True)
print(revision)
"""


class Weather:
    """The faults of one node."""

    def __init__(self, node: Node) -> None:
        """Take a running node."""
        self._node = node

    @contextmanager
    def stopped(self, component: str) -> Iterator[None]:
        """Freeze a component (SIGSTOP): its connections stay open and nobody answers."""
        self._node.signal(component, signal.SIGSTOP)
        try:
            yield
        finally:
            self._node.signal(component, signal.SIGCONT)

    @contextmanager
    def killed(self, component: str) -> Iterator[None]:
        """Kill a component (SIGKILL), and start it again at the end; what is back is waited for by `recovered`."""
        self._node.stop(component)
        try:
            yield
        finally:
            self._node.restart(component)
            self.recovered()

    def restart(self, component: str) -> None:
        """Kill a component and start it again at once."""
        self._node.restart(component)
        self.recovered()

    def recovered(self, *, seconds: float = 90) -> None:
        """Wait until the API server serves, the kubelet answers and the Node is Ready, each anew.

        Traffic is not waited for: it must not have noticed.
        """
        kubectl = self._node.kubectl
        condition = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].status}'
        kubelet = f"/api/v1/nodes/{NODE_NAME}/proxy/healthz"
        for what, arguments, wanted in (
            ("the API server", ("get", "--raw", "/readyz"), "ok"),
            ("the kubelet", ("get", "--raw", kubelet), "ok"),
            ("the Node to be Ready", ("get", "node", NODE_NAME, condition), "True"),
        ):
            check = partial(kubectl.run, *arguments, seconds=10)
            wait_until(what, lambda check=check, wanted=wanted: check() == wanted, seconds=seconds)  # type: ignore[misc]

    @contextmanager
    def cut_off(self, address: str) -> Iterator[None]:
        """Drop, silently and both ways, all packets between one machine and the API server; connections stay open.

        `address` is a pod's, or a client machine's: that is where a process without a pod of its own is cut off.
        """
        version = _family(address)
        with self._rules(
            f"input {version} saddr {address} tcp dport {{ {API_PORT}, {SLOW_PORT} }} drop",
            f"output {version} daddr {address} tcp sport {{ {API_PORT}, {SLOW_PORT} }} drop",
        ):
            yield

    @contextmanager
    def dropped(self, source: str, destination: str, port: int | None = None) -> Iterator[None]:
        """Drop packets between two addresses that the node forwards, both ways; with a port only that TCP port's.

        For what a client sends to a load balancer the destination is a pod: the node translates before it forwards.
        """
        version = _family(source)
        there, back = (f" tcp dport {port}", f" tcp sport {port}") if port else ("", "")
        with self._rules(
            f"forward {version} saddr {source} {version} daddr {destination}{there} drop",
            f"forward {version} saddr {destination} {version} daddr {source}{back} drop",
        ):
            yield

    @contextmanager
    def slow_api(self, address: str, *, delay: float) -> Iterator["SlowApi"]:
        """Put a proxy between one pod, or one client machine, and the API server: it holds all data for `delay` seconds.

        Existing connections are cut, so that all of them come back through the proxy; and again at the end.
        """
        control = SlowApi(self._node.folder / "slow-api.json")
        control.set(delay=delay)
        argv = [sys.executable, str(HERE / "forward.py"), str(SLOW_PORT), LOCAL_API, str(control.path)]
        self._node.start("slow-api", argv)
        knock = f"import socket; socket.create_connection(('127.0.0.1', {SLOW_PORT}), timeout=1)"
        wait_until("the slow proxy", lambda: not self._node.namespaces.run(sys.executable, "-c", knock), seconds=20)
        service, node = self._node.addresses.api_service, self._node.addresses.node4
        doors = f"ip daddr . tcp dport {{ {service} . {SERVICE_PORT}, {node} . {API_PORT} }}"
        try:
            with self._rules(f"detour ip saddr {address} {doors} dnat ip to {node}:{SLOW_PORT}"):
                self._forget(address)
                yield control
        finally:
            self._node.stop("slow-api")
            self._forget(address)
            control.path.unlink()

    @contextmanager
    def address_pool(self, *ranges: str) -> Iterator[None]:
        """Let MetalLB have only these ranges: a Service whose address is not among them loses it, and waits for another."""
        self._node.kubectl.apply(addons.pool(*ranges))
        try:
            yield
        finally:
            self._node.kubectl.apply(addons.full_pool(self._node.addresses))

    def compact_etcd(self) -> int:
        """Forget all but the latest state: watches and lists that continue from before get 410 Gone.

        Gives the revision. The API server keeps recent changes in memory, so a watch notices only when that is gone
        too, as after a restart of the API server.
        """
        return int(self._node.namespaces.run(sys.executable, "-c", COMPACT))

    def _forget(self, address: str) -> None:
        """Make the node forget the connections of an address to the API server: the next packet of each is refused."""
        for port in (SERVICE_PORT, API_PORT):
            with suppress(ClusterError):  # there were none
                argv = ("--delete", "--orig-src", address, "--proto", "tcp", "--orig-port-dst", str(port))
                self._node.namespaces.run("conntrack", *argv)

    @contextmanager
    def _rules(self, *rules: str) -> Iterator[None]:
        """Hold nftables rules, in a table of their own; each begins with the name of one of `_chains`."""
        table = f"{TABLE}_{secrets.token_hex(4)}"
        lines = [f"add table inet {table}", *(f"add chain inet {table} {chain}" for chain in _chains())]
        lines += [f"add rule inet {table} {rule}" for rule in rules]
        self._node.namespaces.run("nft", "--file", "-", stdin="\n".join(lines))
        try:
            yield
        finally:
            self._node.namespaces.run("nft", "delete", "table", "inet", table)


class SlowApi:
    """The settings of the proxy before the API server; a change counts at once, for open connections too."""

    def __init__(self, path: Path) -> None:
        """Take the file that the proxy reads."""
        self.path = path

    def set(self, **settings: Any) -> None:
        """Set `delay` (seconds), `stall` (hold everything) or `refuse` (close new connections)."""
        scratch = self.path.with_suffix(".new")
        scratch.write_text(json.dumps(settings))
        scratch.rename(self.path)


def _chains() -> list[str]:
    """Chains that come before those of kube-proxy."""
    filters = [f"{hook} {{ type filter hook {hook} priority -150; }}" for hook in ("input", "output", "forward")]
    return [*filters, "detour { type nat hook prerouting priority -110; }"]


def _family(address: str) -> str:
    """The word by which nftables matches an address."""
    return "ip" if ip_address(address).version == 4 else "ip6"
