"""The control group under which the kubelet puts every pod, on cgroup v1 and on v2, chosen by what is mounted.

On v1 each controller is a tree of its own and processes of the node stay where they were started. On v2 there is one
tree: its controllers have to be switched on from the root down, and a group with children holds no processes, so the
node's own go into a leaf beside the pods.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.outcome import ClusterError, wait_until

ROOT = Path("/sys/fs/cgroup")
GROUP = "genkan"
LEAF = "system"
NEEDED = ("cpu", "cpuset", "memory", "pids")
V1_TREES = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd", "unified")


@dataclass(frozen=True)
class Cgroups:
    """The trees in which our group lives: one on v2, one for each controller on v1."""

    version: int
    trees: tuple[Path, ...]

    @classmethod
    def detect(cls, root: Path = ROOT) -> "Cgroups":
        """Look at what is mounted below `root`; refuse a machine without the controllers that the kubelet needs."""
        controllers = root / "cgroup.controllers"
        if controllers.is_file():
            available = controllers.read_text().split()
            missing = [name for name in NEEDED if name not in available]
            if missing:
                raise ClusterError(f"{root} (cgroup v2) offers no controller {', '.join(missing)}")
            return cls(2, (root,))
        missing = [name for name in NEEDED if not (root / name).is_dir()]
        if missing:
            raise ClusterError(f"{root} is neither cgroup v2 nor has the v1 trees {', '.join(missing)}")
        found = [root / name for name in V1_TREES if (root / name).is_dir() and not (root / name).is_symlink()]
        return cls(1, tuple(found))

    @property
    def groups(self) -> tuple[Path, ...]:
        """Our group in each tree."""
        return tuple(tree / GROUP for tree in self.trees)

    def create(self) -> None:
        """Make our group, ready for the kubelet."""
        for group in self.groups:
            group.mkdir(exist_ok=True)
        if self.version == 2:
            self._switch_on()
            return
        # A new cpuset is empty, and an empty one takes no process.
        for tree in self.trees:
            if tree.name == "cpuset":
                for name in ("cpuset.cpus", "cpuset.mems"):
                    (tree / GROUP / name).write_text((tree / name).read_text())

    def adopt(self, pid: int) -> None:
        """On v2: move a process, and with it all it starts from now on, into the leaf beside the pods."""
        if self.version == 2:
            (self.groups[0] / LEAF / "cgroup.procs").write_text(str(pid))

    def _switch_on(self) -> None:
        wanted = (*NEEDED, "io", "hugetlb")
        for group in (self.trees[0], self.groups[0]):
            available = (group / "cgroup.controllers").read_text().split()
            for name in wanted:
                if name not in available:
                    continue
                try:
                    (group / "cgroup.subtree_control").write_text(f"+{name}")
                except OSError as error:
                    if name in NEEDED:
                        raise ClusterError(
                            f"cannot switch on controller {name} in {group}/cgroup.subtree_control: {error.strerror}; "
                            "in a container, its own processes have to be in a child group first"
                        ) from error
        (self.groups[0] / LEAF).mkdir(exist_ok=True)

    def remove(self) -> None:
        """Remove our group and everything below it; its processes must have ended."""
        for group in self.groups:
            if group.is_dir():
                wait_until(f"{group} to be empty", lambda group=group: _removed(group), seconds=20, interval=0.05)  # type: ignore[misc]


def _removed(group: Path) -> bool:
    for folder, _, _ in os.walk(group, topdown=False):
        with contextlib.suppress(FileNotFoundError):
            Path(folder).rmdir()
    return not group.exists()
