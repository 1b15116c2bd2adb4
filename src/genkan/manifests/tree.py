"""What manifest files a directory holds.

Gives names and what tells a changed file (never its content); reads one file. Follows symbolic links, as ConfigMap volumes need; a link
back to a folder above it, or to a file already listed, is passed over. Blocks on the file system: call it from a thread.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from genkan.manifests.reading import ABSENT, Reading, digest_of, read, unreadable

SUFFIXES = (".yaml", ".yml", ".json")
DEEPEST = 32
"""Folders below folders; nobody nests manifests so deep, and a network file system may have loops that no inode number shows."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What changes when a file is written or replaced: times in nanoseconds, size in bytes."""

    mtime: int
    size: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Signature":
        """Take it from the file's status."""
        return cls(status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev)


@dataclass(slots=True)
class Tree:
    """Files by their name relative to the root; folders and files that exist and cannot be read, with the reason.

    `linked` are folders outside of the root that hold linked files, to be watched as well.
    """

    files: dict[str, Signature] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    linked: set[str] = field(default_factory=set)

    def why_unreadable(self, file: str) -> str | None:
        """Say why a file cannot be looked for, if it or a folder above it cannot be read."""
        named = (name for name in self.unreadable if name in {".", file} or file.startswith(name + "/"))
        return next((self.unreadable[name] for name in named), None)


def is_manifest(name: str) -> bool:
    """Tell manifests from hidden files and from what editors leave behind."""
    return name.endswith(SUFFIXES) and not name.startswith((".", "#", "~"))


def scan(root: Path) -> Tree:
    """List the manifests below a folder, sorted by name. Never raises for the file system."""
    tree = Tree()
    _scan_folder(root, os.path.realpath(root), "", (), tree)
    _drop_second_names(tree)
    return tree


def _drop_second_names(tree: Tree) -> None:
    """Keep the first name of each file: the others are links to it, and would only repeat its objects."""
    seen: set[tuple[int, int]] = set()
    for name in sorted(tree.files):
        identity = (tree.files[name].device, tree.files[name].inode)
        if identity in seen:
            del tree.files[name]
        seen.add(identity)


def _scan_folder(folder: Path, root: str, prefix: str, above: tuple[tuple[int, int], ...], tree: Tree) -> None:
    try:
        status = folder.stat()
        identity = (status.st_dev, status.st_ino)
        if identity in above or len(above) > DEEPEST:
            return
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        tree.unreadable[prefix.rstrip("/") or "."] = reason_of(error)
        return
    for entry in entries:
        if not entry.name.startswith("."):
            _scan_entry(entry, root, prefix, (*above, identity), tree)


def _scan_entry(
    entry: os.DirEntry[str], root: str, prefix: str, above: tuple[tuple[int, int], ...], tree: Tree
) -> None:
    name = prefix + entry.name
    try:
        status = entry.stat()
    except OSError as error:
        gone = isinstance(error, FileNotFoundError) and not entry.is_symlink()
        # A dangling link without a suffix was a folder, as far as anybody can tell.
        if not gone and (is_manifest(entry.name) or "." not in entry.name):
            tree.unreadable[name] = reason_of(error)
        return
    path = Path(entry.path)
    if stat.S_ISDIR(status.st_mode):
        if entry.is_symlink():
            _note_link(path, root, tree, parent=False)
        _scan_folder(path, root, f"{name}/", above, tree)
    elif stat.S_ISREG(status.st_mode) and is_manifest(entry.name):
        if entry.is_symlink():
            _note_link(path, root, tree, parent=True)
        tree.files[name] = Signature.of(status)


def _note_link(path: Path, root: str, tree: Tree, *, parent: bool) -> None:
    """Remember the folder that a link outside of the root leads to."""
    real = PurePath(os.path.realpath(path))
    folder = real.parent if parent else real
    if not folder.is_relative_to(root):
        tree.linked.add(str(folder))


def reason_of(error: OSError) -> str:
    """Say why in the system's words."""
    return f"cannot be read: {(error.strerror or str(error)).lower()}"


@dataclass(frozen=True, slots=True)
class Content:
    """A file as it was read once; `settled` is False when it changed while it was being read."""

    reading: Reading
    signature: Signature | None
    settled: bool = True
    data: bytes = b""


def read_file(root: Path, name: str, known: Reading | None = None) -> Content:
    """Read a file of the tree. `known` is its last reading: returned as it is when the content is the same.

    A file that is gone while its root is there is absent; everything else that fails is unreadable.
    """
    try:
        # Never wait for the other end of a named pipe.
        descriptor = os.open(root / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                return Content(unreadable(name, "is no ordinary file"), None)
            data = opened.read()
            after = os.fstat(descriptor)
    except IsADirectoryError:
        return Content(ABSENT, None)
    except (FileNotFoundError, NotADirectoryError) as error:
        if root.is_dir() and not (root / name).is_symlink():
            return Content(ABSENT, None)
        return Content(unreadable(name, reason_of(error)), None)
    except OSError as error:
        return Content(unreadable(name, reason_of(error)), None)
    reading = known if known is not None and known.digest == digest_of(data) else read(name, data)
    return Content(reading, Signature.of(after), settled=Signature.of(before) == Signature.of(after), data=data)


def read_all(root: Path) -> dict[str, Content]:
    """Scan and read everything once; what cannot be read is there as unreadable."""
    tree = scan(root)
    contents = {name: read_file(root, name) for name in tree.files}
    contents.update({name: Content(unreadable(name, why), None) for name, why in tree.unreadable.items()})
    return contents
