"""Paths: what each type matches, what is refused and why, in which order they are tried."""

import pytest

from genkan.ir import PathKind, PathMatch
from genkan.translate.ingress.paths import ParsedPath, PathFault, order, parse_path

EXACT, PREFIX = PathKind.EXACT, PathKind.PREFIX


@pytest.mark.parametrize(
    ("path", "path_type", "match"),
    [
        ("/", "Exact", PathMatch(EXACT, "/")),
        ("/foo", "Exact", PathMatch(EXACT, "/foo")),
        ("/foo/", "Exact", PathMatch(EXACT, "/foo/")),
        ("/", "Prefix", PathMatch(PREFIX, "/")),
        ("/foo", "Prefix", PathMatch(PREFIX, "/foo")),
        ("/foo/", "Prefix", PathMatch(PREFIX, "/foo")),
        ("/foo.d/b%20c/~x", "Prefix", PathMatch(PREFIX, "/foo.d/b%20c/~x")),
        ("", "ImplementationSpecific", PathMatch(PREFIX, "/")),
        ("/", "ImplementationSpecific", PathMatch(PREFIX, "/")),
        ("/*", "ImplementationSpecific", PathMatch(PREFIX, "/")),
        ("/foo", "ImplementationSpecific", PathMatch(PREFIX, "/foo")),
        ("/foo/", "ImplementationSpecific", PathMatch(PREFIX, "/foo")),
        ("/foo/*", "ImplementationSpecific", PathMatch(PREFIX, "/foo")),
        ("/..foo/.bar.", "Prefix", PathMatch(PREFIX, "/..foo/.bar.")),
    ],
)
def test_a_valid_path(path: str, path_type: str, match: PathMatch) -> None:
    """A prefix has no trailing slash; ImplementationSpecific is a prefix, GKE's trailing /* included."""
    assert parse_path(path, path_type) == ParsedPath(match)


@pytest.mark.parametrize(
    ("path", "path_type", "says"),
    [
        ("", "Exact", "is empty"),
        ("", "Prefix", "is empty"),
        ("foo", "Prefix", "begin with /"),
        ("*", "ImplementationSpecific", "begin with /"),
        ("//foo", "Prefix", "contains //"),
        ("/a//b", "ImplementationSpecific", "contains //"),
        ("/a/./b", "Exact", "contains /./"),
        ("/a/../b", "Exact", "contains /../"),
        ("/a%2fb", "Prefix", "contains %2f"),
        ("/a%2Fb", "Prefix", "contains %2F"),
        ("/a/.", "Prefix", "dot segment"),
        ("/a/..", "Prefix", "dot segment"),
        ("/a?b=c", "Prefix", "? or #"),
        ("/a#b", "Exact", "? or #"),
        ("/a b", "Prefix", "percent-encoded as clients send it: /a%20b"),
        ("/ü", "Prefix", "/%C3%BC"),
        ("/a\n", "Prefix", "/a%0A"),
        ("/\x00", "Exact", "/%00"),
    ],
)
def test_an_invalid_path_is_told_why(path: str, path_type: str, says: str) -> None:
    """What the API server refuses, and what no request can match."""
    fault = parse_path(path, path_type)
    assert isinstance(fault, PathFault)
    assert says in fault.message
    assert not fault.in_type


@pytest.mark.parametrize("path_type", ["", "prefix", "Regex"])
def test_an_unknown_path_type_is_told(path_type: str) -> None:
    """The API requires one of three."""
    fault = parse_path("/", path_type)
    assert isinstance(fault, PathFault)
    assert fault.in_type


@pytest.mark.parametrize(
    ("path", "path_type"), [("/foo/*", "Prefix"), ("/a*b", "ImplementationSpecific"), ("/foo(/|$)(.*)", "Prefix")]
)
def test_a_path_that_looks_like_a_pattern_is_literal_and_told(path: str, path_type: str) -> None:
    """It serves as it stands, and its author learns that it is no pattern."""
    parsed = parse_path(path, path_type)
    assert isinstance(parsed, ParsedPath)
    assert parsed.match.value == path
    assert "character by character" in parsed.remark


def test_exact_comes_before_prefix_and_the_longest_first() -> None:
    """The sort is stable: equals stay in the manifest's order."""
    given = [PathMatch(PREFIX, "/"), PathMatch(EXACT, "/a"), PathMatch(PREFIX, "/aa"), PathMatch(EXACT, "/abc")]
    wanted = [PathMatch(EXACT, "/abc"), PathMatch(EXACT, "/a"), PathMatch(PREFIX, "/aa"), PathMatch(PREFIX, "/")]
    assert sorted(given, key=order) == wanted
