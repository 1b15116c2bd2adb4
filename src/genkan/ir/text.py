"""The intermediate representation as text that people read, and back: what `genkan translate --to ir` prints and golden files hold.

Takes any value made of the IR's dataclasses, gives plain data or YAML, and reads both. One generic walk over the field types, so a new field
needs nothing here. Fields at their default are left out. An origin is its own one-line form. Of several possible dataclasses the one meant is
a key of its own: `action: {respond: {status: 503, ...}}`. Bytes appear as a digest only, private ones included; reading maps digests back
through `contents`.
"""

import dataclasses
import hashlib
import types
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from genkan.ir.origin import Origin
from genkan.ir.traffic import EndpointSet, PrivateBytes, Traffic

T = TypeVar("T")
Plain = Any
"""What YAML and JSON can say: mappings, lists, strings, numbers, booleans, None."""


class _Dumper(yaml.SafeDumper):
    """Writes any kind of mapping as one, and repeats equal parts instead of pointing at them."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML asks for each part
        """Write every part in full."""
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Show lines as lines."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_multi_representer(dict, yaml.SafeDumper.represent_dict)
_Dumper.add_representer(str, _represent_text)
_UNIONS = (Union, types.UnionType)


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """All that a driver is given for one data plane: what a golden case's `ir.yaml` holds."""

    traffic: Traffic
    endpoints: tuple[EndpointSet, ...]


def digest(content: bytes) -> str:
    """Give the text that stands for bytes: equal contents can be told from different ones, and nothing else."""
    return f"sha256:{hashlib.sha256(content).hexdigest()[:16]}"


def contents_of(contents: Iterable[bytes]) -> dict[str, bytes]:
    """Give the mapping that reading needs to find these bytes again."""
    return {digest(content): bytes(content) for content in contents}


def dump(value: object) -> str:
    """Write a value (a dataclass, or a tuple of them) as YAML."""
    return to_yaml(to_plain(value))


def load(kind: type[T], text: str, contents: Mapping[str, bytes]) -> T:
    """Read what `dump` wrote; ValueError names what does not fit the type."""
    value: T = from_plain(kind, yaml.safe_load(text), contents)
    return value


def to_yaml(plain: Plain) -> str:
    """Write plain data as the YAML that golden files hold: block style, in the order given, long lines unbroken."""
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def to_plain(value: object) -> Plain:
    """Turn a value into plain data. A tuple's elements of several possible types get the key of their type."""
    return _dumper(type(value))(value)


def from_plain(kind: Any, plain: Plain, contents: Mapping[str, bytes]) -> Any:
    """Read plain data as a type: a dataclass, a tuple, a union, or a plain type."""
    read = next((read for fits, read in _READERS if fits(kind)), None)
    return read(kind, plain, contents) if read else kind(plain)


def _dumper(kind: type) -> Callable[[Any], Plain]:
    return next((write for fits, write in _WRITERS if fits(kind)), lambda plain: plain)


