"""Where things are kept outside the checkout: what is built by content, and the state of a running cluster.

Layout below `$XDG_CACHE_HOME/genkan` (by default `~/.cache/genkan`):

    programs/NAME-KEY/   one program built from tests/cluster/modules/NAME; KEY is the hash of all that went in
    roots/NAME-KEY/      a root folder unpacked from distribution packages
    images/NAME-KEY.tar  one OCI archive
    stores/KEY/          what containerd has made of a set of images, to be cloned
    node/                the running cluster; `down` removes it
    reports/             what failed tests left
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def cache_folder() -> Path:
    """Give the cache folder; `$XDG_CACHE_HOME` counts if it is absolute, as its specification asks."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "genkan"


def state_folder() -> Path:
    """Give the folder of the running cluster (there is one per machine: its addresses and names are fixed)."""
    return cache_folder() / "node"


def key_of(parts: Iterable[str | Path]) -> str:
    """Hash texts and files (folders: all files in them, by name) to a short key."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(b"text\0" + part.encode() + b"\0")
            continue
        files = sorted(p for p in part.rglob("*") if p.is_file()) if part.is_dir() else [part]
        for file in files:
            if "__pycache__" in file.parts:
                continue
            name = str(file.relative_to(part)) if part.is_dir() else file.name
            digest.update(b"file\0" + name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


@contextmanager
def made_whole(target: Path) -> Iterator[Path]:
    """Give a scratch folder that becomes `target` when the block ends well, and vanishes when it does not.

    Two makers at once are harmless: the first one to finish wins.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    scratch.chmod(0o755)
    try:
        yield scratch
        try:
            scratch.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
