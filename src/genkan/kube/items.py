"""Objects out of pages and watch events, one by one: a bad one is set aside and never takes its neighbours with it.

Takes bytes and the msgspec type that the caller wants; gives objects, and `Bad` for what does not fit the type.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, cast

import msgspec

from genkan.errors import TransientError


class Metadata(Protocol):
    """What a reflector reads of an object."""

    @property
    def namespace(self) -> str:
        """Empty for cluster-scoped kinds."""

    @property
    def name(self) -> str:
        """Name among those of its kind and namespace."""

    @property
    def resource_version(self) -> str:
        """Opaque; changes with every write."""


class Item(Protocol):
    """An object of the caller's type."""

    @property
    def metadata(self) -> Metadata:
        """`metadata`, as far as it is used."""


T = TypeVar("T", bound=Item)


class Named(msgspec.Struct, frozen=True, rename="camel"):
    """The `metadata` of any object."""

    name: str = ""
    namespace: str = ""
    resource_version: str = ""


class Head(msgspec.Struct, frozen=True):
    """Any object, by its name only."""

    metadata: Named = Named()


@dataclass(frozen=True)
class Bad:
    """An object that does not fit the type, and why; the name is empty if even that could not be read."""

    metadata: Named
    error: str


class _ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct, Generic[T], frozen=True):
    metadata: _ListMeta = _ListMeta()
    items: list[T] | None = None


class _RawPage(msgspec.Struct, frozen=True):
    metadata: _ListMeta = _ListMeta()
    items: list[msgspec.Raw] | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; `token` leads to the next, empty on the last."""

    items: list[T]
    bad: list[Bad]
    version: str
    token: str


_HEAD = msgspec.json.Decoder(Head)


class ItemDecoder(Generic[T]):
    """Decodes one type."""

    def __init__(self, kind: type[T]) -> None:
        self._item = msgspec.json.Decoder(kind)
        # A type made at run time, which mypy cannot follow.
        self._page = cast("msgspec.json.Decoder[_Page[T]]", msgspec.json.Decoder(_Page[kind]))  # type: ignore[valid-type]

    def page(self, body: bytes) -> Page[T]:
        """Decode a page: all at once, which is fast, and one by one only if that fails."""
        try:
            page = self._page.decode(body)
        except msgspec.ValidationError:
            return self._one_by_one(body)
        except msgspec.DecodeError as error:
            raise TransientError(f"the list is no JSON: {error}") from error
        return Page(page.items or [], [], page.metadata.resource_version, page.metadata.continue_)

    def item(self, raw: bytes | msgspec.Raw) -> T | Bad:
        """Decode one object."""
        try:
            return self._item.decode(raw)
        except msgspec.DecodeError as error:
            return Bad(head(raw), str(error))

    def _one_by_one(self, body: bytes) -> Page[T]:
        try:
            page = msgspec.json.decode(body, type=_RawPage)
        except msgspec.DecodeError as error:
            raise TransientError(f"the answer is no list: {error}") from error
        items: list[T] = []
        bad: list[Bad] = []
        for raw in page.items or []:
            one = self.item(raw)
            if isinstance(one, Bad):
                bad.append(one)
            else:
                items.append(one)
        return Page(items, bad, page.metadata.resource_version, page.metadata.continue_)


def head(raw: bytes | msgspec.Raw) -> Named:
    """Read the name of any object; empty if that cannot be read."""
    try:
        return _HEAD.decode(raw).metadata
    except msgspec.DecodeError:
        return Named()
