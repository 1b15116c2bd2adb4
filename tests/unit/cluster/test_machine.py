"""What is asked of a machine before a cluster starts."""

from pathlib import Path

import pytest

from tests.cluster import sysctls
from tests.cluster.cgroups import Cgroups
from tests.cluster.machine import CNI_PLUGINS, TOOLS, cni_folder, missing_packages, taken_by
from tests.cluster.outcome import ClusterError


def test_missing_tools_are_named_with_their_packages(tmp_path: Path) -> None:
    """Each missing program leads to the Debian package that has it; CNI plugins to theirs."""
    missing = missing_packages(lambda tool: None if tool in ("runc", "nft") else f"/usr/bin/{tool}", [tmp_path])
    assert missing == {
        "runc": "runc",
        "nft": "nftables",
        "the CNI plugins": "containernetworking-plugins",
    }


def test_nothing_is_missing_where_all_is_there(tmp_path: Path) -> None:
    """A complete machine needs nothing; the plugins are found in whichever folder has all of them."""
    (tmp_path / "some").mkdir()
    (tmp_path / "all").mkdir()
    (tmp_path / "some" / "bridge").touch()
    for plugin in CNI_PLUGINS:
        (tmp_path / "all" / plugin).touch()
    folders = [tmp_path / "some", tmp_path / "all"]
    assert cni_folder(folders) == tmp_path / "all"
    assert missing_packages(lambda tool: tool if tool in TOOLS else None, folders) == {}


@pytest.mark.parametrize(
    ("route", "network", "taken"),
    [
        pytest.param("default", "198.18.0.0/16", False, id="default"),
        pytest.param("198.18.7.0/24", "198.18.0.0/16", True, id="inside"),
        pytest.param("198.0.0.0/8", "198.18.0.0/16", True, id="around"),
        pytest.param("198.51.100.7", "198.51.100.0/25", True, id="host"),
        pytest.param("10.0.0.0/8", "198.18.0.0/16", False, id="elsewhere"),
        pytest.param("2001:db8::/48", "198.18.0.0/16", False, id="other-version"),
        pytest.param("multicast", "198.18.0.0/16", False, id="word"),
    ],
)
def test_taken_ranges(route: str, network: str, *, taken: bool) -> None:
    """A range is taken if a route of the machine overlaps it."""
    assert taken_by(route, network) is taken


def test_cgroup_v1_is_detected_by_its_trees(tmp_path: Path) -> None:
    """Every tree that is mounted gets a group; links to trees (cpu,cpuacct) count once."""
    for name in ("cpu", "cpuset", "memory", "pids", "unified"):
        (tmp_path / name).mkdir()
    (tmp_path / "cpuacct").symlink_to("cpu")
    for name in ("cpus", "mems"):
        (tmp_path / "cpuset" / f"cpuset.{name}").write_text("0-1\n")
    groups = Cgroups.detect(tmp_path)
    assert groups.version == 1
    assert {tree.name for tree in groups.trees} == {"cpu", "cpuset", "memory", "pids", "unified"}
    (tmp_path / "cpuset" / "genkan").mkdir()
    groups.create()
    assert (tmp_path / "cpuset" / "genkan" / "cpuset.cpus").read_text() == "0-1\n"


def test_cgroup_v2_switches_its_controllers_on_from_the_root_down(tmp_path: Path) -> None:
    """One tree; what the kubelet needs is asked for at the root and in our group; our own processes get a leaf."""
    (tmp_path / "genkan").mkdir()
    for folder in (tmp_path, tmp_path / "genkan"):
        (folder / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    groups = Cgroups.detect(tmp_path)
    assert (groups.version, groups.trees) == (2, (tmp_path,))
    groups.create()
    for folder in (tmp_path, tmp_path / "genkan"):
        assert (folder / "cgroup.subtree_control").read_text() == "+io"  # the last word written; a kernel adds them up
    groups.adopt(42)
    assert (tmp_path / "genkan" / "system" / "cgroup.procs").read_text() == "42"


@pytest.mark.parametrize(
    ("controllers", "message"),
    [
        pytest.param("cpu io memory\n", "offers no controller cpuset, pids", id="v2-without"),
        pytest.param(None, "neither cgroup v2 nor has the v1 trees cpu, cpuset, memory, pids", id="nothing"),
    ],
)
def test_a_machine_without_controllers_is_refused(tmp_path: Path, controllers: str | None, message: str) -> None:
    """The error names what is missing."""
    if controllers is not None:
        (tmp_path / "cgroup.controllers").write_text(controllers)
    with pytest.raises(ClusterError, match=message):
        Cgroups.detect(tmp_path)


def test_settings_of_the_machine_are_put_back(tmp_path: Path) -> None:
    """What was read before a node started is what is written after it ended."""
    for name in sysctls.CHANGED:
        (tmp_path / "proc" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "proc" / name).write_text("7\n")
    sysctls.remember(tmp_path / "kept.json", tmp_path / "proc")
    (tmp_path / "proc/kernel/panic").write_text("10\n")
    sysctls.put_back(tmp_path / "kept.json", tmp_path / "proc")
    assert (tmp_path / "proc/kernel/panic").read_text() == "7"
