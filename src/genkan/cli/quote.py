"""Quoting a manifest: the lines of one field, numbered as an editor shows them."""

from collections.abc import Sequence

MOST_LINES = 8
MOST_COLUMNS = 100


def block(lines: Sequence[str], first: int) -> list[str]:
    """Return the line `first` (from 1) and those indented below it, numbered, at most eight."""
    if not 1 <= first <= len(lines):
        return []
    indent = indentation(lines[first - 1])
    last = first
    while last < len(lines) and last - first < MOST_LINES - 1 and belongs(lines[last], indent):
        last += 1
    width = len(str(last))
    return [f"{number:>{width}} | {shortened(lines[number - 1])}" for number in range(first, last + 1)]


def belongs(line: str, indent: int) -> bool:
    """Tell whether a line stands below one of this indentation; an item of a list stands beside the next item."""
    return bool(line.strip()) and indentation(line) > indent


def indentation(line: str) -> int:
    """Count the spaces in front."""
    return len(line) - len(line.lstrip(" "))


def shortened(line: str) -> str:
    """Keep a line on one line of a terminal."""
    return line if len(line) <= MOST_COLUMNS else f"{line[: MOST_COLUMNS - 1]}…"
