"""One YAML document: what it gives, and what it is refused for."""

from typing import Any

import pytest

from genkan.manifests.yaml_text import MalformedError, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(
            "a: on\nb: 1e3\nc: 12:30\nd: 2026-01-01\n",
            {"a": "on", "b": "1e3", "c": "12:30", "d": "2026-01-01"},
            id="strings",
        ),
        pytest.param("a: true\nb: 80\nc: 1.5", {"a": True, "b": 80, "c": 1.5}, id="numbers and booleans"),
        pytest.param("a: ~\nb:\nc: null\nd: [null]", {"d": [None]}, id="nulls of a mapping are dropped"),
        pytest.param("80: a\non: b\ntrue: c", {"80": "a", "on": "b", "true": "c"}, id="keys are strings"),
        pytest.param(
            "a: '80'\nb: \"true\"\nc: !!str 80\nd: |\n  80\n",
            {"a": "80", "b": "true", "c": "80", "d": "80\n"},
            id="quoted",
        ),
        pytest.param('a: !!int "80"\nb: !!float 1\nc: !!bool "true"', {"a": 80, "b": 1.0, "c": True}, id="tagged"),
        pytest.param("a: &x [1]\nb: *x", {"a": [1], "b": [1]}, id="alias"),
        pytest.param(
            "a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}, id="merge"
        ),
        pytest.param(
            "a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}",
            {"a": {"p": 1}, "b": {"p": 2, "q": 2}, "c": {"p": 1, "q": 2}},
            id="merge of several: the earlier wins",
        ),
        pytest.param("# nothing\n", None, id="comments only"),
        pytest.param("a: &x on", {"a": "on"}, id="anchor of a scalar"),
    ],
)
def test_value(text: str, value: Any) -> None:
    assert parse(text).value == value


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("a: b: c", 10, "mapping values are not allowed", id="syntax"),
        pytest.param("a: 1\nb: [1\n", 12, "expected", id="open bracket"),
        pytest.param("a:\n\t- b", 11, "found character", id="tab"),
        pytest.param("a: 1\n? [x]\n: 2", 11, "a key must be a string", id="key that is a list"),
        pytest.param("a: 1\nb: !!python/name:os.system", 11, "means nothing here", id="tag of a language"),
        pytest.param("a: &x [*x]", 10, "an alias of itself", id="cycle"),
        pytest.param("a: *x", 10, "undefined alias", id="unknown alias"),
        pytest.param("a: {<<: 1}", 10, "<< takes a mapping", id="merge of a number"),
        pytest.param("[" * 100_000, 10, "nested deeper", id="deep flow"),
        pytest.param("- " * 100_000, 10, "nested deeper", id="deep block"),
        pytest.param('a: "\\ud83d"', 10, "cannot be read as YAML", id="half a character"),
        pytest.param("a: \x00", 10, "cannot be read as YAML", id="control character"),
        pytest.param('a: !!int "x"', 10, "is no int", id="false tag"),
        pytest.param("a: 1\n--- \nb: 1", 11, "single document", id="second document"),
    ],
)
def test_refused(text: str, line: int, words: str) -> None:
    """Whatever cannot be read is refused with the line of the file on which it stands."""
    with pytest.raises(MalformedError, match=words) as caught:
        parse(text, first_line=10)
    assert caught.value.line == line


def test_alias_bomb() -> None:
    """Aliases may not expand to far more than is written: nine levels of nine are 400 million values."""
    levels = [
        f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]" for below, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    text = "\n".join(["a: &a [x, x, x, x, x, x, x, x, x]", *levels])
    with pytest.raises(MalformedError, match="aliases expand"):
        parse(text)


def test_repeated_keys() -> None:
    """Every key that stands twice is told, with its line; the reader decides what becomes of the object."""
    repeated = parse("a: 1\nb:\n  c: 1\n  c: 2\na: ~\n").repeated
    assert [(each.key, each.line) for each in repeated] == [("c", 4), ("a", 5)]
