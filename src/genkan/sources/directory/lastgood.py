"""The last readable content of every file, kept across restarts: a start while a file is broken begins with what it said before.

One private folder (it holds Secrets: mode 0700, files 0600; one of another user is refused); a file's name is made of the manifest's
name and of its content, so that nothing is written twice. Losing the folder costs only this. Blocks on the file system: call it from a
thread.
"""

import os
import stat
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path

import structlog

from genkan.manifests.reading import ABSENT, Reading, read
from genkan.manifests.tree import Content

log = structlog.get_logger()


class LastGood:
    """See the module."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, str] | None = None

    def recall(self, names: Iterable[str]) -> dict[str, Reading]:
        """Read what is kept of these files."""
        found: dict[str, Reading] = {}
        for name in names:
            try:
                kept = self._index().get(stem_of(name))
                if kept is not None:
                    found[name] = read(name, (self._folder / kept).read_bytes())
            except OSError as error:
                log.warning("cannot read what a broken file said before", file=name, error=str(error))
        return found

    def keep(self, contents: Mapping[str, Content]) -> None:
        """Keep what reads well; forget what is gone."""
        try:
            for name, content in contents.items():
                if content.reading is ABSENT:
                    self._replace(stem_of(name), None, b"")
                elif not content.reading.opaque and not content.reading.refused:
                    stem = stem_of(name)
                    self._replace(stem, f"{stem}-{content.reading.digest.hex()}", content.data)
        except OSError as error:
            log.warning("cannot keep a copy of manifests for the next start", error=str(error))

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget every file but these: what was deleted between two runs must not come back, nor its Secrets stay."""
        try:
            for stem in self._index().keys() - set(map(stem_of, names)):
                self._replace(stem, None, b"")
        except OSError as error:
            log.warning("cannot remove the copies of manifests that are gone", error=str(error))

    def _replace(self, stem: str, new: str | None, data: bytes) -> None:
        old = self._index().get(stem)
        if old == new:
            return
        if new is not None:
            partial = self._folder / f"{new}.part"
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
                opened.write(data)
            partial.rename(self._folder / new)
            self._index()[stem] = new
        else:
            del self._index()[stem]
        if old is not None:
            (self._folder / old).unlink(missing_ok=True)

    def _index(self) -> dict[str, str]:
        if self._kept is None:
            make_private(self._folder)
            self._kept = tidied(self._folder)
        return self._kept


def make_private(folder: Path) -> None:
    """Make a folder that only this user can enter; raises OSError for one that others control."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PermissionError(f"{folder} is no folder of this user: remove it, or choose another state directory")
    if stat.S_IMODE(status.st_mode) != 0o700:
        folder.chmod(0o700)


def tidied(folder: Path) -> dict[str, str]:
    """List the copies by stem; removes what a crash in the middle of writing left: half-written files, and the older of two copies."""
    kept: dict[str, str] = {}
    for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns):
        if path.suffix == ".part":
            path.unlink()
            continue
        stem = path.name.partition("-")[0]
        if stem in kept:
            (folder / kept[stem]).unlink()
        kept[stem] = path.name
    return kept


def stem_of(name: str) -> str:
    """Name a manifest by a digest: its own name may hold folders."""
    return blake2b(name.encode(errors="surrogateescape"), digest_size=12).hexdigest()
