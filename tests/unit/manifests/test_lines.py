"""A field path leads to its line; a field that is not there to the nearest parent that is."""

import pytest

from genkan.manifests.lines import Lines

TEXT = """\
metadata:
  annotations:
    kubernetes.io/ingress.class: genkan
    plain: x
spec:
  common: &common
    pathType: Prefix
  rules:
  - host: a
  - host: b
    http:
      paths:
      - path: /x
        <<: *common
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 1),
        ("metadata.annotations[kubernetes.io/ingress.class]", 3),
        ('metadata.annotations["kubernetes.io/ingress.class"]', 3),
        ("metadata.annotations.kubernetes.io/ingress.class", 3),
        ("metadata.annotations.plain", 4),
        ("spec.rules[1].http.paths[0].path", 13),
        ("spec.rules[1].http.paths[0].pathType", 7),
        ("spec.rules[1].http.paths[0].backend.service", 13),
        ("spec.rules[7].host", 8),
        ("nothing", 1),
        ("spec.rules.host", 8),
        ("[0]", 1),
        ("]]..[", 1),
    ],
)
def test_line(path: str, line: int) -> None:
    assert Lines(TEXT, 1).line(path) == line


def test_first_line_counts() -> None:
    assert Lines(TEXT, 101).line("spec.rules[0].host") == 109


def test_json_with_tabs() -> None:
    """The lines of JSON are found too, tabs and all."""
    assert Lines('{\n\t"spec": {\n\t\t"rules": []\n\t}\n}', 1).line("spec.rules") == 3


def test_what_is_no_yaml_has_its_first_line() -> None:
    assert Lines("a: b: c", 7).line("a") == 7
