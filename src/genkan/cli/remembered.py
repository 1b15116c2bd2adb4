"""What a directory's broken files said when they were last read well, as the serve of its state directory goes on serving it.

Only reads: the folder of copies belongs to that serve.
"""

from pathlib import Path

from genkan.manifests.reading import Reading, read
from genkan.sources.directory.catalogue import Update
from genkan.sources.directory.contents import Contents
from genkan.sources.directory.lastgood import stem_of


def remember(contents: Contents, copies: Path) -> None:
    """Let what is kept in `copies` stand for what cannot be read now; without a copy nothing changes."""
    broken = {name: reading for name, reading in contents.readings.items() if reading.opaque or reading.refused}
    before = [(name, last_reading(copies, name)) for name in broken]
    contents.catalogue.update(Update(name, reading, confirmed=True) for name, reading in before if reading is not None)
    contents.catalogue.update(Update(name, reading, confirmed=True) for name, reading in broken.items())


def last_reading(copies: Path, name: str) -> Reading | None:
    """Read the copy of one file; None if there is none that can be read."""
    try:
        found = [path for path in copies.glob(f"{stem_of(name)}-*") if path.suffix != ".part"]
        return read(name, max(found, key=lambda path: path.stat().st_mtime_ns).read_bytes()) if found else None
    except OSError:  # the serve is just replacing it, or it is another user's
        return None
