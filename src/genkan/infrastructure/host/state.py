"""Which state directory belongs to which served directory, and who uses it.

Takes paths and the environment, gives paths; refuses (ConfigError) a state directory that another `genkan serve` uses or
another user owns, and to guess among several.
"""

import fcntl
import hashlib
import os
import stat
import struct
from collections.abc import Mapping
from pathlib import Path

import msgspec

from genkan.errors import ConfigError
from genkan.infrastructure.host.records import read_json, write_json

_FLOCK = struct.Struct("hhqqi4x")
"""C's struct flock: type, whence, start, length, process."""


class Served(msgspec.Struct, frozen=True):
    """What a `genkan serve` was told: the directory's real path, and its --backend flags as they were written."""

    directory: str
    backends: tuple[str, ...] = ()


def state_home(environ: Mapping[str, str]) -> Path:
    """Give the folder of all default state directories, by the XDG Base Directory Specification (a relative path is ignored)."""
    home = environ.get("XDG_STATE_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".local/state") / "genkan"


def default_state_dir(directory: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Give the state directory of a served one: named after it, and after its real path, so that two of one name differ."""
    real = directory.resolve()
    return state_home(environ) / f"{real.name or 'root'}-{hashlib.sha256(bytes(real)).hexdigest()[:8]}"


def find_state_dir(state_dir: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Give the state directory that a command means: the named one, else the only one served now, else the only one there is.

    Raises ConfigError when the named one does not exist, and when there are none or several to choose from.
    """
    if state_dir is not None:
        if not state_dir.is_dir():
            raise ConfigError(f"there is no state directory {state_dir}")
        return state_dir
    found = sorted(path.parent for path in state_home(environ).glob("*/lock"))
    served = [path for path in found if holder(path) is not None]
    if len(served) == 1:
        return served[0]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(f"nothing is served: no state below {state_home(environ)}; name one with --state-dir")
    listed = "".join(f"\n  {path}{_of_what(path)}" for path in found)
    raise ConfigError(f"there are several state directories; name one with --state-dir:{listed}")


def _of_what(state_dir: Path) -> str:
    served = read_served(state_dir)
    of = f" (of {served.directory})" if served else ""
    return of + (" being served" if holder(state_dir) is not None else "")


def read_served(state_dir: Path) -> Served | None:
    """Give what was served last from this state directory; None if that is not known."""
    return read_json(state_dir / "serve.json", Served)


def write_served(state_dir: Path, served: Served) -> None:
    """Record what is served, for `genkan explain` and for lists of state directories."""
    write_json(state_dir / "serve.json", served)


def holder(state_dir: Path) -> int | None:
    """Give the process id of the `genkan serve` that uses the directory; 0 if it did not say; None if nobody does.

    It only asks for the lock: one taken to find out, however briefly, would refuse a serve that starts at this moment.
    """
    try:
        with (state_dir / "lock").open("rb") as file:
            if _lock(file.fileno(), fcntl.F_OFD_GETLK) == fcntl.F_UNLCK:
                return None
            content = file.read(20).strip()
            return int(content) if content.isdigit() else 0
    except OSError:
        return None


def _lock(file: int, command: int) -> int:
    """Take (F_OFD_SETLK) or ask for (F_OFD_GETLK) the whole file for writing; give the type of lock that stands in the way.

    The lock belongs to the open file and not to the process (fcntl(2), open file description locks): closing another opening of the
    file does not let go of it.
    """
    answer: bytes = fcntl.fcntl(file, command, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    kind: int = _FLOCK.unpack(answer)[0]
    return kind


def real_path(state_dir: Path) -> Path:
    """Give where it really is. Refuses (ConfigError) a link of somebody else, who could turn it to any folder of ours."""
    named = state_dir.absolute()
    for each in (named, *named.parents):
        if each.is_symlink() and each.lstat().st_uid not in {os.getuid(), 0}:
            raise ConfigError(
                f"state directory {state_dir}: the link {each} belongs to another user: name the folder itself"
            )
    return state_dir.resolve()


def _make_own(state_dir: Path) -> None:
    """Make the directory, or check the one that is there: whoever may write to it could have put there what we believe."""
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = state_dir.stat()
    if found.st_uid != os.getuid():
        raise ConfigError(
            f"state directory {state_dir} belongs to another user (number {found.st_uid}): name one of your own with --state-dir"
        )
    if found.st_mode & stat.S_IWOTH:
        raise ConfigError(
            f"everybody may write to state directory {state_dir}: chmod o-w {state_dir}, or name another one with --state-dir"
        )


class Lock:
    """Holds a state directory until released, or until the process ends in any way at all."""

    def __init__(self, state_dir: Path) -> None:
        """Make the directory (mode 0700) if need be and lock it; ConfigError names the process that holds it, or the owner."""
        try:
            _make_own(state_dir)
            self._file = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise ConfigError(f"state directory {state_dir}: {error.strerror}") from error
        try:
            _lock(self._file, fcntl.F_OFD_SETLK)
        except BlockingIOError:
            os.close(self._file)
            pid = holder(state_dir)
            raise ConfigError(
                f"state directory {state_dir} is used by another genkan"
                + (f" (process {pid})" if pid else "")
                + ": end that one, or name another directory with --state-dir"
            ) from None
        except OSError as error:
            os.close(self._file)
            raise ConfigError(f"state directory {state_dir} cannot be locked: {error.strerror}") from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two different files of one name."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
