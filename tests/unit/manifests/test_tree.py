"""What a directory holds: manifests at any depth, links followed with care, nothing of what editors leave behind."""

import os
from pathlib import Path

import pytest

from genkan.manifests.reading import ABSENT
from genkan.manifests.tree import is_manifest, read_file, scan

TEXT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def write(path: Path, text: str = TEXT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "yes"),
    [
        *((name, True) for name in ("a.yaml", "a.yml", "a.json", "a.b.yaml")),
        *(
            (name, False)
            for name in (
                ".a.yaml",
                "a.yaml~",
                ".a.yaml.swp",
                ".#a.yaml",
                "#a.yaml#",
                "a.txt",
                "4913",
                "~a.yaml",
                "yaml",
            )
        ),
    ],
)
def test_names(name: str, yes: bool) -> None:
    assert is_manifest(name) is yes


def test_folders_at_any_depth(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/x.yml", "a/b/c/y.json", ".git/z.yaml", "a/.hidden/z.yaml", "a/readme.md"):
        write(tmp_path / name)
    assert sorted(scan(tmp_path).files) == ["a/b/c/y.json", "a/x.yml", "b.yaml"]


def test_config_map_volume(tmp_path: Path) -> None:
    """A mounted ConfigMap is links to files below a hidden folder, which is swapped."""
    write(tmp_path / "..2026_01" / "a.yaml")
    (tmp_path / "..data").symlink_to("..2026_01")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    before = scan(tmp_path)
    write(tmp_path / "..2026_02" / "a.yaml")
    (tmp_path / "..data_tmp").symlink_to("..2026_02")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    after = scan(tmp_path)
    assert list(before.files) == list(after.files) == ["a.yaml"]
    assert before.files["a.yaml"] != after.files["a.yaml"]
    assert not after.linked


def test_links_out_of_the_directory_are_followed_and_watched(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "a.yaml")
    write(tmp_path / "folder" / "b.yaml")
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.yaml").symlink_to(tmp_path / "elsewhere" / "a.yaml")
    (root / "sub").symlink_to(tmp_path / "folder")
    tree = scan(root)
    assert sorted(tree.files) == ["a.yaml", "sub/b.yaml"]
    assert tree.linked == {str(tmp_path / "elsewhere"), str(tmp_path / "folder")}


def test_loops_end_and_a_file_is_listed_once(tmp_path: Path) -> None:
    write(tmp_path / "a" / "x.yaml")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "y.yaml").symlink_to("a/x.yaml")
    assert list(scan(tmp_path).files) == ["a/x.yaml"]


def test_a_dangling_link_cannot_be_read(tmp_path: Path) -> None:
    """It may have held anything: a file or a folder of files. Links that name no manifest are nothing."""
    for name in ("a.yaml", "folder", "notes.txt"):
        (tmp_path / name).symlink_to("nowhere")
    assert set(scan(tmp_path).unreadable) == {"a.yaml", "folder"}
    assert read_file(tmp_path, "a.yaml").reading.opaque


def test_a_missing_root_cannot_be_read(tmp_path: Path) -> None:
    tree = scan(tmp_path / "gone")
    assert tree.why_unreadable("anything.yaml") == "cannot be read: no such file or directory"
    assert read_file(tmp_path / "gone", "a.yaml").reading.opaque


def test_a_file_that_is_gone_is_absent(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    assert read_file(tmp_path, "a.yaml").reading is ABSENT
    assert read_file(tmp_path, "b/c.yaml").reading is ABSENT
    assert read_file(tmp_path, "folder.yaml").reading is ABSENT


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    assert not scan(tmp_path).files
    assert [each.message for each in read_file(tmp_path, "a.yaml").reading.problems] == [
        "is no ordinary file; what it held is kept as it was"
    ]


def test_an_equal_content_is_not_parsed_again(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml")
    first = read_file(tmp_path, "a.yaml")
    assert read_file(tmp_path, "a.yaml", first.reading).reading is first.reading
    write(tmp_path / "a.yaml", TEXT + "data: {}\n")
    assert read_file(tmp_path, "a.yaml", first.reading).reading is not first.reading
