"""The sized cache against a plain list of what was used when; threads and tasks at once."""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest

from engine.cache import Cache, cached, key_of
from engine.cache.sizes import size_of
from engine.clock import Clock


class Hand(Clock):
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.ns = 0

    def now_ns(self) -> int:
        raise AssertionError("a duration is not measured on the wall")

    def monotonic_ns(self) -> int:
        return self.ns


@dataclass
class Kept:
    """What a list says that the cache holds: (key, value, bytes, end), the oldest used first."""

    rows: list[tuple[bytes, int, int, int]]
    room: int

    def put(self, key: bytes, value: int, size: int, end: int) -> None:
        self.rows = [row for row in self.rows if row[0] != key]
        if size <= self.room:
            self.rows.append((key, value, size, end))
        while sum(row[2] for row in self.rows) > self.room:
            del self.rows[0]

    def look(self, key: bytes, now: int) -> int | None:
        for row in self.rows:
            if row[0] == key:
                self.rows.remove(row)
                if now >= row[3]:
                    return None
                self.rows.append(row)
                return row[1]
        return None


@pytest.mark.parametrize("seed", range(20))
def test_it_holds_what_a_list_says(seed: int) -> None:
    rng, clock = Random(seed), Hand()
    cache: Cache[int] = Cache(max_bytes=1000, ttl=1e-6, clock=clock, weigh=lambda v: v)
    kept = Kept([], 1000)
    for _ in range(2_000):
        clock.ns += rng.randrange(120)
        key = b"k%02d" % rng.randrange(30)
        if rng.random() < 0.4:
            value = rng.randrange(1, 1_100 if rng.random() < 0.05 else 300)
            cache.set(key, value)
            kept.put(key, value, value + 3, clock.ns + 1000)
        else:
            assert cache.get(key, None) == kept.look(key, clock.ns)
        stats = cache.stats
        assert stats.n_bytes == sum(row[2] for row in kept.rows)
        assert stats.entries == len(kept.rows)
    assert min(stats[:6]) >= 0
    assert min(stats.hits, stats.evictions, stats.refused, stats.expired) > 0


def test_none_is_a_value() -> None:
    made = []

    @cached(ttl=60.0)
    def nothing(x: int) -> None:
        made.append(x)

    assert nothing(1) is nothing(1) is None
    assert made == [1]


def test_calls_are_told_apart_by_type_and_joined_by_name() -> None:
    made: list[object] = []

    @cached()
    def f(a: float, b: int = 2) -> object:
        made.append(a)
        return (a, b)

    f(1), f(a=1), f(1, 2), f(b=2, a=1), f(1.0), f(True)  # type: ignore[unused-ignore]
    assert [repr(a) for a in made] == ["1", "1.0", "True"]


def test_functions_that_share_a_cache_do_not_share_values() -> None:
    shared: Cache[object] = Cache()

    # Two functions of one name, as loops and factories make them.
    def of(word: str) -> Callable[[int], object]:
        def said(x: int) -> object:
            return (word, x)

        return cached(shared)(said)

    one, two = of("one"), of("two")

    @cached(shared)
    def three(x: int) -> object:
        return ("three", x)

    @cached(shared)
    def four(x: int) -> object:
        return ("four", x)

    assert (three(1), four(1)) == (("three", 1), ("four", 1))
    assert (one(1), two(1), one(1)) == (("one", 1), ("two", 1), ("one", 1))


def test_generators_are_refused() -> None:
    with pytest.raises(TypeError, match="generator"):

        @cached()
        def rows() -> object:
            yield 1


def test_an_exception_is_not_kept() -> None:
    cache: Cache[int] = Cache()
    with pytest.raises(ZeroDivisionError):
        cache.make(b"k", lambda: 1 // 0)
    assert cache.make(b"k", lambda: 7) == 7


def test_a_value_that_asks_for_itself_is_told_so() -> None:
    cache: Cache[int] = Cache()
    with pytest.raises(RuntimeError, match="asks for itself"):
        cache.make(b"k", lambda: cache.make(b"k", lambda: 1))
    assert cache.make(b"k", lambda: 2) == 2


@pytest.mark.parametrize("fails", [False, True])
def test_threads_that_ask_at_once_make_it_once(fails: bool) -> None:
    cache: Cache[int] = Cache()
    started, go = threading.Event(), threading.Event()
    made: list[int] = []
    got: list[object] = []

    def make() -> int:
        made.append(1)
        started.set()
        assert go.wait(10)
        if fails:
            raise ValueError("no")
        return 42

    def ask() -> None:
        try:
            got.append(cache.make(b"k", make))
        except ValueError as error:
            got.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    threads[0].start()
    assert started.wait(10)
    for thread in threads[1:]:
        thread.start()
    while cache.stats.waits < 7:
        pass
    go.set()
    for thread in threads:
        thread.join(10)
    assert got == ["no" if fails else 42] * 8
    assert made == [1]
    assert (cache.stats.misses, cache.stats.waits) == (1, 7)


def test_tasks_that_ask_at_once_make_it_once() -> None:
    made = []

    @cached(ttl=60.0)
    async def slow(x: int) -> int:
        made.append(x)
        await asyncio.sleep(0.01)
        return x * 2

    async def run() -> list[int]:
        return await asyncio.gather(*(slow(k % 3) for k in range(30)))

    assert asyncio.run(run()) == [2 * (k % 3) for k in range(30)]
    assert sorted(made) == [0, 1, 2]


def test_where_the_maker_is_cancelled_another_makes_it() -> None:
    cache: Cache[int] = Cache()
    made = []

    async def make() -> int:
        made.append(1)
        await asyncio.sleep(0.01)
        return 5

    async def run() -> list[object]:
        tasks = [asyncio.create_task(cache.make_async(b"k", make)) for _ in range(4)]
        await asyncio.sleep(0.001)
        tasks[0].cancel()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    first, *others = asyncio.run(run())
    assert isinstance(first, asyncio.CancelledError)
    assert others == [5, 5, 5]
    assert made == [1, 1]


def test_a_waiter_that_is_cancelled_leaves_the_maker_alone() -> None:
    cache: Cache[int] = Cache()

    async def make() -> int:
        await asyncio.sleep(0.01)
        return 5

    async def run() -> list[object]:
        tasks = [asyncio.create_task(cache.make_async(b"k", make)) for _ in range(3)]
        await asyncio.sleep(0.001)
        tasks[1].cancel()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    first, second, third = asyncio.run(run())
    assert (first, third) == (5, 5)
    assert isinstance(second, asyncio.CancelledError)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (array("d", [0.0]) * 1000, 8000, 8100),
        (b"x" * 500, 500, 600),
        ("x" * 500, 500, 600),
        ([0.0] * 100, 800, 5000),
        ([[0.0] * 100] * 1000, 800_000, 5_000_000),
        ({f"k{k}": 1.0 for k in range(10_000)}, 300_000, 3_000_000),
        (Kept([], 1), 56, 400),
    ],
)
def test_sizes_are_about_right(value: object, least: int, most: int) -> None:
    assert least <= size_of(value) <= most


def test_a_cache_that_keeps_nothing_is_refused() -> None:
    for wrong in ({"max_bytes": 0}, {"ttl": 0.0}, {"ttl": float("nan")}):
        with pytest.raises(ValueError, match="keeps nothing"):
            Cache(**wrong)
    with pytest.raises(ValueError, match="has its own"):
        cached(Cache[int](), ttl=1.0)
    assert key_of(1)
