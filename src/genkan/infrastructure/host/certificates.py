"""The certificates that a data plane serves, kept for the controller that comes after this one.

One private file beside the data plane's record: a Secret that has gone bad while nobody looked must not take away what was served.
Losing the file costs only that.
"""

from datetime import datetime
from pathlib import Path

import msgspec

from genkan.infrastructure.host import records
from genkan.ir import Certificate, Origin, PrivateBytes
from genkan.model import ObjectKey

FILE = "certificates.json"


class Stored(msgspec.Struct, frozen=True):
    """One certificate as JSON; bytes are base64."""

    name: str
    chain: bytes
    private_key: bytes
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    origin: tuple[str, str, str, str]


def read(state_dir: Path, key: ObjectKey) -> tuple[Certificate, ...]:
    """Give what was kept; () if nothing readable was."""
    stored = records.read_json(records.folder(state_dir, key) / FILE, tuple[Stored, ...]) or ()
    return tuple(
        Certificate(
            name=each.name,
            chain=each.chain,
            private_key=PrivateBytes(each.private_key),
            names=each.names,
            not_before=each.not_before,
            not_after=each.not_after,
            origin=Origin(*each.origin),
        )
        for each in stored
    )


def write(state_dir: Path, key: ObjectKey, certificates: tuple[Certificate, ...]) -> None:
    """Keep exactly these; none leaves no file."""
    path = records.folder(state_dir, key) / FILE
    if not certificates:
        path.unlink(missing_ok=True)
        return
    stored = [
        Stored(
            name=each.name,
            chain=each.chain,
            private_key=bytes(each.private_key),
            names=each.names,
            not_before=each.not_before,
            not_after=each.not_after,
            origin=(each.origin.kind, each.origin.namespace, each.origin.name, each.origin.field),
        )
        for each in certificates
    ]
    records.write_json(path, stored)
