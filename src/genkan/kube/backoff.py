"""How long to wait after failures: exponential with full jitter, so that a thousand clients do not come back together."""

import random


class Backoff:
    """Delays in seconds, drawn from 0 to a ceiling that doubles from `first` up to `last`; `reset` begins again."""

    def __init__(self, *, first: float = 0.5, last: float = 30.0, rng: random.Random | None = None) -> None:
        self._first, self._last = first, last
        self._random = rng or random.Random()  # noqa: S311 - jitter, not a secret
        self._failures = 0

    @property
    def ceiling(self) -> float:
        """The longest that the next delay can be."""
        return min(self._last, self._first * 2.0 ** min(self._failures, 32))

    def next(self, *, at_least: float | None = None) -> float:
        """Give the next delay; what the server asked for comes on top, since all that it turned away were told the same."""
        delay = self._random.uniform(0.0, self.ceiling) + (at_least or 0.0)
        self._failures += 1
        return delay

    def reset(self) -> None:
        """Forget the failures."""
        self._failures = 0
