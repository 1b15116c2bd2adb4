"""Where Unix sockets stand: a path may have 107 bytes and a state directory's may be longer.

Takes the state directory and the environment; gives a folder that only its owner can enter; refuses (ConfigError) one that
somebody else owns, and to move one that running data planes expect.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from genkan.errors import ConfigError
from genkan.infrastructure.host.records import read_json, write_json

LIMIT = 107
"""Bytes of a Unix socket's path: sun_path has 108, one of them ends it (unix(7))."""

CONTROL_PLANE = "xds.sock"

_MEMORY = "runtime.json"


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
    memory = state_dir / _MEMORY
    known = read_json(memory, str)
    if known is None:
        write_json(memory, str(chosen))
    return Path(known) if known else chosen


def settled_folder(state_dir: Path, environ: Mapping[str, str], *, running: Sequence[int]) -> Path:
    """Give the folder, made and private. `running`: process ids of the data planes that expect it where it was the last time.

    Without any, one that is gone (XDG_RUNTIME_DIR ends with its session) or cannot be used is chosen anew. Raises ConfigError when
    the one that they expect, or none at all, can be made.
    """
    folder = remembered_runtime_folder(state_dir, environ)
    if running or folder.parent.is_dir():
        try:
            make_private(folder)
        except OSError as error:
            if running:
                raise ConfigError(
                    f"data planes that run expect their control plane in {folder}: {error.strerror}; make that folder possible "
                    f"again, or end them (kill {' '.join(map(str, running))}), then start again"
                ) from error
        else:
            return folder
    (state_dir / _MEMORY).unlink(missing_ok=True)
    folder = remembered_runtime_folder(state_dir, environ)
    try:
        make_private(folder)
    except OSError as error:
        raise ConfigError(
            f"no folder for Unix sockets can be made at {folder}: {error.strerror}; "
            "set XDG_RUNTIME_DIR to a folder of your own, or name a shorter one with --state-dir"
        ) from error
    return folder


def make_private(folder: Path) -> None:
    """Make the folder, mode 0700, or check the one that is there: in a shared place somebody else may have been first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise ConfigError(
                f"{folder} should be a folder of your own, but is none or belongs to somebody else: remove it"
            ) from None
        folder.chmod(0o700)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
