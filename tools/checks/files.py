"""What belongs to the repository: the files that git tracks or would track."""

import subprocess
from collections.abc import Iterator
from pathlib import Path


def listed(root: Path, *patterns: str) -> list[Path]:
    """Every file of the work tree that is not ignored, sorted; `patterns` are git pathspecs, none means all."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    return [path for path in map(root.joinpath, sorted(filter(None, names))) if path.is_file()]


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each line; nothing for a file that is not text."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    yield from enumerate(text.splitlines(), start=1)
