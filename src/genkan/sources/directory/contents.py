"""What a directory of manifests comes to in the stores; `load` reads it once, `source.DirectorySource` follows it.

Files → catalogue (what stands) → admission (what an API server adds) → backends (flags) → stores. Nothing here waits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from genkan.manifests.problem import Problem
from genkan.manifests.reading import Reading, line_of
from genkan.manifests.tree import read_all
from genkan.model import KINDS, Object, ObjectRef
from genkan.sources.backends import Backend, Backends
from genkan.sources.directory.admission import Admission
from genkan.sources.directory.catalogue import Catalogue, Update
from genkan.sources.stores import Stores

MODELS = {kind.__name__: kind for kind in KINDS.values()}


@dataclass(frozen=True, slots=True)
class Position:
    """Where an object stands: the file's name relative to the directory, and the line (from 1)."""

    file: str
    line: int


class Contents:
    """Files, catalogue, admission, backends, stores: joined, without any waiting."""

    def __init__(self, root: Path, stores: Stores, backends: Iterable[Backend] = ()) -> None:
        self.root = root
        self.stores = stores
        self._admission = Admission(Backends(backends, self._write).put)
        self.catalogue = Catalogue(self._admission.put)

    def _write(self, ref: ObjectRef, value: Object | None) -> None:
        store = self.stores.of(MODELS[ref.kind])
        if value is None:
            store.delete(ref.key)
        else:
            store.upsert(ref.key, value)

    @property
    def problems(self) -> list[Problem]:
        """Everything in the files that could not be used, by file and line."""
        return self.catalogue.problems()

    @property
    def ignored(self) -> Mapping[str, int]:
        """How many objects of kinds that are not read there are, by "apiVersion kind"."""
        return self.catalogue.ignored()

    @property
    def readings(self) -> Mapping[str, Reading]:
        """The last reading of every file, by its name relative to the directory."""
        return self.catalogue.readings()

    def position(self, ref: ObjectRef, field: str = "") -> Position | None:
        """Return where an object, or a field of it as kubectl prints paths, stands; None for objects of no file."""
        found = self.catalogue.find(ref)
        return Position(found[0], line_of(found[1].document, field)) if found else None

    def manifest(self, ref: ObjectRef) -> Mapping[str, object] | None:
        """Return an object as the user wrote it."""
        found = self.catalogue.find(ref)
        return found[1].document.value if found else None


def load(root: Path, *, backends: Iterable[Backend] = (), stores: Stores | None = None) -> Contents:
    """Read a directory once."""
    contents = Contents(root, stores or Stores(), backends)
    contents.catalogue.update(Update(name, content.reading, confirmed=True) for name, content in read_all(root).items())
    return contents
