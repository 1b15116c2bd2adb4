"""Whether a newer version of an object says less than the older one.

Editors truncate a file and then write it, so that a reader may see any prefix of it, and some prefixes parse: an Ingress with half of
its rules is a valid Ingress. Whatever takes something away is therefore believed only when it reads the same twice; whatever only adds
or changes values applies at once.
"""

from typing import Any


def loses(old: Any, new: Any) -> bool:
    """Tell whether a key or an item of `old` is missing in `new`; lists are compared by position."""
    if old == new:
        return False  # most of an edited file is what it was, and C compares it
    if isinstance(old, dict):
        return not isinstance(new, dict) or any(key not in new or loses(value, new[key]) for key, value in old.items())
    if isinstance(old, list):
        return (
            not isinstance(new, list)
            or len(new) < len(old)
            or any(loses(before, after) for before, after in zip(old, new, strict=False))
        )
    return False
