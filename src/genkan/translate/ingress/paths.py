"""Paths of rules: which are valid, and what they match.

Takes `path` and `pathType`, gives a `PathMatch` or the reason why the path cannot be used. The rules:

- Exact: the same bytes; a trailing slash counts.
- Prefix: by element, a trailing slash ignored: `/foo` and `/foo/` both match `/foo`, `/foo/` and `/foo/bar`, not `/foobar`.
- ImplementationSpecific: the same as Prefix. Left empty it matches every path. A trailing `/*`, as GKE writes it, is left out:
  `/foo/*` matches what `/foo` matches (on GKE it would leave out `/foo` itself), and `/*` matches every path.
- In every other place `*` and the characters of regular expressions are ordinary characters; that is said where it looks unintended.

Refused, and only that path is left out: no leading slash; `//`, `/./`, `/../`, `%2f` and a last element of `.` or `..` (as the API
server does, because what they match differs between proxies); `?` and `#`, which never are part of a path; blanks, control and
non-ASCII characters, which clients send percent-encoded.

Source: networking.k8s.io/v1 HTTPIngressPath, and the API server's validation of it.
"""

from dataclasses import dataclass
from urllib.parse import quote

from genkan.ir import PathKind, PathMatch

_KINDS = ("Exact", "Prefix", "ImplementationSpecific")
_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
_SUFFIXES = ("/.", "/..")
_LOOKS_LIKE_PATTERN = frozenset("*([\\^|")


@dataclass(frozen=True, slots=True)
class ParsedPath:
    """What a path matches, with a `remark` ("" for none) on what its author may not have meant."""

    match: PathMatch
    remark: str = ""


@dataclass(frozen=True, slots=True)
class PathFault:
    """Why a path cannot be used, and what to do; `in_type` tells that `pathType` is the field at fault."""

    message: str
    in_type: bool = False


def parse_path(path: str, path_type: str) -> ParsedPath | PathFault:
    """Read one path of a rule by the rules above."""
    if path_type not in _KINDS:
        written = f'"{path_type}"' if path_type else "missing"
        return PathFault(f"pathType is {written}; use Exact, Prefix or ImplementationSpecific", in_type=True)
    if path_type == "ImplementationSpecific":
        path = path.removesuffix("*") if path.endswith("/*") else path or "/"
    fault = _fault(path)
    if fault:
        return PathFault(fault)
    if path_type == "Exact":
        match = PathMatch(PathKind.EXACT, path)
    else:
        match = PathMatch(PathKind.PREFIX, path.removesuffix("/") or "/")
    if _LOOKS_LIKE_PATTERN.isdisjoint(path):
        return ParsedPath(match)
    return ParsedPath(match, _remark(path_type))


def _fault(path: str) -> str:
    if not path.startswith("/"):
        return "has to begin with /" if path else "is empty; write / to match every path"
    if not path.isascii() or not path.isprintable() or " " in path:
        return f"has to be percent-encoded as clients send it: {quote(path.encode(errors='replace'), safe='/%')}"
    if "?" in path or "#" in path:
        return "contains ? or #; paths are compared without query and fragment"
    sequence = next((sequence for sequence in _SEQUENCES if sequence in path), "")
    if sequence or path.endswith(_SUFFIXES):
        return f"contains {sequence or 'a dot segment'}; write the path in its plain form"
    return ""


def _remark(path_type: str) -> str:
    if path_type == "ImplementationSpecific":
        return "is compared character by character: only a trailing /* has a meaning, regular expressions have none"
    return "is compared character by character: * and regular expressions have no meaning in it"


def order(match: PathMatch) -> tuple[bool, int]:
    """Give the sort key that puts Exact before Prefix and the longest first; a stable sort keeps the manifest's order of equals."""
    return (match.kind is not PathKind.EXACT, -len(match.value))
