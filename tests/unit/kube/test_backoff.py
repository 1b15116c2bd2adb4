"""Delays after failures."""

import random

from genkan.kube.backoff import Backoff


def test_ceilings_double_up_to_the_last() -> None:
    """And begin again after a reset; no delay is above its ceiling."""
    backoff = Backoff(first=0.5, last=30.0, rng=random.Random(1))
    ceilings = []
    for _ in range(9):
        ceilings.append(backoff.ceiling)
        assert 0 <= backoff.next() <= ceilings[-1]
    assert ceilings == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    backoff.reset()
    assert backoff.ceiling == 0.5


def test_jitter_is_full() -> None:
    """Any delay up to the ceiling is as likely: clients spread over the whole of it."""
    delays = [Backoff(first=1.0, rng=random.Random(seed)).next() for seed in range(200)]
    assert min(delays) < 0.05
    assert max(delays) > 0.95


def test_what_was_asked_for_is_the_least() -> None:
    """With jitter on top."""
    backoff = Backoff(rng=random.Random(1))
    assert 7.0 < backoff.next(at_least=7.0) < 7.5


def test_a_long_outage_does_not_overflow() -> None:
    """A day of failures is as many as any."""
    backoff = Backoff()
    for _ in range(5000):
        backoff.next()
    assert backoff.ceiling == 30.0
