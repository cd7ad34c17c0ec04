"""Buckets and breakers against a plain count of what was let through."""

from __future__ import annotations

from random import Random

import pytest

from engine.clock import NS_PER_SECOND
from engine.collect.pace import CLOSED, OPEN, PROBING, Breaker, TokenBucket


@pytest.mark.parametrize("seed", range(20))
def test_no_second_has_more_than_its_share(seed: int) -> None:
    rng = Random(seed)
    rate, burst = rng.choice((1.0, 3.0, 8.0)), rng.randrange(1, 12)
    bucket = TokenBucket(rate, burst)
    now, sent = 0, []
    for _ in range(400):
        now += int(rng.expovariate(2 * rate) * NS_PER_SECOND)
        sent.append(now + bucket.reserve(now))
    assert sent == sorted(sent)
    for k, first in enumerate(sent):
        for window in (1, 5):
            n = sum(first <= at < first + window * NS_PER_SECOND for at in sent[k:])
            assert n <= burst + rate * window
    # It is not slower than it must be either: what was asked in a rush comes at the full rate.
    rush = TokenBucket(rate, burst)
    last = [rush.reserve(0) for _ in range(burst + 10)][-1]
    assert last == pytest.approx(10 / rate * NS_PER_SECOND, rel=1e-6)


def test_a_pause_holds_everybody() -> None:
    bucket = TokenBucket(10.0, 5)
    bucket.pause(3 * NS_PER_SECOND)
    assert bucket.reserve(0) == 3 * NS_PER_SECOND
    assert bucket.reserve(0) > 3 * NS_PER_SECOND


def test_a_bucket_that_lets_nothing_through_is_refused() -> None:
    for rate, burst in ((0.0, 1), (-1.0, 1), (1.0, 0), (float("nan"), 1)):
        with pytest.raises(ValueError, match="nothing could be asked"):
            TokenBucket(rate, burst)


def test_the_breaker_opens_probes_and_closes() -> None:
    breaker = Breaker(most=3, seconds=10.0, longest=25.0)
    now = 0
    for _ in range(2):
        breaker.failed(now)
    assert breaker.state == CLOSED
    breaker.succeeded()
    for _ in range(3):
        assert breaker.allows(now)
        breaker.failed(now)
    assert breaker.state == OPEN
    assert not breaker.allows(now + 10 * NS_PER_SECOND - 1)
    for pause in (10, 20, 25, 25):  # each probe that fails doubles it, up to the longest
        now += pause * NS_PER_SECOND
        assert breaker.allows(now)
        assert breaker.state == PROBING
        assert not breaker.allows(now)  # one probe at a time
        breaker.failed(now)
        assert not breaker.allows(now + 1)
    now += 25 * NS_PER_SECOND
    assert breaker.allows(now)
    breaker.succeeded()
    assert breaker.state == CLOSED
    assert breaker.allows(now)
