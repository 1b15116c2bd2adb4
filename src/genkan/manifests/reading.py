"""One reading of one file: what objects it holds, what is wrong, and what its silence means.

Takes bytes; gives a `Reading`. Never raises for what a file says.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b

from genkan.ir import Reason
from genkan.manifests.decode import decode
from genkan.manifests.documents import Broken, Chunk, Document, documents
from genkan.manifests.lines import Lines
from genkan.manifests.problem import Problem
from genkan.model import Object, ObjectRef

LARGEST = 64 * 1024 * 1024
"""Bytes. Hundreds of times what the API server takes for one object; a larger file is no manifest."""


@dataclass(frozen=True, slots=True)
class Read:
    """One object, and the document that says it (as written, and where it stands)."""

    object: Object
    document: Document


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says.

    `refused` are objects that it names but that cannot be used: their last good version stands. `opaque` says that it may hold objects
    that cannot be named, so that nobody's absence can be believed while it is so. `complete` is False for a text that may go on: an
    editor is perhaps still writing. `digest` tells two readings apart.
    """

    digest: bytes
    objects: Mapping[ObjectRef, Read] = field(default_factory=dict)
    refused: frozenset[ObjectRef] = frozenset()
    problems: tuple[Problem, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=dict)
    opaque: bool = False
    complete: bool = True
    documents: tuple[Document, ...] = ()


ABSENT = Reading(digest=b"absent")
"""The file is not there."""


def unreadable(file: str, why: str) -> Reading:
    """Make the reading of a file or folder that exists but cannot be read."""
    problem = Problem(file, 0, "", "", Reason.MANIFEST_UNREADABLE, f"{why}; what it held is kept as it was")
    return Reading(digest=b"unreadable " + why.encode(), problems=(problem,), opaque=True)


def digest_of(data: bytes) -> bytes:
    """Tell two contents apart."""
    return blake2b(data, digest_size=16).digest()


def read(file: str, data: bytes) -> Reading:
    """Read the content of a file; `file` is its name relative to the directory, for messages."""
    if len(data) > LARGEST:
        return unreadable(file, f"larger than {LARGEST // 1024 // 1024} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Reading(
            digest=digest_of(data),
            opaque=True,
            problems=(
                Problem(
                    file, data.count(b"\n", 0, error.start) + 1, "", "", Reason.MANIFEST_UNREADABLE, "is no UTF-8 text"
                ),
            ),
        )
    return Reader(file).read(text, digest_of(data))


class Reader:
    """Collects what one text says."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._objects: dict[ObjectRef, Read] = {}
        self._refused: set[ObjectRef] = set()
        self._problems: list[Problem] = []
        self._ignored: Counter[str] = Counter()
        self._documents: list[Document] = []
        self._opaque = False

    def read(self, text: str, digest: bytes) -> Reading:
        """Read all documents."""
        for document in documents(text, json_only=self._file.endswith(".json")):
            if isinstance(document, Broken):
                self._broken(document)
            elif document.ref is None:
                self._ignored[f"{document.api_version} {document.kind}"] += 1
            else:
                self._one(document, document.ref)
        return Reading(
            digest=digest,
            objects=self._objects,
            refused=frozenset(self._refused),
            problems=tuple(self._problems),
            ignored=dict(self._ignored),
            opaque=self._opaque,
            complete=text.endswith("\n") or not text,
            documents=tuple(self._documents),
        )

    def _broken(self, broken: Broken) -> None:
        self._opaque = self._opaque or broken.could_be_any
        line = broken.line or lines_of(broken.chunk).line("")
        self._problems.append(Problem(self._file, line, "", "", Reason.MANIFEST_UNREADABLE, broken.message))

    def _one(self, document: Document, ref: ObjectRef) -> None:
        self._documents.append(document)
        if ref in self._objects or ref in self._refused:
            first = next(each for each in self._documents if each.ref == ref)
            message = f"stands twice in this file; the first, in line {line_of(first, '')}, is used"
            self._problems.append(problem_at(self._file, document, "", Reason.OBJECT_DUPLICATE, message))
            return
        decoded = decode(document)
        if isinstance(decoded, Object):
            self._objects[ref] = Read(decoded, document)
            return
        self._refused.add(ref)
        for each in decoded:
            problem = problem_at(self._file, document, each.field, Reason.OBJECT_INVALID, each.message)
            self._problems.append(replace(problem, line=each.line) if each.line else problem)


def line_of(document: Document, path: str) -> int:
    """Return the line of a field of an object."""
    whole = f"{document.path}.{path}".strip(".") if not path.startswith("[") else f"{document.path}{path}"
    return lines_of(document.chunk).line(whole)


@lru_cache(maxsize=2)
def lines_of(chunk: Chunk) -> Lines:
    """Compose a text once for all the problems of its objects, which come one after the other."""
    return Lines(chunk.text, chunk.line)


def problem_at(file: str, document: Document, path: str, reason: str, message: str) -> Problem:
    """Make a problem of one field of one object."""
    return Problem(file, line_of(document, path), str(document.ref or document.kind), path, reason, message)
