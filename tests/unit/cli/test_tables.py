"""Tables and ages read as kubectl's."""

from datetime import UTC, datetime, timedelta

import pytest

from genkan.cli.tables import age, table

NOW = datetime(2026, 1, 10, tzinfo=UTC)


def test_columns_are_three_spaces_apart_and_no_line_ends_in_spaces() -> None:
    """Tools that cut columns of kubectl's output cut these."""
    text = table(("NAME", "ADDRESS"), [("a-long-name", "127.1.2.3"), ("b", "")])
    assert text == "NAME          ADDRESS\na-long-name   127.1.2.3\nb"


def test_a_cell_is_one_line_of_visible_characters() -> None:
    """Whatever a manifest says."""
    assert table(("NAME",), [("a\nb\x1b[2J",)]) == "NAME\na\\nb\\x1b[2J"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (8 * 3600, "8h"),
        (48 * 3600, "2d"),
        (49 * 3600, "2d1h"),
        (8 * 86400, "8d"),
        (400 * 86400, "400d"),
    ],
)
def test_age_has_the_steps_of_kubectl(seconds: int, text: str) -> None:
    """Seconds up to two minutes, minutes with seconds up to ten, and so on."""
    assert age((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == text


def test_no_time_is_unknown() -> None:
    """As kubectl says it."""
    assert age("", NOW) == "<unknown>"
