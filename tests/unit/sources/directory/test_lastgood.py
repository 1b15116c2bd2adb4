"""What files said when they last read well survives a restart, and only that."""

import os
import stat
from pathlib import Path

import pytest

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


def test_a_folder_that_others_could_read_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    LastGood(tmp_path).keep({"a/x.yaml": content(TEXT)})
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = LastGood(tmp_path / "file" / "below")
    kept.keep({"a/x.yaml": content(TEXT)})
    kept.keep_only([])
    assert kept.recall(["a/x.yaml"]) == {}


def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    """Its owner could read the Secrets in it, and write what is believed."""
    folder = tmp_path / "kept"
    LastGood(folder).keep({"a/x.yaml": content(TEXT)})
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    else:
        folder = Path("/usr")
    kept = LastGood(folder)
    before = sorted(folder.iterdir())
    assert kept.recall(["a/x.yaml"]) == {}
    kept.keep({"b.yaml": content(TEXT)})
    kept.keep_only([])
    assert sorted(folder.iterdir()) == before


def test_a_link_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "kept").symlink_to(tmp_path / "target")
    LastGood(tmp_path / "kept").keep({"a/x.yaml": content(TEXT)})
    assert not list((tmp_path / "target").iterdir())


def test_what_went_between_two_runs_is_forgotten(tmp_path: Path) -> None:
    LastGood(tmp_path).keep({"a/x.yaml": content(TEXT), "secret.yaml": content(TEXT, "secret.yaml")})
    LastGood(tmp_path).keep_only(["a/x.yaml", "new.yaml"])
    assert recalled(tmp_path, "secret.yaml") == set()
    assert recalled(tmp_path) == {ObjectRef("ConfigMap", "default", "a")}
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("newer", ["a", "b"])
def test_what_a_crash_leaves(tmp_path: Path, newer: str) -> None:
    """A half-written copy goes; of two copies of one file the newer one is taken, the other goes."""
    for name in ("a", "b"):
        kept = LastGood(tmp_path / name)
        kept.keep({"a/x.yaml": content(TEXT.replace(b"name: a", b"name: " + name.encode()))})
        (copy,) = (tmp_path / name).iterdir()
        os.utime(copy, ns=(0, 2_000 if name == newer else 1_000))
        copy.rename(tmp_path / copy.name)
        (tmp_path / name).rmdir()
        (tmp_path / f"{copy.name}.part").write_bytes(b"half")
    assert recalled(tmp_path) == {ObjectRef("ConfigMap", "default", newer)}
    assert len(list(tmp_path.iterdir())) == 1
