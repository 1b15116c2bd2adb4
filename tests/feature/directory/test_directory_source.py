"""The directory source on a real file system: edits as editors make them, folders that come and go, restarts with broken files."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from genkan.model import ConfigMap, ObjectKey, ObjectRef
from genkan.sources.directory.source import DirectorySource
from genkan.sources.directory.watch import by_clock
from genkan.sources.stores import Stores
from tests.support.waiting import until

BROKEN = "a: b: c\n"


def config_map(name: str, version: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  v: '{version}'\n"


def config_maps(*names: str) -> str:
    return "---\n".join(map(config_map, names))


def move(path: Path, target: Path) -> None:
    """Rename, as mv does."""
    path.rename(target)


class Running:
    """A source that follows a directory, and everything that was ever deleted."""

    def __init__(self, root: Path, source: DirectorySource, stores: Stores) -> None:
        self.root = root
        self.source = source
        self.stores = stores
        self.deleted: list[str] = []
        stores.config_maps.subscribe(self._on_change)

    def _on_change(self, key: ObjectKey, _old: ConfigMap | None, new: ConfigMap | None) -> None:
        if new is None:
            self.deleted.append(key.name)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @property
    def objects(self) -> dict[str, str]:
        """Every ConfigMap's name and its value `v`."""
        return {key.name: value.data.get("v", "") for key, value in self.stores.config_maps.items()}

    async def shows(self, **objects: str) -> None:
        """Wait until exactly these stand."""
        await until(lambda: self.objects == objects, 5, what=f"{objects}, not {self.objects}")

    async def settles(self) -> None:
        """Wait until everything read is confirmed."""
        await until(self.source.deletable, 5, what="absence that can be believed")


@asynccontextmanager
async def following(root: Path, source: DirectorySource, stores: Stores) -> AsyncIterator[Running]:
    await source.start()
    running = Running(root, source, stores)
    task = asyncio.create_task(source.run())
    try:
        yield running
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    folder.mkdir()
    return folder


@asynccontextmanager
async def served(root: Path, last_good: Path | None = None) -> AsyncIterator[Running]:
    stores = Stores()
    async with following(root, DirectorySource(root, stores, last_good=last_good), stores) as running:
        yield running


async def test_files_come_change_and_go(root: Path) -> None:
    (root / "x.yaml").write_text(config_map("a"))
    async with served(root) as running:
        assert running.objects == {"a": "1"}
        running.write("deep/er/y.yaml", config_map("b"))
        await running.shows(a="1", b="1")
        running.write("x.yaml", config_map("a", "2"))
        await running.shows(a="2", b="1")
        (root / "deep" / "er" / "y.yaml").unlink()
        await running.shows(a="2")
        assert running.deleted == ["b"]


async def test_an_editor_that_truncates_and_takes_its_time(root: Path) -> None:
    """The file is empty, then half, then whole; nothing is ever missing meanwhile."""
    (root / "x.yaml").write_text(config_maps("a", "b"))
    async with served(root) as running:
        text = config_maps("a", "b") + "---\n" + config_map("c")
        with (root / "x.yaml").open("w") as file:
            for part in (text[:30], text[30:90], text[90:]):
                file.write(part)
                file.flush()
                await asyncio.sleep(0.03)  # an editor at work, and the thing under test
        await running.shows(a="1", b="1", c="1")
        await running.settles()
        assert running.deleted == []


async def test_an_empty_file_is_waited_for_longer_than_a_missing_one(root: Path) -> None:
    """A machine that is busy may leave a truncated file empty for a while; one that stays empty has nothing in it."""
    for name in ("x", "y"):
        (root / f"{name}.yaml").write_text(config_map(name))
    async with served(root) as running:
        running.write("x.yaml", "")
        (root / "y.yaml").unlink()
        await running.shows(x="1")
        await running.shows()
        assert running.deleted == ["y", "x"]


async def test_atomic_replacement_and_files_that_editors_leave(root: Path) -> None:
    (root / "x.yaml").write_text(config_map("a"))
    async with served(root) as running:
        running.write(".x.yaml.swp", config_map("swap"))
        running.write("x.yaml~", config_map("backup"))
        running.write("4913", "")
        (root / "4913").unlink()
        running.write("x.yaml.new", config_map("a", "2"))
        (root / "x.yaml.new").rename(root / "x.yaml")
        await running.shows(a="2")
        assert running.deleted == []


