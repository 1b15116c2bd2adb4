"""Images ready to run: containerd's own folder, made once for a set of images and cloned for each cluster.

Unpacking images writes hundreds of megabytes each time, which a rate-limited disk answers with minutes of silence. A
clone consists of hard links, as containerd never changes what it has unpacked or stored by digest; only its databases
are copied.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.cache import cache_folder, key_of, made_whole
from tests.cluster.outcome import ClusterError

KEPT_STORES = 2
LIST = "archives.txt"
# The controller's image changes with each edit of the project, and shares all but its last layers with the one before.
CHANGES_OFTEN = "genkan-"


class ImageStore:
    """The store for a set of archives, whether it exists already or not."""

    def __init__(self, archives: Sequence[Path], runtime: str) -> None:
        """Take the archives, and the version of containerd, whose folder is its own business."""
        self._archives = archives
        stable = sorted(one.name for one in archives if not one.name.startswith(CHANGES_OFTEN))
        self._folder = cache_folder() / "stores" / key_of([runtime, *stable])

    @property
    def exists(self) -> bool:
        """Whether there is something to clone."""
        return self._folder.is_dir()

    def clone(self, target: Path) -> list[Path]:
        """Put a clone at `target`, if the store exists; give the archives that are still to be loaded."""
        if not self.exists:
            return list(self._archives)
        _link(self._folder / "containerd", target)
        loaded = (self._folder / LIST).read_text().splitlines()
        return [one for one in self._archives if one.name not in loaded]

    def keep(self, source: Path) -> None:
        """Make the store from the folder of a containerd that has loaded all archives and does not run now."""
        with made_whole(self._folder) as scratch:
            _link(source, scratch / "containerd")
            (scratch / LIST).write_text("\n".join(one.name for one in self._archives))
        stores = sorted(self._folder.parent.iterdir(), key=lambda folder: folder.stat().st_mtime)
        for old in stores[:-KEPT_STORES]:
            shutil.rmtree(old, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    done = subprocess.run(
        ["cp", "--archive", "--link", str(source), str(target)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise ClusterError(f"cannot link {source} to {target}: {done.stderr.strip()}")
    for database in target.rglob("*.db"):
        copy = database.with_suffix(".copy")
        shutil.copy2(database, copy)
        copy.rename(database)
