"""The parity point against every crossing of two bounds."""

from __future__ import annotations

import math
import random
from array import array

import pytest

from engine.backend import Backend

Line = tuple[float, float]


def bounds(
    strike: array[float], pay: array[float], receive: array[float], low: float, high: float
) -> tuple[list[Line], list[Line]]:
    """Return the bounds on the stock below and above as lines (level, slope) in the discount."""
    n = len(strike)
    above = [(pay[r] - receive[n + r], strike[r]) for r in range(n)]
    below = [(receive[r] - pay[n + r], strike[r]) for r in range(n)]
    above = [(a, k) for a, k in above if a == a] + [(high, 0.0)]
    below = [(b, k) for b, k in below if b == b] + [(low, 0.0)]
    return below, above


def width(below: list[Line], above: list[Line], discount: float) -> float:
    return min(a + k * discount for a, k in above) - max(b + k * discount for b, k in below)


def test_no_discount_leaves_more_room(backend: Backend) -> None:
    rnd = random.Random(1)
    inside = 0
    for _ in range(300):
        n = rnd.randint(0, 6)
        strike = array("d", sorted(rnd.sample(range(60, 140), n)))
        discount, stock = rnd.uniform(0.9, 1.0), rnd.uniform(99.0, 101.0)
        calls = [max(stock - discount * k, 0.0) + rnd.uniform(0.1, 2.0) for k in strike]
        puts = [c - stock + discount * k for c, k in zip(calls, strike, strict=True)]
        half = [rnd.uniform(-0.05, 0.4) if rnd.random() < 0.9 else math.nan for _ in range(2 * n)]
        pay = array("d", (v + h for v, h in zip(calls + puts, half, strict=True)))
        receive = array("d", (v - h for v, h in zip(calls + puts, half, strict=True)))
        low, high = stock - rnd.uniform(0.0, 1.0), stock + rnd.uniform(0.0, 1.0)
        left = discount - rnd.uniform(0.0, 0.02)
        right = discount + rnd.uniform(0.0, 0.02)
        found, value, room = backend.forward.parity_point(
            0, array("l", [0, n]), strike, pay, receive, low, high, left, right
        )
        below, above = bounds(strike, pay, receive, low, high)
        lines = below + above
        crossings = [(a - b) / (k - m) for a, m in lines for b, k in lines if k != m]
        tried = [left, right, *(d for d in crossings if left <= d <= right)]
        assert room == pytest.approx(max(width(below, above, d) for d in tried), abs=1e-9)
        assert left <= found <= right
        assert room == pytest.approx(width(below, above, found), abs=1e-12)
        assert value == pytest.approx(max(b + k * found for b, k in below) + room / 2, abs=1e-9)
        inside += left < found < right
    assert inside > 50


def test_nothing_bounds_the_stock(backend: Backend) -> None:
    strike, absent = array("d", [100.0]), array("d", [math.nan, math.nan])
    discount, value, room = backend.forward.parity_point(
        0, array("l", [0, 1]), strike, absent, absent, -math.inf, math.inf, 0.98, 0.99
    )
    assert 0.98 <= discount <= 0.99
    assert math.isnan(value)
    assert room == math.inf