async def test_a_moved_file_and_a_renamed_folder_delete_nothing(root: Path) -> None:
    for name in ("one/x.yaml", "one/y.yaml"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(config_map(Path(name).stem))
    async with served(root) as running:
        (root / "one" / "x.yaml").rename(root / "z.yaml")
        (root / "one").rename(root / "two")
        ref = ObjectRef("ConfigMap", "default", "y")
        await until(lambda: (at := running.source.position(ref)) is not None and at.file == "two/y.yaml", 5)
        await running.settles()
        assert running.objects == {"x": "1", "y": "1"}
        assert running.deleted == []


async def test_a_broken_file_keeps_its_objects_and_says_so(root: Path) -> None:
    (root / "x.yaml").write_text(config_map("a"))
    (root / "y.yaml").write_text(config_map("b"))
    async with served(root) as running:
        running.write("x.yaml", BROKEN)
        await until(lambda: running.source.problems, 5)
        assert [(each.file, each.line) for each in running.source.problems] == [("x.yaml", 1)]
        (root / "y.yaml").unlink()
        await until(lambda: "y.yaml" not in running.source._signatures, 5)
        running.write("x.yaml", config_map("a", "2"))
        await running.shows(a="2")
        assert running.deleted == ["b"]
        assert running.source.problems == []


async def test_the_directory_goes_and_comes_back(root: Path) -> None:
    """While it is gone nothing is believed; what comes in its place is read and watched."""
    (root / "x.yaml").write_text(config_maps("a", "b"))
    async with served(root) as running:
        move(root, root.with_name("away"))
        await until(lambda: not running.source.deletable(), 5)
        assert running.objects == {"a": "1", "b": "1"}
        running.write("x.yaml", config_map("a", "2"))
        await running.shows(a="2")
        running.write("x.yaml", config_map("a", "3"))
        await running.shows(a="3")
        assert running.deleted == ["b"]


async def test_a_config_map_volume_is_swapped(root: Path) -> None:
    (root / "..1").mkdir()
    (root / "..1" / "x.yaml").write_text(config_map("a"))
    (root / "..data").symlink_to("..1")
    (root / "x.yaml").symlink_to("..data/x.yaml")
    async with served(root) as running:
        (root / "..2").mkdir()
        (root / "..2" / "x.yaml").write_text(config_map("a", "2"))
        (root / "..tmp").symlink_to("..2")
        (root / "..tmp").rename(root / "..data")
        await running.shows(a="2")
        assert running.deleted == []


async def test_a_linked_file_outside_is_followed(root: Path) -> None:
    elsewhere = root.parent / "elsewhere" / "x.yaml"
    elsewhere.parent.mkdir()
    elsewhere.write_text(config_map("a"))
    async with served(root) as running:
        (root / "x.yaml").symlink_to(elsewhere)
        await running.shows(a="1")
        elsewhere.write_text(config_map("a", "2"))
        await running.shows(a="2")


async def test_a_dangling_folder_holds_everything(root: Path) -> None:
    """A link to a folder that vanished, an unmounted volume for instance: its objects stay, and so does all else."""
    volume = root.parent / "volume"
    volume.mkdir()
    (volume / "x.yaml").write_text(config_map("a"))
    (root / "folder").symlink_to(volume)
    (root / "y.yaml").write_text(config_map("b"))
    async with served(root) as running:
        move(volume, volume.with_name("unmounted"))
        running.write("z.yaml", config_map("c"))
        (root / "y.yaml").unlink()
        await running.shows(a="1", b="1", c="1")
        await until(lambda: any("cannot be read" in each.message for each in running.source.problems), 15)
        assert not running.source.deletable()
        move(volume.with_name("unmounted"), volume)
        await until(lambda: running.objects == {"a": "1", "c": "1"}, 15)
        assert running.deleted == ["b"]


async def test_a_start_with_a_broken_file(root: Path, tmp_path: Path) -> None:
    """What it said before the restart stands; without that memory nothing is believed gone."""
    (root / "x.yaml").write_text(config_maps("a", "b"))
    async with served(root, tmp_path / "kept"):
        pass
    (root / "x.yaml").write_text(BROKEN)
    async with served(root, tmp_path / "kept") as running:
        assert running.objects == {"a": "1", "b": "1"}
        assert not running.source.deletable()
    async with served(root) as running:
        assert running.objects == {}
        assert not running.source.deletable()
        running.write("x.yaml", config_map("a"))
        await running.settles()
        assert running.objects == {"a": "1"}


async def test_what_went_between_two_runs_is_forgotten(root: Path, tmp_path: Path) -> None:
    """No copy of its Secrets stays, and a file of the same name that is broken brings nothing back."""
    (root / "x.yaml").write_text(config_map("a"))
    async with served(root, tmp_path / "kept"):
        assert len(list((tmp_path / "kept").iterdir())) == 1
    (root / "x.yaml").unlink()
    async with served(root, tmp_path / "kept"):
        assert not list((tmp_path / "kept").iterdir())
    (root / "x.yaml").write_text(BROKEN)
    async with served(root, tmp_path / "kept") as running:
        assert running.objects == {}


async def test_nothing_is_forgotten_while_a_folder_cannot_be_looked_into(root: Path, tmp_path: Path) -> None:
    """A link that leads nowhere is a folder, as far as anybody can tell: its files are not gone."""
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume" / "x.yaml").write_text(config_map("a"))
    (root / "linked").symlink_to(tmp_path / "volume")
    async with served(root, tmp_path / "kept"):
        pass
    move(tmp_path / "volume", tmp_path / "away")
    async with served(root, tmp_path / "kept"):
        pass
    move(tmp_path / "away", tmp_path / "volume")
    (tmp_path / "volume" / "x.yaml").write_text(BROKEN)
    async with served(root, tmp_path / "kept") as running:
        assert running.objects == {"a": "1"}


async def test_a_start_while_a_file_is_being_written(root: Path) -> None:
    """The first reading waits for the file to rest."""
    path = root / "x.yaml"
    path.write_text("")
    source = DirectorySource(root, Stores())
    starting = asyncio.create_task(source.start())
    await asyncio.sleep(0.03)  # an editor at work, and the thing under test
    path.write_text(config_map("a"))
    await starting
    assert list(source.contents.stores.config_maps.items())
    assert not source.deletable() or source.contents.catalogue.find(ObjectRef("ConfigMap", "default", "a"))


async def test_by_the_clock_where_the_system_tells_nothing(root: Path) -> None:
    async def refuse(_folders: tuple[Path, ...], stop: asyncio.Event) -> AsyncIterator[frozenset[str]]:
        async for each in by_clock(stop):
            yield each

    stores = Stores()
    async with following(root, DirectorySource(root, stores, watch=refuse), stores) as running:
        running.write("x.yaml", config_map("a"))
        await running.shows(a="1")


async def test_only_what_changed_is_told(root: Path) -> None:
    """Of 300 files one is edited: one object is told; a save without a change, and a touch, tell nothing."""
    for index in range(300):
        (root / f"{index}.yaml").write_text(config_map(f"c{index}"))
    async with served(root) as running:
        told: list[str] = []
        note: Callable[..., None] = lambda key, _old, _new: told.append(key.name)  # noqa: E731 - one line in its place
        running.stores.config_maps.subscribe(note)
        told.clear()
        running.write("6.yaml", config_map("c6"))
        (root / "5.yaml").touch()
        running.write("7.yaml", config_map("c7", "2"))
        await until(lambda: running.objects["c7"] == "2", 5)
        await running.settles()
        assert told == ["c7"]


async def test_an_edit_is_seen_at_once(root: Path) -> None:
    """From the write to the store well under the product's 250 ms, at the median of some edits."""
    (root / "x.yaml").write_text(config_map("a", "0"))
    async with served(root) as running:
        loop = asyncio.get_running_loop()
        running.write("x.yaml", config_map("a", "begin"))
        await running.shows(a="begin")
        taken: list[float] = []
        for version in range(15):
            begun = loop.time()
            running.write("x.yaml", config_map("a", str(version)))
            await until(lambda wanted=str(version): running.objects["a"] == wanted, 5, interval=0.001)  # type: ignore[misc]
            taken.append(loop.time() - begun)
        assert sorted(taken)[len(taken) // 2] < 0.2, taken
