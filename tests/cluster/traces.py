"""What a cluster could leave on a machine: taken before and after, the difference must be nothing."""

import os
from dataclasses import dataclass, fields
from pathlib import Path

from tests.cluster import sysctls
from tests.cluster.cache import state_folder
from tests.cluster.cgroups import GROUP, ROOT
from tests.cluster.init import BINDS

MARKS = ("containerd-shim", str(state_folder()))


@dataclass(frozen=True)
class Traces:
    """Everything of the machine that a cluster touches, as words that can be compared and shown."""

    processes: frozenset[str]
    mounts: frozenset[str]
    network_namespaces: frozenset[str]
    links: frozenset[str]
    cgroups: frozenset[str]
    files: frozenset[str]
    settings: frozenset[str]

    @classmethod
    def take(cls) -> "Traces":
        """Look at the machine as it is now."""
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        files = [*BINDS.values(), "/run/netns", str(state_folder())]
        settings = [(name, Path("/proc/sys", name)) for name in sysctls.CHANGED]
        return cls(
            processes=frozenset(_processes()),
            mounts=frozenset(line.split()[4] for line in mounts),
            network_namespaces=frozenset(_names(Path("/run/netns"))),
            links=frozenset(_names(Path("/sys/class/net"))),
            cgroups=frozenset(str(path) for path in (ROOT / GROUP, *ROOT.glob(f"*/{GROUP}")) if path.exists()),
            files=frozenset(path for path in files if Path(path).exists()),
            settings=frozenset(f"{name}={path.read_text().strip()}" for name, path in settings if path.exists()),
        )

    def left_over(self, after: "Traces") -> list[str]:
        """Give what is there now and was not before, as `mounts: /run/netns`."""
        found = []
        for one in fields(self):
            new = getattr(after, one.name) - getattr(self, one.name)
            found += [f"{one.name.replace('_', ' ')}: {name}" for name in sorted(new)]
        return found


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _processes() -> list[str]:
    """Command lines of processes that belong to a cluster; one that ends while we look is none."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if any(mark in command for mark in MARKS):
            found.append(command[:200])
    return found
