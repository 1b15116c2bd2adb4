"""Whatever a file holds, reading it gives a result: no exception escapes."""

from contextlib import suppress

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from genkan.manifests.lines import Lines
from genkan.manifests.reading import line_of, read
from genkan.manifests.scalars import Kind, kind_of
from genkan.manifests.yaml_text import MalformedError, parse

FIXED = settings(derandomize=True, deadline=None)

MANIFEST = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations: &notes {a: on, b: "1e3", c: 12:30}
spec:
  rules:
  - host: "*.foo.com"
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata: {name: s, annotations: *notes}
  stringData: {tls.crt: "x"}
"""
WORDS = st.sampled_from(
    [
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "items",
        "v1",
        "Service",
        "Secret",
        "List",
        "data",
        "spec",
        "<<",
        "&a",
        "*a",
        "!!x",
    ]
)
SCALARS = st.one_of(st.text(max_size=12), WORDS, st.integers(), st.floats(), st.booleans(), st.none(), st.dates())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SCALARS, inner, max_size=4), max_leaves=12
)


@FIXED
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_any_plain_scalar_has_a_meaning(text: str) -> None:
    """What is called a number can be read as one, and a scalar by itself never fails to be understood."""
    kind = kind_of(text)
    if kind is Kind.INT:
        int(text)
    if kind is Kind.FLOAT:
        float(text)
    with suppress(MalformedError):
        parse(f"a: {text}")


@FIXED
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_a_quoted_scalar_is_the_string_itself(text: str) -> None:
    """Writing a string as YAML and reading it gives the string."""
    written = yaml.safe_dump({"a": text}, allow_unicode=True, default_style='"')
    assert parse(written).value == {"a": text}


@FIXED
@given(st.binary(max_size=200), st.sampled_from(["a.yaml", "a.json"]))
def test_any_bytes(data: bytes, file: str) -> None:
    read(file, data)


@FIXED
@given(VALUES, st.sampled_from(["a.yaml", "a.json"]))
def test_any_document(value: object, file: str) -> None:
    read(file, yaml.safe_dump(value, allow_unicode=True).encode(errors="replace"))


@FIXED
@given(
    VALUES,
    VALUES,
    VALUES,
    st.sampled_from(["Ingress", "Service", "Secret", "ConfigMap", "IngressClass", "EndpointSlice", "List"]),
)
def test_any_object(spec: object, data: object, labels: object, kind: str) -> None:
    """Objects of the right name and any content: decoded or refused, with a line."""
    group = {
        "Ingress": "networking.k8s.io/v1",
        "IngressClass": "networking.k8s.io/v1",
        "EndpointSlice": "discovery.k8s.io/v1",
    }
    value = {
        "apiVersion": group.get(kind, "v1"),
        "kind": kind,
        "metadata": {"name": "a", "labels": labels},
        "spec": spec,
        "data": data,
        "items": data,
        "endpoints": spec,
    }
    result = read("a.yaml", yaml.safe_dump(value, allow_unicode=True).encode(errors="replace"))
    assert all(problem.line > 0 for problem in result.problems)
    for document in result.documents:
        assert line_of(document, "spec.rules[0]") > 0


@FIXED
@given(st.integers(0, len(MANIFEST)), st.binary(max_size=3))
def test_truncated_and_damaged(length: int, damage: bytes) -> None:
    read("a.yaml", MANIFEST[:length].encode() + damage)


@FIXED
@given(st.text(max_size=40), st.text(alphabet="abc.[]0123/\"'", max_size=30))
def test_any_path_has_a_line(text: str, path: str) -> None:
    assert Lines(text, 1).line(path) >= 1
    assert Lines(MANIFEST.partition("---")[0], 1).line(path) >= 1
