"""Where Unix sockets stand: a path may have 107 bytes and a state directory's may be longer.

Takes the state directory and the environment; gives a folder that only its owner can enter; refuses one that somebody else owns.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from genkan.errors import ConfigError
from genkan.infrastructure.host.records import read_json, write_json

LIMIT = 107
"""Bytes of a Unix socket's path: sun_path has 108, one of them ends it (unix(7))."""

CONTROL_PLANE = "xds.sock"


def admin_name(unit: str) -> str:
    """Name the admin socket of a data plane, short whatever the data plane's name."""
    return f"{_short(unit)}.admin"


def readiness_name(unit: str) -> str:
    """Name the readiness socket of a data plane."""
    return f"{_short(unit)}.ready"


def runtime_folder(state_dir: Path, environ: Mapping[str, str]) -> Path:
    """Give the folder of a state directory's sockets: below it where paths stay short enough, else below XDG_RUNTIME_DIR or /tmp."""
    near = state_dir / "run"
    if len(os.fsencode(near / admin_name(""))) <= LIMIT:
        return near
    name = f"genkan-{_short(str(state_dir))}"
    home = environ.get("XDG_RUNTIME_DIR", "")
    if home and len(os.fsencode(Path(home) / name / admin_name(""))) <= LIMIT and Path(home).is_dir():
        return Path(home) / name
    return Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"


def remembered_runtime_folder(state_dir: Path, environ: Mapping[str, str]) -> Path:
    """Give the same folder as the last time, whatever the environment is now: data planes that still run expect it there."""
    chosen = runtime_folder(state_dir, environ)
    if chosen.is_relative_to(state_dir):
        return chosen
    memory = state_dir / "runtime.json"
    known = read_json(memory, str)
    if known is None:
        write_json(memory, str(chosen))
    return Path(known) if known else chosen


def make_private(folder: Path) -> None:
    """Make the folder, mode 0700, or check the one that is there: in a shared place somebody else may have been first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise ConfigError(
                f"{folder} should be a folder of your own for Unix sockets, but belongs to somebody else: remove it"
            ) from None
        folder.chmod(0o700)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
