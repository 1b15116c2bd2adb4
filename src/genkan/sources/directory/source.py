"""The directory source: fills the stores from files, and keeps them filled as people edit the files.

Reads everything at `start`, follows changes in `run`: only what changed is read again. All state belongs to one task; threads only
read files. What may be believed when is decided by `catalogue`; this module decides when to look.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path, PurePath
from time import time_ns

import structlog

from genkan.manifests.problem import Problem
from genkan.manifests.reading import unreadable
from genkan.manifests.tree import Content, Signature, is_manifest, read_all, read_file, scan
from genkan.model import ObjectRef
from genkan.sources.backends import Backend
from genkan.sources.directory.catalogue import Update
from genkan.sources.directory.contents import Contents, Position, load
from genkan.sources.directory.lastgood import LastGood
from genkan.sources.directory.watch import Watch, watch
from genkan.sources.stores import Stores

__all__ = ["Contents", "DirectorySource", "Position", "load"]

CONFIRM_AFTER = 0.075
"""Seconds between two readings that must agree before a loss is believed; editors write what they truncated far sooner."""

CONFIRM_EMPTY_AFTER = 0.4
"""Seconds for a file without a single byte: hardly ever what somebody means, and what a busy machine shows for longest."""

LOOK_EVERYWHERE_EVERY = 10.0
"""Seconds between two looks at everything, for file systems that tell nothing and links that lead elsewhere."""

LOOK_AT_ROOT_EVERY = 1.0
"""Seconds between two looks whether the root is still the folder that is watched."""

NEW_FOLDER_AGAIN = 0.2
"""Seconds after which a new folder is looked at again: files may have been written before the watch reached it."""

QUIET_AT_START = 2_000_000_000
"""Nanoseconds. A file not written for so long when it is first read is not being written now."""

MOST_READINGS_AT_START = 12
"""A file that never rests does not keep the others waiting for longer than this many readings."""

log = structlog.get_logger()


class DirectorySource:
    """Fills the stores from a directory; see the module."""

    def __init__(
        self,
        root: Path,
        stores: Stores,
        *,
        backends: Iterable[Backend] = (),
        last_good: Path | None = None,
        on_change: Callable[[], None] = lambda: None,
        watch: Watch = watch,
    ) -> None:
        """Nothing is read yet.

        `last_good` is a private folder in which the last readable content of each file is kept, for a start while a file is broken.
        `on_change` is called when problems may have changed, or absence may be believed that could not before.
        """
        self.contents = Contents(root, stores, backends)
        self._root = root
        self._last_good = LastGood(last_good) if last_good is not None else None
        self._on_change = on_change
        self._watch = watch
        self._loaded = False
        self._root_identity: tuple[int, int] | None = None
        self._linked: frozenset[str] = frozenset()
        self._signatures: dict[str, Signature | None] = {}
        self._dirty: set[str] = set()
        self._confirm_at: dict[str, float] = {}
        self._scan_at: float = 0
        self._wake = asyncio.Event()
        self._stop_watching = asyncio.Event()
        self._told: frozenset[Problem] = frozenset()
        self._told_kinds: set[str] = set()

    @property
    def problems(self) -> list[Problem]:
        """Everything in the files that could not be used, by file and line."""
        return self.contents.problems

    @property
    def ignored(self) -> Mapping[str, int]:
        """How many objects of kinds that are not read there are, by "apiVersion kind"."""
        return self.contents.ignored

    def position(self, ref: ObjectRef, field: str = "") -> Position | None:
        """Return where an object or a field of it stands; None for objects of no file."""
        return self.contents.position(ref, field)

    def deletable(self, ref: ObjectRef | None = None) -> bool:
        """Tell whether an object that is in no store (any, if none is named) is really gone, so that what was made for it may go too.

        False until everything was read, while any file that could hold it is unreadable, and while a loss waits for its confirmation.
        """
        return self._loaded and self._root_identity is not None and self.contents.catalogue.believes_absence(ref)

    async def start(self) -> None:
        """Read everything; files that somebody is writing are waited for, a little."""
        self._root_identity = identity_of(self._root)
        contents = await asyncio.to_thread(read_all, self._root)
        restless = {name for name, content in contents.items() if not is_quiet(content, time_ns())}
        for _ in range(MOST_READINGS_AT_START):
            if not restless:
                break
            await asyncio.sleep(CONFIRM_AFTER)
            again = await asyncio.to_thread(self._read, restless, contents)
            restless = {name for name, content in again.items() if not same(content, contents[name])}
            contents.update(again)
        self.contents.catalogue.update(await self._remembered(contents))
        now = asyncio.get_running_loop().time()
        self._confirm_at = dict.fromkeys(restless, now + CONFIRM_AFTER)
        self._signatures = {name: content.signature for name, content in contents.items()}
        self.contents.catalogue.update(
            Update(name, content.reading, confirmed=name not in restless) for name, content in contents.items()
        )
        await self._remember({name: content for name, content in contents.items() if name not in restless})
        await self._forget_others(contents)
        self._loaded = True
        self._scan_at = now + LOOK_EVERYWHERE_EVERY
        self._changed()

    async def run(self) -> None:
        """Follow the files until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._look_again_and_again())

    async def _follow(self) -> None:
        """Note what the operating system tells; begin anew when other folders are to be watched."""
        while True:
            self._stop_watching = asyncio.Event()
            folders = self._folders()
            if self._root_identity is None or not folders:
                await asyncio.sleep(NEW_FOLDER_AGAIN)
                continue
            async with aclosing(self._watch(folders, self._stop_watching)) as changes:  # type: ignore[type-var]
                async for paths in changes:
                    self._note(paths)

    def _folders(self) -> tuple[Path, ...]:
        """Return the folders to watch: the root, and those that its links lead to."""
        return existing({os.path.realpath(self._root), *self._linked})

    def _note(self, paths: frozenset[str]) -> None:
        """Sort what changed: a manifest to be read again, anything else a reason to look everywhere."""
        now = asyncio.get_running_loop().time()
        root = os.path.realpath(self._root)
        everywhere = not paths
        for path in map(Path, paths):
            if not path.is_relative_to(root):
                everywhere = True
                continue
            name = path.relative_to(root)
            if is_plain_manifest(name) and not path.is_symlink() and not path.is_dir():
                self._dirty.add(str(name))
            elif matters(name, path, self._signatures):
                everywhere = True
        if everywhere:
            self._scan_at = now
        elif not self._dirty:
            return
        self._wake.set()

    async def _look_again_and_again(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            next_time = min(self._scan_at, loop.time() + LOOK_AT_ROOT_EVERY, *self._confirm_at.values())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(0.0, next_time - loop.time()))
            self._wake.clear()
            if self._root_stands(loop.time()):
                await self._look_at_known(loop.time())
            if self._scan_at <= loop.time() and self._root_identity is not None:
                await self._look_everywhere(loop.time())

    def _root_stands(self, now: float) -> bool:
        """Look at the root itself: while it is gone nothing is believed; another folder in its place is watched anew."""
        identity = identity_of(self._root)
        if identity != self._root_identity:
            self._root_identity = identity
            self._scan_at = now
            self._stop_watching.set()
            if identity is None:
                log.warning("the directory is gone; everything stays as it was", directory=str(self._root))
            self._changed()
        return identity is not None

    async def _look_at_known(self, now: float) -> None:
        """Read what was told to have changed, and what waits for its confirmation."""
        names, self._dirty = self._dirty, set()
        names |= {name for name, when in self._confirm_at.items() if when <= now}
        if names:
            await self._apply(await asyncio.to_thread(self._read, names, {}), now)

    async def _look_everywhere(self, now: float) -> None:
        """Find out what changed, and read that."""
        self._scan_at = now + LOOK_EVERYWHERE_EVERY
        names, unreadable_now = await self._scan()
        await self._apply(await asyncio.to_thread(self._read, names, {}) | unreadable_now, now)

    async def _apply(self, contents: Mapping[str, Content], now: float) -> None:
        """Apply readings, all at once."""
        if identity_of(self._root) != self._root_identity:
            self._scan_at = now  # the root went away meanwhile: nothing of this is believed
            return
        updates = [each for name, content in contents.items() if (each := self._judge(name, content, now)) is not None]
        if not updates:
            return
        self.contents.catalogue.update(updates)
        self._changed()
        await self._remember({each.file: contents[each.file] for each in updates if each.confirmed})

    async def _scan(self) -> tuple[set[str], dict[str, Content]]:
        """List everything; gives the files to read, and what cannot be read."""
        tree = await asyncio.to_thread(scan, self._root)
        linked = frozenset(tree.linked)
        if linked != self._linked:
            self._linked = linked
            self._stop_watching.set()
        folders = {str(PurePath(name).parent) for name in tree.files}
        if not folders <= {str(PurePath(name).parent) for name in self._signatures}:
            self._scan_at = asyncio.get_running_loop().time() + NEW_FOLDER_AGAIN
        changed = {name for name, signature in tree.files.items() if self._signatures.get(name) != signature}
        gone = self._signatures.keys() - tree.files.keys() - tree.unreadable.keys()
        return changed | gone, {name: Content(unreadable(name, why), None) for name, why in tree.unreadable.items()}

    def _read(self, names: Iterable[str], before: Mapping[str, Content]) -> dict[str, Content]:
        """Read files; runs in a thread. What did not change is not parsed again."""
        found: dict[str, Content] = {}
        for name in names:
            known = before[name].reading if name in before else self.contents.catalogue.reading(name)
            found[name] = read_file(self._root, name, known)
        return found

    def _judge(self, name: str, content: Content, now: float) -> Update | None:
        """Make the update that a reading is: first, confirmed, or nothing new."""
        known = self.contents.catalogue.reading(name)
        equal = known is not None and known.digest == content.reading.digest
        unmoved = equal and content.settled and self._signatures.get(name) == content.signature
        if content.signature is None and not content.reading.opaque:
            self._signatures.pop(name, None)
        else:
            self._signatures[name] = content.signature
        due = self._confirm_at.get(name)
        if due is None and (equal or (known is None and not content.reading.opaque and content.signature is None)):
            return None
        if due is not None and unmoved and now < due:
            return None
        if due is not None and unmoved:
            del self._confirm_at[name]
            return Update(name, content.reading, confirmed=True)
        empty = content.signature is not None and content.signature.size == 0
        self._confirm_at[name] = now + (CONFIRM_EMPTY_AFTER if empty else CONFIRM_AFTER)
        return Update(name, content.reading, confirmed=False)

    async def _remembered(self, contents: Mapping[str, Content]) -> list[Update]:
        """Give what the files that are broken now said when they were last read well."""
        if self._last_good is None:
            return []
        broken = [name for name, content in contents.items() if content.reading.opaque or content.reading.refused]
        recalled = await asyncio.to_thread(self._last_good.recall, broken)
        return [Update(name, reading, confirmed=True) for name, reading in recalled.items()]

    async def _remember(self, contents: Mapping[str, Content]) -> None:
        if self._last_good is not None:
            await asyncio.to_thread(self._last_good.keep, contents)

    async def _forget_others(self, contents: Mapping[str, Content]) -> None:
        """Forget the files that went while nobody looked, if two looks agree and no folder hides what it holds."""
        if self._last_good is None:
            return
        tree = await asyncio.to_thread(scan, self._root)
        names = {*contents, *tree.files, *tree.unreadable}
        unreadable_before = {name for name, each in contents.items() if each.signature is None and each.reading.opaque}
        stands = self._root_identity is not None and identity_of(self._root) == self._root_identity
        hidden = any(may_hide(self._root, name) for name in unreadable_before | tree.unreadable.keys())
        if stands and not hidden:
            await asyncio.to_thread(self._last_good.keep_only, names)

    def _changed(self) -> None:
        problems = frozenset(self.problems)
        for each in sorted(problems - self._told):
            log.warning(str(each))
        self._told = problems
        new = {kind: count for kind, count in self.ignored.items() if kind not in self._told_kinds}
        if new:
            self._told_kinds |= new.keys()
            listed = ", ".join(f"{kind} ({count})" for kind, count in new.items())
            log.warning("ignored, of kinds that are not read", kinds=listed)
        self._on_change()


