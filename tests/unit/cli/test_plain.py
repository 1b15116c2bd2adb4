"""Nothing from a manifest moves the cursor, colours the terminal or hides what follows."""

import pytest

from genkan.cli.plain import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("default/shop  a-b.c", "default/shop  a-b.c", id="plain"),
        pytest.param("Grüße 東京", "Grüße 東京", id="letters"),
        pytest.param("\x1b[31mred", r"\x1b[31mred", id="ESC"),
        pytest.param("a\nb\tc\r", r"a\nb\tc\r", id="line feed, tab, carriage return"),
        pytest.param("a\x9b2Jb", r"a\x9b2Jb", id="a C1 control"),
        pytest.param("a\u202eb", r"a\u202eb", id="right-to-left override"),
        pytest.param("a\udc80", r"a\udc80", id="a byte that is no UTF-8"),
    ],
)
def test_only_visible_characters_are_printed(text: str, shown: str) -> None:
    """The escape says what stood there."""
    assert plain(text) == shown
