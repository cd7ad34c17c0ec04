"""Bars for the tests of the checks: three symbols that walk by chance, an hour a bar."""

from __future__ import annotations

from array import array
from random import Random

from engine.backtesting.data import Data
from engine.market.bars import Bars

HOUR_NS = 3_600 * 10**9
# 2024-01-02 15:00 UTC: the close of the first hourly bar of a trading day in New York.
FIRST_NS = 1_704_207_600 * 10**9


def market(n: int = 420, symbols: tuple[str, ...] = ("AAA", "BBB", "CCC"), seed: int = 5) -> Data:
    """Return `n` hourly bars of each symbol."""
    stamps = array("q", [FIRST_NS + row * HOUR_NS for row in range(n)])
    return Data({name: walk(name, stamps, seed) for name in symbols}, HOUR_NS, "test")


def walk(name: str, stamps: array[int], seed: int) -> Bars:
    rng = Random(f"{seed} {name}")
    columns: list[list[float]] = [[], [], [], [], []]
    at = 100.0
    for _ in stamps:
        opened = round(at * (1.0 + rng.gauss(0.0, 0.002)), 2)
        closed = round(opened * (1.0 + rng.gauss(0.0, 0.012)), 2)
        high = round(max(opened, closed) * (1.0 + rng.random() * 0.006), 2)
        low = round(min(opened, closed) * (1.0 - rng.random() * 0.006), 2)
        row = (opened, high, low, closed, float(rng.randrange(1_000, 90_000)))
        for column, value in zip(columns, row, strict=True):
            column.append(value)
        at = closed
    return Bars(stamps, *(array("d", column) for column in columns))
