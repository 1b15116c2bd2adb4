"""What an unquoted YAML scalar means.

Takes the text of a plain scalar; gives one of `null`, `bool`, `int`, `float`, `str`, `merge`. The rules are YAML 1.2's core schema,
narrowed to what nobody means otherwise: `on`, `yes`, `1e3`, `0644`, `12:30` and `2026-01-01` are strings, `true` and `80` are not.
kubectl still reads some of these by YAML 1.1 (sigs.k8s.io/yaml, goyaml.v2, resolve.go); `read_by_kubectl_as` names the difference, so
that a manifest can be checked for a cluster.
"""

import re
from enum import StrEnum


class Kind(StrEnum):
    """The type of a scalar, used as the node's tag."""

    NULL = "null"
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STR = "str"
    MERGE = "merge"


WORDS: dict[str, Kind] = {
    "": Kind.NULL,
    "~": Kind.NULL,
    "null": Kind.NULL,
    "Null": Kind.NULL,
    "NULL": Kind.NULL,
    "true": Kind.BOOL,
    "True": Kind.BOOL,
    "TRUE": Kind.BOOL,
    "false": Kind.BOOL,
    "False": Kind.BOOL,
    "FALSE": Kind.BOOL,
    "<<": Kind.MERGE,
}
FIRST_OF_NUMBER = frozenset("+-.0123456789")
# Longer digits than any number of the API: strings, so that no text of a file makes Python count for long.
INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
FLOAT = re.compile(r"[-+]?(?:[0-9]{1,32}\.[0-9]{0,32}|\.[0-9]{1,32})")

BOOL_OF_YAML_1_1 = frozenset(
    ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF")
)
NUMBER_OF_YAML_1_1 = re.compile(
    r"[-+]?(?:0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+|[0-9][0-9_]*"
    r"|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)


def kind_of(text: str) -> Kind:
    """Tell what a plain scalar is."""
    if text[:1] in FIRST_OF_NUMBER:
        if INT.fullmatch(text):
            return Kind.INT
        if FLOAT.fullmatch(text):
            return Kind.FLOAT
        return WORDS.get(text, Kind.STR)  # the first character of no text is in every set: null
    return WORDS.get(text, Kind.STR)


def read_by_kubectl_as(text: str) -> str | None:
    """Name the type that kubectl reads where we read a string, or None when both agree."""
    if kind_of(text) is not Kind.STR:
        return None
    if text in BOOL_OF_YAML_1_1:
        return "boolean"
    return "number" if NUMBER_OF_YAML_1_1.fullmatch(text) else None


def bool_of(text: str) -> bool:
    """Return the value of a scalar of kind `bool`."""
    return text[0] in "tT"
