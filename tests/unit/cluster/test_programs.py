"""Which programs are built, and from what."""

import re
from pathlib import Path

import pytest

from tests.cluster.cache import key_of
from tests.cluster.outcome import ClusterError
from tests.cluster.programs import PROGRAMS, Program, linker_flags, pinned_version


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_each_program_is_pinned(program: Program) -> None:
    """Each has a go.mod with an exact version, checksums for what it requires, and source that names it."""
    assert (program.folder / "main.go").is_file()
    if program.module:
        assert re.fullmatch(r"v\d+\.\d+\.\d+", program.version)
        assert f"{program.module} {program.version} h1:" in (program.folder / "go.sum").read_text()
    if program.package != ".":
        assert f'"{program.package}"' in (program.folder / "main.go").read_text()


def test_kubernetes_and_its_parts_are_of_one_version() -> None:
    """Every staging module is replaced by the one that belongs to the release: v1.35.4 goes with v0.35.4."""
    kubernetes = next(program for program in PROGRAMS if program.name == "kubernetes")
    replaced = re.findall(r"=> k8s\.io/\S+ (v\S+)", (kubernetes.folder / "go.mod").read_text())
    assert len(replaced) > 30
    assert set(replaced) == {kubernetes.version.replace("v1.", "v0.", 1)}
    assert f"-X k8s.io/client-go/pkg/version.gitVersion={kubernetes.version}" in linker_flags(kubernetes)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("module m\n\nrequire example.org/a v1.2.3\n", id="line"),
        pytest.param("require (\n\texample.org/b v9.9.9\n\texample.org/a v1.2.3 // indirect\n)\n", id="block"),
    ],
)
def test_pinned_version(text: str) -> None:
    """The version is read from either form of a requirement."""
    assert pinned_version(text, "example.org/a") == "v1.2.3"


def test_a_module_that_is_not_required() -> None:
    """A version that nobody pinned is an error, not a guess."""
    with pytest.raises(ClusterError, match=r"does not require example\.org/c"):
        pinned_version("module m\n", "example.org/c")


def test_key_depends_on_content_and_names_alone(tmp_path: Path) -> None:
    """Same files, same key, wherever they are; another byte, another name or another flag, another key."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "main.go").write_text("package main")
    key = key_of([tmp_path / "one", "-s"])
    assert key == key_of([tmp_path / "two", "-s"])
    assert key != key_of([tmp_path / "one", "-w"])
    (tmp_path / "two" / "main.go").write_text("package main\n")
    assert key != key_of([tmp_path / "two", "-s"])
    (tmp_path / "one" / "main.go").rename(tmp_path / "one" / "other.go")
    assert key != key_of([tmp_path / "one", "-s"])
