"""Flags and settings files of the components."""

from pathlib import Path

from tests.cluster import addons, components, node_config
from tests.cluster.addresses import Addresses
from tests.cluster.cgroups import GROUP
from tests.cluster.components import Place
from tests.cluster.identity import Identity, server_names
from tests.cluster.programs import Programs

ADDRESSES = Addresses.from_environment({"GENKAN_CLUSTER_SERVICES4": "198.19.64.0/18"})
FOLDER = Path("/state")


class Named(Programs):
    """Programs under their bare names: no build."""

    def __getitem__(self, name: str) -> Path:
        """Give the name as a path."""
        return Path("/bin") / name


def place() -> Place:
    identity = Identity(FOLDER, "https://198.51.100.1:6443")
    return Place(
        folder=FOLDER, programs=Named(), identity=identity, addresses=ADDRESSES, bind="0.0.0.0", advertise="198.51.100.1"
    )  # fmt: skip


def test_ranges_reach_every_component() -> None:
    """A range that was set is the one that API server, controllers, pods and DNS use."""
    assert "--service-cluster-ip-range=198.19.64.0/18,2001:db8:0:19::/112" in components.apiserver(place())
    assert "--cluster-cidr=198.18.0.0/16,2001:db8:0:18::/64" in components.controller_manager(place())
    ranges = node_config.cni(ADDRESSES)["plugins"][0]["ipam"]["ranges"]
    assert ranges == [[{"subnet": "198.18.0.0/16"}], [{"subnet": "2001:db8:0:18::/64"}]]
    assert node_config.kubelet(FOLDER, FOLDER / "pki", ADDRESSES)["clusterDNS"] == ["198.19.64.10"]
    assert addons.dns(ADDRESSES)[-1]["spec"]["clusterIPs"] == ["198.19.64.10", "2001:db8:0:19::a"]
    assert "198.19.64.1" in server_names(ADDRESSES)


def test_more_flags_of_the_api_server_win() -> None:
    """What a test adds comes last, where the API server lets it override."""
    assert components.apiserver(place(), "--watch-cache=false")[-1] == "--watch-cache=false"


def test_pods_live_in_the_clusters_own_control_group() -> None:
    """The kubelet's group is the one that is made before and removed after."""
    kubelet = node_config.kubelet(FOLDER, FOLDER / "pki", ADDRESSES)
    assert kubelet["cgroupRoot"] == f"/{GROUP}"
    assert kubelet["failCgroupV1"] is False


def test_images_are_never_thrown_away() -> None:
    """No registry could give them back."""
    kubelet = node_config.kubelet(FOLDER, FOLDER / "pki", ADDRESSES)
    assert kubelet["imageGCHighThresholdPercent"] == 100
    assert node_config.PAUSE_IMAGE in node_config.containerd(FOLDER, Path("/usr/lib/cni"))


def test_the_pool_leaves_out_first_and_last_address() -> None:
    """MetalLB gets both ranges, without the addresses that mean something else."""
    assert addons.full_pool(ADDRESSES)["spec"]["addresses"] == [
        "198.19.200.1-198.19.200.254",
        "2001:db8:0:20::1-2001:db8:0:20::fffe",
    ]