def same(one: Content, other: Content) -> bool:
    """Tell whether two readings agree, and nobody wrote meanwhile."""
    return one.settled and one.reading.digest == other.reading.digest and one.signature == other.signature


def is_quiet(content: Content, now: int) -> bool:
    """Tell that nobody is writing a file; `now` in nanoseconds. A time in the future tells nothing."""
    signature = content.signature
    return content.settled and (signature is None or 0 <= QUIET_AT_START <= now - signature.mtime)


def identity_of(root: Path) -> tuple[int, int] | None:
    """Return what stays the same while the root is the same folder, None while there is none that can be listed."""
    try:
        status = root.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if os.access(root, os.R_OK | os.X_OK) and root.is_dir() else None


def may_hide(root: Path, name: str) -> bool:
    """Tell whether files may be below a name that could not be read: all but a file may be a folder, or have been one."""
    return not os.path.isfile(root / name)  # noqa: PTH113 - Path.is_file raises where a folder above cannot be entered


def is_plain_manifest(name: PurePath) -> bool:
    """Tell a manifest that is named directly, below no hidden folder."""
    return is_manifest(name.name) and not any(part.startswith(".") for part in name.parts)


def matters(name: PurePath, path: Path, known: Iterable[str]) -> bool:
    """Tell whether a change of something else can change what is listed: folders, links, and the hidden ones of ConfigMap volumes."""
    if any(part.startswith(".") and not part.startswith("..") for part in name.parts):
        return False
    if any(part.startswith("..") for part in name.parts) or path.is_symlink() or path.is_dir():
        return True
    return not path.exists() and any(each == str(name) or each.startswith(f"{name}/") for each in known)


def existing(names: Iterable[str]) -> tuple[Path, ...]:
    """Return those folders that are there, sorted."""
    return tuple(path for path in map(Path, sorted(names)) if path.is_dir())
