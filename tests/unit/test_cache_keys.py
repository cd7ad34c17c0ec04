"""Keys of calls: equal for equal values of equal types, and never else."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from datetime import date, datetime, timezone
from enum import Enum
from random import Random
from typing import Any

import pytest

from engine.cache import key_of


class Side(Enum):
    BUY = 1
    SELL = 2


@dataclass(frozen=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True)
class Other:
    x: float
    y: float


@dataclass
class Open:
    x: float


# Each differs from each other one, though Python calls many pairs equal or prints them alike.
APART: list[Any] = [
    None, True, False, 0, 1, 2, 0.0, -0.0, 1.0, math.inf, "", "1", "None", b"", b"1", [], (), {},
    set(), [1], (1,), {1}, [[1], 2], [1, [2]], [[1, 2]], [1, 2], ["1", 2], ["12"], ["1", "2"],
    {"a": 1}, {"a": 1.0}, {"a": [1]}, {1: "a"}, {"a": None}, {"ab": "c"}, {"a": "bc"},
    array("d", [1.0]), array("l", [1]), array("d", [1.0, 2.0]), b"int(1,)1", "int(1,)1", 10**40,
    date(2026, 1, 1), datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=timezone.utc),
    Side.BUY, Side.SELL, Point(1.0, 2.0), Point(2.0, 1.0), Other(1.0, 2.0), Point(1, 2),
    "\ud800", "é", "e\u0301",
]  # fmt: skip


def test_different_values_have_different_keys() -> None:
    keys = [key_of(value) for value in APART]
    assert len(set(keys)) == len(APART)
    assert key_of() not in keys


def test_equal_values_have_one_key() -> None:
    assert key_of(math.nan) == key_of(float("nan"))
    assert key_of(a=1, b=2) == key_of(b=2, a=1)
    assert key_of({"x": 1, "y": 2}) == key_of({"y": 2, "x": 1})
    assert key_of({3, 1, 2}) == key_of(frozenset((1, 2, 3)))
    assert key_of(Point(0.1 + 0.2, 1.0)) == key_of(Point(0.30000000000000004, 1.0))


def test_places_of_arguments_matter() -> None:
    assert len({key_of(1, 2), key_of(2, 1), key_of((1, 2)), key_of([1, 2]), key_of(a=1)}) == 5


def written(rng: Random, depth: int) -> Any:
    kind = rng.randrange(7 if depth else 4)
    if kind < 4:
        return rng.choice((rng.randrange(3), rng.random() < 0.5, rng.choice("ab,()1"), None))
    parts = [written(rng, depth - 1) for _ in range(rng.randrange(3))]
    if kind == 4:
        return parts
    return tuple(parts) if kind == 5 else {f"k{k}": part for k, part in enumerate(parts)}


def test_keys_are_equal_where_the_written_values_are() -> None:
    rng = Random(5)
    seen: dict[bytes, str] = {}
    for _ in range(20_000):
        value = written(rng, 3)
        assert seen.setdefault(key_of(value), repr(value)) == repr(value)
    assert len(seen) == len(set(seen.values())) > 2_000


@pytest.mark.parametrize("value", [object(), Open(1.0), lambda: 1, iter([]), 1j])
def test_what_has_no_key_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no key for a"):
        key_of(value)


def test_deep_values_are_refused() -> None:
    deep: list[Any] = []
    for _ in range(60):
        deep = [deep]
    with pytest.raises(TypeError, match="nested more than 50"):
        key_of(deep)
