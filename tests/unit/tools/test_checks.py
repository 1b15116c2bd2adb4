"""The repository's own checks find what they are for, and nothing else."""

import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.checks import changelog, links, lock, marks, sizes

REMINDER = "TO" + "DO"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty repository."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def function(lines: int) -> str:
    return "def f() -> None:\n" + "    pass\n" * (lines - 1)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("x = 1\n" * 400, [], id="module-at-the-limit"),
        pytest.param("x = 1\n" * 401, ["m.py:1: 401 lines, at most 400: split it by idea"], id="module-above"),
        pytest.param(function(60), [], id="function-at-the-limit"),
        pytest.param(function(61), ["m.py:1: function f has 61 lines, at most 60"], id="function-above"),
        pytest.param("async " + function(61), ["m.py:1: function f has 61 lines, at most 60"], id="coroutine-above"),
    ],
)
def test_sizes(root: Path, source: str, expected: list[str]) -> None:
    """A module has at most 400 lines, a function at most 60, both included."""
    write(root, "m.py", source)
    assert sizes.breaches(root) == expected


@pytest.mark.parametrize(
    ("line", "count"),
    [
        pytest.param(f"# {REMINDER}: later", 1, id="reminder"),
        pytest.param(f"ctx := context.{REMINDER}()", 0, id="a-function-of-go"),
        pytest.param("path = '/ho" + "me/somebody/checkout'", 1, id="home-folder"),
        pytest.param("path = '/ro" + "ot/checkout'", 1, id="root-folder"),
        pytest.param("path = '/var/lib/kubelet'", 0, id="system-folder"),
        pytest.param("curl http://shop.example.com/wo" + "rk/", 0, id="a-path-of-a-url"),
        pytest.param("from https://py" + "pi.org/simple", 1, id="package-index"),
        pytest.param("see https://www.envoyproxy.io/docs", 0, id="documentation"),
    ],
)
def test_marks(root: Path, line: str, count: int) -> None:
    """Reminders, folders of one machine and package hosts are found; what only looks like them is not."""
    write(root, "notes.txt", f"first\n{line}\n")
    found = marks.breaches(root)
    assert len(found) == count
    assert all(breach.startswith("notes.txt:2: ") for breach in found)


def test_marks_skip_what_git_ignores(root: Path) -> None:
    """Only what would be committed counts."""
    write(root, ".gitignore", "/cache/\n")
    write(root, "cache/notes.txt", REMINDER)
    assert marks.breaches(root) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[b](docs/b.md)", [], id="file"),
        pytest.param("[b](docs/b.md#two-words)", [], id="heading"),
        pytest.param("[a](#top)\n# Top", [], id="own-heading"),
        pytest.param("[x](https://example.com/x)", [], id="outside-is-not-followed"),
        pytest.param("```\n[x](missing.md)\n```\n`[x](missing.md)`", [], id="code-is-no-link"),
        pytest.param("[x](missing.md)", ["a.md:1: link missing.md: no such file"], id="no-file"),
        pytest.param("[b](docs/b.md#three)", ["a.md:1: link docs/b.md#three: no such heading"], id="no-heading"),
        pytest.param("[x](../out.md)", ["a.md:1: link ../out.md: no such file"], id="outside-of-the-repository"),
    ],
)
def test_links(root: Path, text: str, expected: list[str]) -> None:
    """A relative link leads to a file and, with an anchor, to one of its headings."""
    write(root, "a.md", text)
    write(root, "docs/b.md", "# B\n\n## Two `words`\n")
    assert links.breaches(root) == expected


def test_anchors_of_repeated_headings_are_numbered() -> None:
    """GitHub's rule: the second of two equal headings ends in -1."""
    assert links.anchors("# `get ingress`, twice!\n# `get ingress`, twice!\n") == {
        "get-ingress-twice",
        "get-ingress-twice-1",
    }


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        pytest.param("host-mode.feature.md", "It serves.", 0, id="good"),
        pytest.param("host-mode.features.md", "It serves.", 1, id="unknown-type"),
        pytest.param("Host Mode.feature.md", "It serves.", 1, id="bad-name"),
        pytest.param("host-mode.feature.md", "\n", 1, id="empty"),
        pytest.param("host-mode.feature.md", "it serves", 1, id="no-sentence"),
    ],
)
def test_changelog(root: Path, name: str, text: str, count: int) -> None:
    """A fragment has a name that towncrier takes, and a sentence."""
    write(root, "pyproject.toml", '[tool.towncrier]\ndirectory = "changelog.d"\ntype = [{ directory = "feature" }]\n')
    write(root, f"changelog.d/{name}", text)
    assert len(changelog.breaches(root)) == count


LOCK = "aiohttp==3.12.1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n    # via genkan\nclick==8.2.0 ; python_version > '3' \\\n    --hash=sha256:02\n"


@pytest.mark.parametrize(
    ("asked", "locked", "count"),
    [
        pytest.param("aiohttp>=3.12", LOCK, 0, id="met"),
        pytest.param("click>=8.2", LOCK, 0, id="met-with-a-marker"),
        pytest.param("AIOHTTP>=3.12", LOCK, 0, id="names-are-normalised"),
        pytest.param("aiohttp>=4", LOCK, 1, id="too-old"),
        pytest.param("rich>=14", LOCK, 1, id="not-locked"),
        pytest.param("aiohttp", "aiohttp==3.12.1\n", 1, id="no-hash"),
    ],
)
def test_lock(asked: str, locked: str, count: int) -> None:
    """Each requirement is locked at a version that meets it, and each pin has a hash."""
    assert len(list(lock.of_lock([Requirement(asked)], locked))) == count
