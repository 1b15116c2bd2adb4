"""What the machine must have before a cluster starts: asked all at once, answered with what to do."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from pathlib import Path

from tests.cluster.addresses import Addresses
from tests.cluster.cgroups import Cgroups
from tests.cluster.outcome import ClusterError, say

# Program -> the Debian package that has it.
TOOLS = {
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "socat": "socat",
    "ethtool": "ethtool",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "mount": "mount",
}
CNI_PACKAGE = "containernetworking-plugins"
CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap")


def cni_folder(folders: Sequence[Path] = CNI_FOLDERS) -> Path | None:
    """Find the folder that has all CNI plugins we use."""
    return next((one for one in folders if all((one / plugin).is_file() for plugin in CNI_PLUGINS)), None)


def missing_packages(
    which: Callable[[str], str | None] = shutil.which, folders: Sequence[Path] = CNI_FOLDERS
) -> dict[str, str]:
    """Give what is missing: program to Debian package."""
    missing = {tool: package for tool, package in TOOLS.items() if which(tool) is None}
    if cni_folder(folders) is None:
        missing["the CNI plugins"] = CNI_PACKAGE
    return missing


def refuse_unfit() -> None:
    """Raise unless this machine can carry a node: Linux, root, cgroups, namespaces."""
    if platform.system() != "Linux":
        raise ClusterError("a node needs Linux; elsewhere set KUBECONFIG to a cluster such as kind or k3s")
    if os.geteuid() != 0:
        raise ClusterError(
            "a node needs root (namespaces, mounts, control groups): run it with sudo, "
            "or set KUBECONFIG to a cluster you have"
        )
    Cgroups.detect()
    tried = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount", "--net", "--ipc", "--uts", "true"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if tried.returncode:
        raise ClusterError(f"this machine does not allow new namespaces: {tried.stderr.strip()}")


def install_packages() -> None:
    """Install the Debian packages that are missing; without apt, say which are."""
    missing = missing_packages()
    if not missing:
        return
    packages = sorted(set(missing.values()))
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if not shutil.which("apt-get"):
        listed = ", ".join(f"{tool} (Debian package {package})" for tool, package in missing.items())
        raise ClusterError(f"missing: {listed}")
    say(f"installing {' '.join(packages)}: about 15 s")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for argv in (
        ["apt-get", "update", "--quiet=2"],
        ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment)
        # A mirror of something else may be down; what counts is whether the packages can be installed.
        if done.returncode and "install" in argv:
            raise ClusterError(f"`{command}` failed: {done.stderr.strip()[-1500:]}")
    still = missing_packages()
    if still:
        raise ClusterError(f"still missing after `{command}`: {', '.join(still)}")


def refuse_taken(addresses: Addresses, clients: Sequence[str]) -> None:
    """Raise if a name or a range of ours is in use: by another cluster, or by this machine's own network."""
    for name in clients:
        if Path("/run/netns", name).exists():
            raise ClusterError(f"network namespace {name} exists: another cluster, or one that was not taken down")
    for group in Cgroups.detect().groups:
        if group.exists():
            raise ClusterError(f"control group {group} exists: another cluster, or one that was not taken down")
    _refuse_routed(addresses)


def _refuse_routed(addresses: Addresses) -> None:
    """Nothing of ours is routed on the machine, so only a route of somebody else's can be in the way."""
    for family, version in (("-4", 4), ("-6", 6)):
        shown = subprocess.run(
            ["ip", family, "-json", "route", "show", "table", "all"], check=True, capture_output=True, text=True
        )
        for network in (*addresses.inside, addresses.link4, addresses.link6):
            if network.version != version:
                continue
            for route in json.loads(shown.stdout or "[]"):
                if taken_by(route.get("dst", ""), str(network)):
                    raise ClusterError(
                        f"range {network} is taken: this machine has a route to {route['dst']} through "
                        f"{route.get('dev', 'somewhere')}; choose another with GENKAN_CLUSTER_* (see the how-to)"
                    )


def taken_by(route: str, network: str) -> bool:
    """Whether a route's destination overlaps a range; the default route overlaps nothing."""
    if route in ("", "default"):
        return False
    try:
        return ip_network(route, strict=False).overlaps(ip_network(network))
    except (ValueError, TypeError):
        return False
