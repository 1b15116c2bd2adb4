"""A quoted field is its line and what is indented below it."""

from genkan.cli.quote import block

MANIFEST = """\
spec:
  rules:
  - host: a
    http:
      paths:
      - path: /one
        pathType: Prefix
      - path: /two
        pathType: Exact
""".splitlines()


def test_an_item_ends_where_the_next_begins() -> None:
    """Only the field that is meant is quoted."""
    assert block(MANIFEST, 6) == ["6 |       - path: /one", "7 |         pathType: Prefix"]


def test_a_long_block_is_cut_after_eight_lines() -> None:
    """A terminal is small."""
    assert len(block(["spec:", *["  - x"] * 50], 1)) == 8


def test_a_line_that_is_not_there_is_no_error() -> None:
    """The file may have changed since."""
    assert block(MANIFEST, 99) == []


def test_a_long_line_is_cut() -> None:
    """JSON on one line stays on one line."""
    assert len(block(["{" + "x" * 500 + "}"], 1)[0]) < 110
