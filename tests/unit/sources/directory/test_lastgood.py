"""What files said when they last read well survives a restart, and only that."""

import stat
from pathlib import Path

from genkan.manifests.reading import ABSENT, read
from genkan.manifests.tree import Content
from genkan.model import ObjectRef
from genkan.sources.directory.lastgood import LastGood

TEXT = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def content(data: bytes, name: str = "a/x.yaml") -> Content:
    return Content(read(name, data), None, data=data)


def recalled(folder: Path, name: str = "a/x.yaml") -> set[ObjectRef]:
    """What a new process finds."""
    return {ref for reading in LastGood(folder).recall([name]).values() for ref in reading.objects}


def test_what_read_well_is_recalled(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    LastGood(folder).keep({"a/x.yaml": content(TEXT)})
    LastGood(folder).keep({"a/x.yaml": content(b"a: b: c")})
    assert recalled(folder) == {ObjectRef("ConfigMap", "default", "a")}


def test_a_newer_content_replaces_the_older(tmp_path: Path) -> None:
    kept = LastGood(tmp_path)
    kept.keep({"a/x.yaml": content(TEXT)})
    kept.keep({"a/x.yaml": content(TEXT.replace(b"name: a", b"name: b"))})
    assert recalled(tmp_path) == {ObjectRef("ConfigMap", "default", "b")}
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    kept = LastGood(tmp_path)
    kept.keep({"a/x.yaml": content(TEXT)})
    kept.keep({"a/x.yaml": Content(ABSENT, None), "never/there.yaml": Content(ABSENT, None)})
    assert not list(tmp_path.iterdir())


def test_secrets_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    LastGood(folder).keep({"a/x.yaml": content(TEXT)})
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    LastGood(tmp_path / "file" / "below").keep({"a/x.yaml": content(TEXT)})
