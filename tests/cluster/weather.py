"""Bad weather for the node: each fault is a context manager, and the sky is clear again when its block ends.

Faults are made where they would come from: signals to processes, packets dropped without a word in the node's network
namespace, a late proxy before the API server, a pool of addresses that is too small, a compacted etcd.
"""

import json
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tests.cluster import addons
from tests.cluster.namespaces import HERE
from tests.cluster.node import LOCAL_API, Node
from tests.cluster.outcome import ClusterError, wait_until

TABLE = "genkan_weather"
SLOW_PORT = 6444
API_PORT = 6443

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
        self._node.signal(component, signal.SIGKILL)
        wait_until(f"{component} to be gone", lambda: component not in self._node.components(), seconds=10)
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
        """Wait until the API server serves and the Node is Ready (not for traffic: that must not have noticed)."""
        condition = '-o=jsonpath={.items[0].status.conditions[?(@.type=="Ready")].status}'
        kubectl = self._node.kubectl
        wait_until("the API server", lambda: kubectl.run("get", "--raw", "/readyz") == "ok", seconds=seconds)
        wait_until("the Node to be Ready", lambda: kubectl.run("get", "node", condition) == "True", seconds=seconds)

    @contextmanager
    def cut_off(self, pod_ip: str) -> Iterator[None]:
        """Drop, silently and both ways, all packets between a pod and the API server; connections stay open."""
        version = _family(pod_ip)
        with self._rules(
            f"input {version} saddr {pod_ip} tcp dport {{ {API_PORT}, {SLOW_PORT} }} drop",
            f"output {version} daddr {pod_ip} tcp sport {{ {API_PORT}, {SLOW_PORT} }} drop",
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
    def slow_api(self, pod_ip: str, *, delay: float) -> Iterator["SlowApi"]:
        """Put a proxy between one pod and the API server, which holds each packet of data for `delay` seconds.

        Existing connections of the pod are cut, so that it has to come back through the proxy; again at the end.
        """
        control = SlowApi(self._node.folder / "slow-api.json")
        control.set(delay=delay)
        argv = [sys.executable, str(HERE / "forward.py"), str(SLOW_PORT), LOCAL_API, str(control.path)]
        self._node.start("slow-api", argv)
        service, node = self._node.addresses.api_service, self._node.addresses.node4
        detour = f"detour ip saddr {pod_ip} ip daddr {service} tcp dport 443 dnat ip to {node}:{SLOW_PORT}"
        try:
            with self._rules(detour):
                self._forget(pod_ip)
                yield control
        finally:
            self._node.signal("slow-api", signal.SIGKILL)
            self._forget(pod_ip)
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
        return int(self._on_node(sys.executable, "-c", COMPACT))

    def _forget(self, pod_ip: str) -> None:
        """Make the node forget the connections of a pod to the API server: the next packet of each is refused."""
        with suppress(ClusterError):  # there were none
            self._on_node("conntrack", "--delete", "--orig-src", pod_ip, "--proto", "tcp", "--orig-port-dst", "443")

    @contextmanager
    def _rules(self, *rules: str) -> Iterator[None]:
        """Hold nftables rules, in a table of their own; each begins with the name of one of `_chains`."""
        table = f"{TABLE}_{secrets.token_hex(4)}"
        lines = [f"add table inet {table}", *(f"add chain inet {table} {chain}" for chain in _chains())]
        lines += [f"add rule inet {table} {rule}" for rule in rules]
        self._on_node("nft", "--file", "-", stdin="\n".join(lines))
        try:
            yield
        finally:
            self._on_node("nft", "delete", "table", "inet", table)

    def _on_node(self, *argv: str, stdin: str = "") -> str:
        done = subprocess.run(
            self._node.namespaces.inside(*argv), check=False, capture_output=True, text=True, input=stdin
        )
        if done.returncode:
            raise ClusterError(f"{argv[0]}: {done.stderr.strip()} {stdin}")
        return done.stdout


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
