"""Expressions that decide."""

import re

import pytest

from genkan.dataplanes.envoy.matching import everything_but


@pytest.mark.parametrize(
    ("text", "matches"),
    [("ab", False), ("", True), ("a", True), ("b", True), ("abc", True), ("ba", True), ("aab", True), ("a b", True)],
)
def test_everything_but_a_word(text: str, matches: bool) -> None:
    """The word alone is no match; what begins, ends or holds it is."""
    assert (re.fullmatch(everything_but("ab"), text) is not None) is matches
