"""The wires: client machines (network namespaces) on one link with the node, and routes from them to all that is inside.

The node has no uplink and the machine itself gets no route: whatever the tests send stays between these namespaces.
"""

import subprocess
from pathlib import Path

from tests.cluster.addresses import Addresses

CLIENTS = ("genkan-client-1", "genkan-client-2")
BRIDGE = "clients"
NETNS = Path("/run/netns")


def client_prefix(name: str) -> tuple[str, ...]:
    """What to put before a command to run it on a client machine."""
    return ("nsenter", f"--net={NETNS / name}", "--")


def connect(node_pid: int, addresses: Addresses) -> None:
    """Link the network namespace of process `node_pid` with new client machines, IPv4 and IPv6."""
    node = ["nsenter", f"--target={node_pid}", "--net", "--"]
    _run(*node, "ip", "link", "add", BRIDGE, "type", "bridge")
    for address in (f"{addresses.node4}/{addresses.link4.prefixlen}", f"{addresses.node6}/{addresses.link6.prefixlen}"):
        _run(*node, "ip", "address", "add", address, "dev", BRIDGE)
    _run(*node, "ip", "link", "set", BRIDGE, "up")
    # Only so that processes of the node itself may connect to a load balancer: kube-proxy translates before routing.
    _run(*node, "ip", "route", "add", "local", str(addresses.balancers4), "dev", "lo")
    _run(*node, "ip", "-6", "route", "add", "local", str(addresses.balancers6), "dev", "lo")
    for number, name in enumerate(CLIENTS, start=1):
        _add_client(name, number, node_pid, addresses)


def _add_client(name: str, number: int, node_pid: int, addresses: Addresses) -> None:
    port = f"client-{number}"
    node = ["nsenter", f"--target={node_pid}", "--net", "--"]
    _run("ip", "netns", "add", name)
    pair = ["ip", "link", "add", port, "netns", str(node_pid), "type", "veth", "peer", "name", "eth0", "netns", name]
    _run(*pair)
    _run(*node, "ip", "link", "set", port, "master", BRIDGE, "up")
    client = ["ip", "-n", name]
    _run(*client_prefix(name), "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad")
    _run(*client, "link", "set", "lo", "up")
    v4, v6 = addresses.client(number)
    for address in (f"{v4}/{addresses.link4.prefixlen}", f"{v6}/{addresses.link6.prefixlen}"):
        _run(*client, "address", "add", address, "dev", "eth0")
    _run(*client, "link", "set", "eth0", "up")
    for network in addresses.inside:
        gateway = addresses.node4 if network.version == 4 else addresses.node6
        _run(*client, "route", "add", str(network), "via", str(gateway))


def disconnect(*, unmount: bool) -> None:
    """Remove the client machines; `unmount` also the mount point that `ip netns` made, if nobody else uses it."""
    for name in CLIENTS:
        if (NETNS / name).exists():
            _run("ip", "netns", "delete", name)
    if unmount and NETNS.is_dir() and not any(NETNS.iterdir()):
        subprocess.run(["umount", str(NETNS)], check=False, capture_output=True)
        NETNS.rmdir()


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True)
