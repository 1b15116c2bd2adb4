"""A keyed store that tells its subscribers what changed.

Takes writes from one source, on the event loop, and calls every subscriber before the write returns: whoever reads a store sees a
state whose consequences are already queued. Writing an equal value calls nobody.
"""

from collections.abc import Callable, Hashable, ItemsView, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
G = TypeVar("G", bound=Hashable)

Subscriber = Callable[[K, V | None, V | None], None]
"""Called with (key, old, new); old is None for a new key, new is None for a deleted one."""


class Store(Generic[K, V]):
    """Values by key; see the module."""

    def __init__(self) -> None:
        self._values: dict[K, V] = {}
        self._subscribers: list[Subscriber[K, V]] = []

    def __len__(self) -> int:
        """Count the values."""
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        """Tell whether the key has a value."""
        return key in self._values

    def get(self, key: K) -> V | None:
        """Return the value of a key, or None."""
        return self._values.get(key)

    def items(self) -> ItemsView[K, V]:
        """Return all keys and values, in no order that means anything."""
        return self._values.items()

    def subscribe(self, subscriber: Subscriber[K, V]) -> None:
        """Call `subscriber` for every later change; what is in the store already is told at once."""
        self._subscribers.append(subscriber)
        for key, value in list(self._values.items()):
            subscriber(key, None, value)

    def upsert(self, key: K, value: V) -> None:
        """Set a value."""
        old = self._values.get(key)
        if old is not None and old == value:
            return
        self._values[key] = value
        self._tell(key, old, value)

    def delete(self, key: K) -> None:
        """Remove a value; a key without one is no error."""
        old = self._values.pop(key, None)
        if old is not None:
            self._tell(key, old, None)

    def replace(self, values: Mapping[K, V]) -> None:
        """Make this the whole content: what is not in it is deleted. Relisting after a gap is this."""
        for key in self._values.keys() - values.keys():
            self.delete(key)
        for key, value in values.items():
            self.upsert(key, value)

    def _tell(self, key: K, old: V | None, new: V | None) -> None:
        for subscriber in self._subscribers:
            subscriber(key, old, new)


class Grouping(Generic[K, V, G]):
    """The values of a store by a property of theirs, kept current: EndpointSlices by Service, for instance."""

    def __init__(self, store: Store[K, V], group_of: Callable[[V], G]) -> None:
        self._groups: dict[G, dict[K, V]] = {}
        self._group_of = group_of
        store.subscribe(self._on_change)

    def of(self, group: G) -> tuple[V, ...]:
        """Return the values of one group."""
        return tuple(self._groups.get(group, {}).values())

    def _on_change(self, key: K, old: V | None, new: V | None) -> None:
        if old is not None:
            members = self._groups[self._group_of(old)]
            del members[key]
            if not members:
                del self._groups[self._group_of(old)]
        if new is not None:
            self._groups.setdefault(self._group_of(new), {})[key] = new
