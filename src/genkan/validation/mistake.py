"""One thing that an API server would refuse in one object."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple


class Mistake(NamedTuple):
    """`field` is a path as kubectl prints it."""

    field: str
    message: str


Manifest = Mapping[str, Any]
Rules = Callable[[Manifest, Any], Iterator[Mistake]]
"""Takes an object as written and as decoded; gives what is wrong."""


def if_wrong(field: str, message: str | None) -> Iterator[Mistake]:
    """Give the mistake if there is one."""
    if message is not None:
        yield Mistake(field, message)


def required(field: str) -> Mistake:
    """A field that must be set."""
    return Mistake(field, "is required")


def one_of(field: str, value: str, allowed: tuple[str, ...]) -> Iterator[Mistake]:
    """Check a word against the words that there are."""
    if value not in allowed:
        yield Mistake(field, f'"{value}" is none of {", ".join(allowed)}')


def written(manifest: Manifest, *path: str | int) -> Any:
    """Return what is written at a path, None where nothing is."""
    value: Any = manifest
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value
