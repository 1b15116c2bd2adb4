"""What all files together say: which object stands, from which file, and whose absence can be believed.

Takes readings of files in any order; writes every change of an object to its sink. Pure but for that. The rules:

- What a reading adds or changes applies at once; what it takes away applies when the same reading is confirmed.
- A file that cannot be read, and an object that cannot be used, keep what they held before.
- While any file is opaque (it may hold objects that cannot be named), no object is deleted: the user may have moved it there.
- An object in two files is that of the first file by name; a copy that is only kept gives way to one that is written somewhere.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from genkan.ir import Reason
from genkan.manifests.problem import Problem
from genkan.manifests.reading import ABSENT, Read, Reading, problem_at
from genkan.model import Object, ObjectRef
from genkan.sources.directory.loss import loses

M = TypeVar("M", bound=Hashable)

Sink = Callable[[ObjectRef, Object | None], None]
"""Takes each change: the object as it stands now, or None when it is gone."""


@dataclass(frozen=True, slots=True)
class Update:
    """A reading of one file; `confirmed` says that the file has read the same twice."""

    file: str
    reading: Reading
    confirmed: bool


@dataclass(slots=True)
class Held:
    """One file: its last reading, and what is held to be in it."""

    reading: Reading = ABSENT
    confirmed: bool = True
    objects: dict[ObjectRef, Read] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether all that it says is applied."""
        return self.objects.keys() == self.reading.objects.keys() and all(
            self.objects[ref] is read for ref, read in self.reading.objects.items()
        )

    def is_live(self, ref: ObjectRef) -> bool:
        """Whether the file still names the object, usable or not."""
        return ref in self.reading.objects or ref in self.reading.refused


class Catalogue:
    """All files; see the module."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._files: dict[str, Held] = {}
        self._holders: dict[ObjectRef, set[str]] = {}
        self._opaque: set[str] = set()
        self._unsettled: set[str] = set()
        self._refusing: set[str] = set()
        self._troubled: set[str] = set()
        self._unconfirmed: set[str] = set()
        self._ignoring: set[str] = set()
        self._repeated: set[ObjectRef] = set()

    def update(self, updates: Iterable[Update]) -> None:
        """Take readings, all at once: an object that moves from one file to another is never gone."""
        concerned: set[str] = set()
        for each in updates:
            concerned.add(each.file)
            held = self._files.setdefault(each.file, Held())
            held.reading, held.confirmed = each.reading, each.confirmed
            mark(self._opaque, each.file, each.reading.opaque)
            mark(self._refusing, each.file, bool(each.reading.refused))
            mark(self._troubled, each.file, bool(each.reading.problems))
            mark(self._unconfirmed, each.file, not each.confirmed)
            mark(self._ignoring, each.file, bool(each.reading.ignored))
        touched: set[ObjectRef] = set()
        for file in sorted(concerned if self._opaque else concerned | self._unsettled):
            touched |= self._settle(file)
        for ref in touched:
            self._tell(ref)

    def _settle(self, file: str) -> set[ObjectRef]:
        """Apply what can be believed of one file; gives the objects that may have changed."""
        held = self._files[file]
        before = held.objects
        held.objects = merged(before, held.reading, confirmed=held.confirmed, absences=not self._opaque)
        mark(self._unsettled, file, not held.settled)
        for ref in before.keys() - held.objects.keys():
            self._holders[ref].discard(file)
            if not self._holders[ref]:
                del self._holders[ref]
        for ref in held.objects.keys() - before.keys():
            self._holders.setdefault(ref, set()).add(file)
        if held.reading is ABSENT and not held.objects and held.confirmed:
            del self._files[file]
        return {*before, *held.objects}

    def _tell(self, ref: ObjectRef) -> None:
        holders = self._holders.get(ref, ())
        live = [file for file in holders if self._files[file].is_live(ref)]
        mark(self._repeated, ref, len(live) > 1)
        found = self.find(ref)
        self._sink(ref, found[1].object if found else None)

    def find(self, ref: ObjectRef) -> tuple[str, Read] | None:
        """Return the file whose version of an object stands, and that version."""
        holders = self._holders.get(ref)
        if not holders:
            return None
        file = min(holders, key=lambda name: (not self._files[name].is_live(ref), name))
        return file, self._files[file].objects[ref]

    def reading(self, file: str) -> Reading | None:
        """Return the last reading of a file."""
        held = self._files.get(file)
        return held.reading if held is not None else None

    def readings(self) -> Mapping[str, Reading]:
        """Return the last reading of every file."""
        return {file: held.reading for file, held in self._files.items()}

    def believes_absence(self, ref: ObjectRef | None = None) -> bool:
        """Tell whether an object that is nowhere (any, if none is named) is really gone: no file could hold it unseen."""
        if self._opaque or self._unconfirmed:
            return False
        return not any(ref is None or ref in self._files[file].reading.refused for file in self._refusing)

    def problems(self) -> list[Problem]:
        """Return everything that is wrong, by file and line."""
        found = [problem for file in self._troubled for problem in self._files[file].reading.problems]
        for ref in self._repeated:
            winner = self.find(ref)
            for file in sorted(self._holders[ref]):
                if winner is not None and file != winner[0] and self._files[file].is_live(ref):
                    message = f"stands in {winner[0]} too, which is used: the first file by name"
                    document = self._files[file].objects[ref].document
                    found.append(problem_at(file, document, "", Reason.OBJECT_DUPLICATE, message))
        return sorted(found)

    def ignored(self) -> Mapping[str, int]:
        """Count the objects of kinds that are not read, by "apiVersion kind"."""
        total: Counter[str] = Counter()
        for file in self._ignoring:
            total.update(self._files[file].reading.ignored)
        return dict(sorted(total.items()))


def mark(members: set[M], member: M, belongs: bool) -> None:  # noqa: FBT001 - the value itself, not a mode
    """Make a member belong to a set, or not."""
    (members.add if belongs else members.discard)(member)


def merged(
    before: Mapping[ObjectRef, Read], reading: Reading, *, confirmed: bool, absences: bool
) -> dict[ObjectRef, Read]:
    """Decide what one file is held to say, from what it was held to say and its newest reading.

    `absences` tells whether an object that the file no longer names may be let go.
    """
    result = {ref: newest(before.get(ref), read, reading, confirmed=confirmed) for ref, read in reading.objects.items()}
    for ref, read in before.items():
        kept = not (confirmed and absences) or ref in reading.refused
        if ref not in result and kept:
            result[ref] = read
    return result


def newest(before: Read | None, read: Read, reading: Reading, *, confirmed: bool) -> Read:
    """Return the newer version of an object, or the older one while the newer says less or may go on, and is not confirmed."""
    if before is None or confirmed or before.object == read.object:
        return read
    return read if reading.complete and not loses(before.document.value, read.document.value) else before
