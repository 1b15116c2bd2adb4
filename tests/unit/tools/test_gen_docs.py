"""The generator of reference pages reads code as people do."""

import ast

import pytest

from tools import gen_docs


@pytest.mark.parametrize(
    ("name", "value", "words", "shown"),
    [
        pytest.param("HANDSHAKE_SECONDS", 10, "handshake time", "10 s", id="seconds"),
        pytest.param("HEADERS_KILOBYTES", 64, "headers size", "64 KiB", id="kilobytes"),
        pytest.param("BUFFER_BYTES", 64 * 1024, "buffer size", "64 KiB", id="bytes"),
        pytest.param("HEAP_BYTES", 512 * 1024 * 1024, "heap size", "512 MiB", id="megabytes"),
        pytest.param("DOWNSTREAM_CONNECTIONS", 10_000, "downstream connections", "10,000", id="number"),
        pytest.param("UNLIMITED", 2**32 - 1, "unlimited", "none", id="no-limit"),
    ],
)
def test_a_limit_is_shown_with_its_unit(name: str, value: float, words: str, shown: str) -> None:
    """The unit is the end of the name."""
    assert gen_docs.spoken(name, value) == (words, shown)


def test_a_docstring_belongs_to_the_names_above_it() -> None:
    """Several assignments may share one; what has none is no documented name."""
    source = 'import x\nA = 1\nB: int = 2\n"""Both."""\nC = 3\nimport y\nD = 4\n"""One."""\n'
    assert list(gen_docs.documented(ast.parse(source).body)) == [(["A", "B"], "Both."), (["D"], "One.")]


def test_a_table_cell_is_one_line() -> None:
    """Line ends become blanks, and a bar is no border."""
    assert gen_docs.cell("one\n  two | three") == "one two \\| three"


def test_exit_codes_become_a_list() -> None:
    """One line for each part of the help text's sentence."""
    assert (
        gen_docs.listed("\b\nExit codes: 0 success; 1 it did\nnot work.") == "- `0`: success.\n- `1`: it did not work."
    )
