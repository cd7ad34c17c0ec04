"""The cache against a plain list of what was set when."""

from __future__ import annotations

from random import Random

import pytest

from engine.cache import TtlCache
from engine.clock import Clock


class Hand(Clock):
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.ns = 1000

    def now_ns(self) -> int:
        raise AssertionError("a duration is not measured on the wall")

    def monotonic_ns(self) -> int:
        return self.ns


def test_a_value_lives_until_its_time_and_no_longer() -> None:
    clock = Hand()
    cache = TtlCache[str, int](4, 50, clock)
    cache.set("a", 1)
    clock.ns = 1049
    cache.refresh()
    assert cache.get("a") == 1
    clock.ns = 1050
    assert cache.get("a") == 1  # the clock has not been read
    cache.refresh()
    assert cache.get("a") is None
    assert len(cache) == 0


def test_the_key_set_longest_ago_leaves_first() -> None:
    cache = TtlCache[str, int](2, 50, Hand())
    cache.set("a", 1)
    cache.set("b", 2)
    assert cache.get("a") == 1  # reading does not renew
    cache.set("c", 3)
    assert [cache.get(key) for key in "abc"] == [None, 2, 3]
    cache.set("b", 4)  # setting does, and needs no room
    cache.set("d", 5)
    assert [cache.get(key) for key in "bcd"] == [4, None, 5]


def test_setting_again_starts_the_time_again() -> None:
    clock = Hand()
    cache = TtlCache[str, int](2, 50, clock)
    cache.set("a", 1)
    clock.ns += 30
    cache.set("a", 2)
    clock.ns += 30
    cache.refresh()
    assert cache.get("a") == 2


def test_a_clock_that_goes_back_lengthens_no_life() -> None:
    clock = Hand()
    cache = TtlCache[str, int](3, 50, clock)
    cache.set("a", 1)
    clock.ns = 1040
    cache.refresh()
    clock.ns = 10
    cache.set("b", 2)  # counted from 1040, the latest reading
    clock.ns = 1050
    cache.refresh()
    assert (cache.get("a"), cache.get("b")) == (None, 2)
    clock.ns = 1090
    cache.refresh()
    assert cache.get("b") is None


def test_invalidate_forgets_what_is_there_and_what_is_not() -> None:
    cache = TtlCache[str, int](3, 50, Hand())
    cache.set("a", 1)
    cache.invalidate("a")
    cache.invalidate("z")
    assert (cache.get("a"), len(cache)) == (None, 0)


def test_any_history_is_that_of_a_plain_list() -> None:
    for seed in range(20):
        draw, clock = Random(seed), Hand()
        maxsize = draw.choice((1, 2, 7))
        cache = TtlCache[int, int](maxsize, 40, clock)
        kept: list[tuple[int, int, int]] = []  # key, value, end; the oldest first
        hits = 0
        for step in range(600):
            key = draw.randrange(12)
            clock.ns += draw.choice((0, 1, 15))
            if draw.random() < 0.4:
                cache.set(key, step)
                kept = [e for e in kept if e[0] != key and clock.ns < e[2]]
                kept = [*kept[max(0, len(kept) + 1 - maxsize) :], (key, step, clock.ns + 40)]
            elif draw.random() < 0.1:
                cache.invalidate(key)
                kept = [entry for entry in kept if entry[0] != key]
            else:
                cache.refresh()
                expected = [v for k, v, end in kept if k == key and clock.ns < end]
                kept = [e for e in kept if clock.ns < e[2]]
                assert cache.get(key) == (expected[0] if expected else None)
                hits += bool(expected)
            assert len(cache) == len(kept) <= maxsize
        assert hits > 5


@pytest.mark.parametrize(("maxsize", "ttl_ns"), [(0, 1), (1, 0), (-1, 5)])
def test_a_cache_that_keeps_nothing_is_refused(maxsize: int, ttl_ns: int) -> None:
    with pytest.raises(ValueError, match="keeps nothing"):
        TtlCache[str, int](maxsize, ttl_ns)
