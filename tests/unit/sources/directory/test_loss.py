"""Adding and changing loses nothing; a key or an item less does."""

from typing import Any

import pytest

from genkan.sources.directory.loss import loses


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        pytest.param({"a": 1}, {"a": 2, "b": 3}, False, id="added key, changed value"),
        pytest.param({"a": 1, "b": 2}, {"a": 1}, True, id="key gone"),
        pytest.param({"a": {"b": 1}}, {"a": {}}, True, id="inner key gone"),
        pytest.param({"a": [1, 2]}, {"a": [3, 4, 5]}, False, id="longer list"),
        pytest.param({"a": [1, 2]}, {"a": [1]}, True, id="shorter list"),
        pytest.param({"a": [{"b": 1}]}, {"a": [{}]}, True, id="inner key of an item gone"),
        pytest.param({"a": {}}, {"a": "x"}, True, id="mapping became a word"),
        pytest.param({"a": [1]}, {"a": "x"}, True, id="list became a word"),
        pytest.param({"a": "x"}, {"a": {"b": 1}}, False, id="word became a mapping"),
    ],
)
def test_loses(old: Any, new: Any, lost: bool) -> None:
    assert loses(old, new) is lost
