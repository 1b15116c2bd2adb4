"""Tables as kubectl prints them: upper-case headings, columns three spaces apart, nothing around them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from genkan.cli.plain import plain

GAP = "   "

MINUTE, HOUR, DAY = 60, 3600, 86400
AGE_STEPS = (
    (2 * MINUTE, "s", 1, "", 1),
    (10 * MINUTE, "m", MINUTE, "s", 1),
    (3 * HOUR, "m", MINUTE, "", 1),
    (8 * HOUR, "h", HOUR, "m", MINUTE),
    (2 * DAY, "h", HOUR, "", 1),
    (8 * DAY, "d", DAY, "h", HOUR),
    (float("inf"), "d", DAY, "", 1),
)
"""Below so many seconds: this unit of so many seconds, and this smaller unit of so many seconds beside it."""


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out rows under headings; a cell that is empty stays empty, and no line ends in spaces.

    Unprintable characters of a cell are shown as escapes.
    """
    lines = [tuple(headings), *(tuple(plain(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    return "\n".join(
        GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def age(since: str, now: datetime) -> str:
    """Say how long ago an RFC 3339 time was, as kubectl does: 42s, 5m10s, 3h20m, 2d4h, 12d; "<unknown>" without one.

    The steps are those of k8s.io/apimachinery's duration.HumanDuration.
    """
    if not since:
        return "<unknown>"
    seconds = max(0, int((now - datetime.fromisoformat(since)).total_seconds()))
    _, unit, size, part, part_size = next(step for step in AGE_STEPS if seconds < step[0])
    whole, rest = f"{seconds // size}{unit}", seconds % size // part_size
    return f"{whole}{rest}{part}" if part and rest else whole
