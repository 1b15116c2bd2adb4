"""JSON is read in the same terms as YAML."""

import pytest

from genkan.manifests.json_text import parse_stream
from genkan.manifests.yaml_text import MalformedError


def test_stream() -> None:
    """Documents follow each other; nulls are dropped; tabs are white space."""
    text = '{"a": null,\t"b": 1}\n\n{"c": [null, "1e3"]}\n'
    assert [(line, value.value) for line, _, value in parse_stream(text)] == [(1, {"b": 1}), (3, {"c": [None, "1e3"]})]


def test_repeated_names() -> None:
    (_, _, value) = next(parse_stream('\n{"a": 1, "a": null}'))
    assert [(each.key, each.line) for each in value.repeated] == [("a", 2)]


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '{"a": }', "{} x", '{"a": ' * 100_000, "[1," * 100_000, "{'a': 1}", '{"a": 1']
)
def test_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        list(parse_stream(text))
