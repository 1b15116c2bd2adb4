"""Who depends on what: from a thing that changed to the keys that must be looked at again.

References may dangle: a key that names a thing which does not exist is found when it appears.
"""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R", bound=Hashable)


class DependencyIndex(Generic[K, R]):
    """References by key and keys by reference; every operation costs what that one key refers to."""

    def __init__(self) -> None:
        self._references: dict[K, frozenset[R]] = {}
        self._dependents: dict[R, set[K]] = {}

    def set(self, key: K, references: Iterable[R]) -> None:
        """Replace what `key` depends on."""
        new = frozenset(references)
        old = self._references.get(key, frozenset())
        for reference in old - new:
            self._unlink(key, reference)
        for reference in new - old:
            self._dependents.setdefault(reference, set()).add(key)
        if new:
            self._references[key] = new
        else:
            self._references.pop(key, None)

    def drop(self, key: K) -> None:
        """Forget a key."""
        self.set(key, ())

    def dependents(self, reference: R) -> frozenset[K]:
        """Return the keys that depend on this."""
        return frozenset(self._dependents.get(reference, ()))

    def _unlink(self, key: K, reference: R) -> None:
        keys = self._dependents[reference]
        keys.discard(key)
        if not keys:
            del self._dependents[reference]
