"""The state directory: what is written there, so that the next controller, `genkan get` and a person know what runs.

    serve.json                          what is served from where (module `state`)
    lock                                held by the `genkan serve` that uses the directory (module `state`)
    run/                                Unix sockets, unless the path would be too long (module `sockets`)
    runtime.json                        else: where they are (module `sockets`)
    last-good/                          the last readable content of each manifest (genkan.sources.directory.lastgood)
    dataplanes/NAMESPACE/NAME/
        record.json                     address, ports, sockets, process
        report.json                     the Ingress with its status, and its Events
        certificates.json               what was served last (module `certificates`)
        log, log.1                      what the process printed
        config/                         the files that the process reads

Every file is replaced as a whole by a rename, so a reader never sees half of one. A file that cannot be read counts as absent:
an address is then derived again and mostly is the same.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from genkan.errors import TerminalError
from genkan.infrastructure.host.addresses import Lease
from genkan.model import ObjectKey

T = TypeVar("T")

DATA_PLANES = "dataplanes"
"""The folder of all of them. It holds certificates' keys, so only its owner enters it."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


class ProcessRecord(msgspec.Struct, frozen=True):
    """A process, beyond doubt: a number is used again, but not with the same start (ticks since boot) in the same boot.

    `workload` is the digest of what it was started from; `drain` the seconds it may take to finish; `draining` tells that it has
    been asked to, so that nobody takes over one that is on its way out.
    """

    pid: int
    start_time: int
    boot_id: str
    workload: str
    drain: float
    draining: bool = False


class Record(msgspec.Struct, frozen=True):
    """One data plane: where it listens, where its sockets are, what runs."""

    namespace: str
    name: str
    lease: Lease
    control_plane: str
    admin: str
    readiness: str
    process: ProcessRecord | None = None

    @property
    def key(self) -> ObjectKey:
        """Whose data plane it is."""
        return ObjectKey(self.namespace, self.name)


class StoredReport(msgspec.Struct, frozen=True):
    """What the user sees of one Ingress. `active` names the Events whose cause was there at the last report."""

    ingress: dict[str, Any]
    events: tuple[dict[str, Any], ...] = ()
    active: frozenset[str] = frozenset()


def folder(state_dir: Path, key: ObjectKey) -> Path:
    """Give the folder of one data plane. A name that no API server would accept is refused: it could lead out of the directory."""
    for part in key:
        if not _NAME.fullmatch(part):
            raise TerminalError(
                f"{key} is no name for files: use lower-case letters, digits, - and .", reason="ObjectInvalid"
            )
    return state_dir / DATA_PLANES / key.namespace / key.name


def keys(state_dir: Path) -> Iterator[ObjectKey]:
    """Give every data plane that the directory holds anything of, in order."""
    for path in sorted(state_dir.glob(f"{DATA_PLANES}/*/*/")):
        key = ObjectKey(path.parent.name, path.name)
        if all(_NAME.fullmatch(part) for part in key):
            yield key


def read_record(state_dir: Path, key: ObjectKey) -> Record | None:
    """Give what is recorded of a data plane; None if nothing readable is."""
    found = read_json(folder(state_dir, key) / "record.json", Record)
    return found if found and found.key == key else None


def write_record(state_dir: Path, record: Record) -> None:
    """Record a data plane."""
    write_json(folder(state_dir, record.key) / "record.json", record)


def read_report(state_dir: Path, key: ObjectKey) -> StoredReport | None:
    """Give what the user sees of an Ingress; None if nothing readable is there."""
    return read_json(folder(state_dir, key) / "report.json", StoredReport)


def write_report(state_dir: Path, key: ObjectKey, report: StoredReport) -> None:
    """Show it to the user."""
    write_json(folder(state_dir, key) / "report.json", report)


def read_ingresses(state_dir: Path) -> list[dict[str, Any]]:
    """Give every reported Ingress as networking.k8s.io/v1 JSON with its status, by namespace and name."""
    return [report.ingress for key in keys(state_dir) if (report := read_report(state_dir, key))]


def read_events(state_dir: Path) -> list[dict[str, Any]]:
    """Give every Event as events.k8s.io/v1 JSON, by namespace and Ingress, oldest first."""
    return [event for key in keys(state_dir) if (report := read_report(state_dir, key)) for event in report.events]


def remove(state_dir: Path, key: ObjectKey) -> None:
    """Forget a data plane and everything written for it."""
    path = folder(state_dir, key)
    shutil.rmtree(path, ignore_errors=True)
    try:
        path.parent.rmdir()
    except OSError:
        return  # other data planes of this namespace are still there


def write_files(config_dir: Path, files: Mapping[str, tuple[str, bool]]) -> None:
    """Make the folder hold exactly these files: relative path to (content, private). Private ones are mode 0600."""
    config_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    wanted = {config_dir / path for path in files}
    for path, (content, private) in files.items():
        target = config_dir / path
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise TerminalError(f"file {path} of the workload would stand outside its folder", reason="ObjectInvalid")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_bytes(target, content.encode(), mode=0o600 if private else 0o644)
    for found in config_dir.rglob("*"):
        if found.is_file() and found not in wanted:
            found.unlink()


def read_json(path: Path, kind: type[T]) -> T | None:
    """Decode a file; None when it is absent or not what was written."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def write_json(path: Path, value: object) -> None:
    """Encode into a file that only its owner reads (Ingresses hold whatever annotations hold)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_bytes(path, msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n", mode=0o600)


def write_bytes(path: Path, content: bytes, *, mode: int) -> None:
    """Replace a file as a whole. One process writes (the lock), so one name for the new content is enough."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
        file.write(content)
    new.replace(path)
