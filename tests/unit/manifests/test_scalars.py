"""Plain scalars mean what people mean by them."""

import pytest

from genkan.manifests.scalars import Kind, kind_of, read_by_kubectl_as


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(
            (text, Kind.STR)
            for text in ("on", "off", "yes", "No", "y", "1e3", "12:30", "2026-01-01", "0644", "0x1F", "1_000")
        ),
        *((text, Kind.STR) for text in ("10.0.0.1", ".inf", ".nan", "-", "+", ".", "1.2.3", "TRue", "80%", "1" * 50)),
        *((text, Kind.BOOL) for text in ("true", "True", "TRUE", "false", "False", "FALSE")),
        *((text, Kind.INT) for text in ("0", "80", "-1", "+7", "443")),
        *((text, Kind.FLOAT) for text in ("1.5", ".5", "0.", "-2.25")),
        *((text, Kind.NULL) for text in ("", "~", "null", "Null", "NULL")),
        ("<<", Kind.MERGE),
    ],
)
def test_kind(text: str, kind: Kind) -> None:
    assert kind_of(text) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, "boolean") for text in ("on", "off", "yes", "NO", "y", "N")),
        *(
            (text, "number")
            for text in ("1e3", "0644", "0o17", "0x1F", "1_000", "0b11", ".inf", "-.INF", ".nan", "1.5e3")
        ),
        *((text, None) for text in ("12:30", "2026-01-01", "true", "80", "1.5", "10.0.0.1", "only", "", "v1", "e3")),
    ],
)
def test_what_kubectl_reads_differently(text: str, kind: str | None) -> None:
    """Where kubectl still reads YAML 1.1, and only there, a difference is named."""
    assert read_by_kubectl_as(text) == kind
