"""Kernel settings that are the whole machine's: remembered before a node starts, put back when it is gone."""

import json
from pathlib import Path

from tests.cluster.outcome import say

PROC = Path("/proc/sys")
# The kubelet sets the first six; the node raises the last two so that many pods can watch files.
CHANGED = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    "fs/inotify/max_user_instances",
    "fs/inotify/max_user_watches",
)


def remember(file: Path, proc: Path = PROC) -> None:
    """Write the present values into `file`."""
    values = {name: (proc / name).read_text().strip() for name in CHANGED if (proc / name).exists()}
    file.write_text(json.dumps(values))


def put_back(file: Path, proc: Path = PROC) -> None:
    """Set what `file` remembers; a value that cannot be set is named, the rest is set all the same."""
    if not file.is_file():
        return
    for name, value in json.loads(file.read_text()).items():
        try:
            (proc / name).write_text(value)
        except OSError as error:
            say(f"could not set {name} back to {value}: {error.strerror}")