def _dump_dataclass(value: Any) -> Plain:
    plain = {}
    for field, hint in _fields(type(value)):  # type: ignore[arg-type] # typeshed: a type is hashable
        item = getattr(value, field.name)
        if item != _default(field) or isinstance(item, Origin):
            plain[field.name] = {_tag(type(item)): to_plain(item)} if _tagged(hint, type(item)) else to_plain(item)
    return plain


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _dump_datetime(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


@cache
def _fields(kind: type) -> tuple[tuple[dataclasses.Field[Any], Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field, hints[field.name]) for field in dataclasses.fields(kind))


def _tag(kind: type) -> str:
    return kind.__name__[:1].lower() + kind.__name__[1:]


def _tagged(hint: Any, kind: type) -> bool:
    """Tell whether a field may hold several dataclasses, so that the one meant has to be said."""
    choices = [choice for choice in get_args(hint) if dataclasses.is_dataclass(choice)]
    return len(choices) > 1 and kind in choices and get_origin(hint) in _UNIONS


def _read_dataclass(kind: Any, plain: Plain, contents: Mapping[str, bytes]) -> Any:
    if not isinstance(plain, dict):
        raise ValueError(f"{kind.__name__}: expected a mapping, got {plain!r}")  # noqa: TRY004 - a text that does not fit, not a caller's mistake
    hints = {field.name: hint for field, hint in _fields(kind)}
    unknown = sorted(set(plain) - set(hints))
    if unknown:
        raise ValueError(f"{kind.__name__}: unknown {', '.join(unknown)}")
    values = {name: from_plain(hints[name], item, contents) for name, item in plain.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"{kind.__name__}: {error}") from error


def _read_union(choices: tuple[Any, ...], plain: Plain, contents: Mapping[str, bytes]) -> Any:
    if plain is None and type(None) in choices:
        return None
    classes = [choice for choice in choices if dataclasses.is_dataclass(choice)]
    if isinstance(plain, dict) and len(classes) > 1:
        by_tag = {_tag(choice): choice for choice in classes if isinstance(choice, type)}
        tag, item = next(iter(plain.items()))
        if tag not in by_tag:
            raise ValueError(f"expected one of {', '.join(sorted(by_tag))}, got {tag}")
        return from_plain(by_tag[tag], item, contents)
    if isinstance(plain, dict) and classes:
        return from_plain(classes[0], plain, contents)
    rest = [choice for choice in choices if choice is not type(None) and choice not in classes]
    return from_plain(rest[0], plain, contents)


def _read_bytes(kind: type[bytes], plain: Plain, contents: Mapping[str, bytes]) -> bytes:
    if plain not in contents:
        raise ValueError(f"nobody knows what {plain} stands for")
    return PrivateBytes(contents[plain]) if kind is PrivateBytes else kind(contents[plain])


def _read_origin(text: str) -> Origin:
    """Read `Kind namespace/name field`; names hold no blanks."""
    kind, name, field = (*text.split(" ", 2), "", "")[:3]
    namespace, _, short = name.rpartition("/")
    return Origin(kind, namespace, short, field)


def _read_tuple(kind: Any, plain: Plain, contents: Mapping[str, bytes]) -> tuple[Any, ...]:
    element = get_args(kind)[0]
    return tuple(from_plain(element, item, contents) for item in plain or ())


_WRITERS: tuple[tuple[Callable[[type], bool], Callable[[Any], Plain]], ...] = (
    (lambda kind: kind is Origin or issubclass(kind, Enum), str),
    (dataclasses.is_dataclass, _dump_dataclass),
    (lambda kind: issubclass(kind, bytes), digest),
    (lambda kind: issubclass(kind, datetime), _dump_datetime),
    (lambda kind: issubclass(kind, tuple | list), lambda items: [to_plain(item) for item in items]),
    (lambda kind: issubclass(kind, Mapping), lambda items: {key: to_plain(item) for key, item in items.items()}),
)
"""How a value of a type is written, the first that fits; every other value is plain already."""
_Reader = Callable[[Any, Plain, Mapping[str, bytes]], Any]
_READERS: tuple[tuple[Callable[[Any], bool], _Reader], ...] = (
    (lambda kind: kind is Origin, lambda _, plain, __: _read_origin(plain)),
    (dataclasses.is_dataclass, _read_dataclass),
    (lambda kind: get_origin(kind) is tuple, _read_tuple),
    (
        lambda kind: get_origin(kind) in _UNIONS,
        lambda kind, plain, contents: _read_union(get_args(kind), plain, contents),
    ),
    (lambda kind: issubclass(kind, bytes), _read_bytes),
    (lambda kind: kind is datetime, lambda _, plain, __: datetime.fromisoformat(plain)),
)
"""How a type is read, the first that fits; every other type reads itself from plain data."""
