"""Results of runs that tests make by hand: an equity column, and what is not named is nothing."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import fsum
from random import Random
from typing import Any

from engine.backtesting.orders import Trade
from engine.backtesting.result import Result
from engine.clock import NS_PER_DAY

# 2024-01-02, and a row a day from there on.
FIRST_NS = 1_704_153_600_000_000_000


def result(equity: Sequence[float], **others: Any) -> Result:
    """Return a run with this equity, a row a day, its start cash that of the first row."""
    column = array("d", equity)
    known: dict[str, Any] = {
        "strategy": "hand",
        "parameters": {},
        "symbols": ("AAA",),
        "start_cash": column[0] if column else 1000.0,
        "time_ns": array("l", [FIRST_NS + day * NS_PER_DAY for day in range(len(column))]),
        "equity": column,
        "high_equity": column,
        "cash": column,
        "invested": array("d", [0.0] * len(column)),
        "fills": (),
        "trades": (),
        "n_orders": 0,
        "n_ambiguous": 0,
        "fees": 0.0,
        "borrow_fees": 0.0,
        "dividends": 0.0,
    }
    return Result(**{**known, **others})


def walk(seed: int, n: int, mean: float = 0.0004, deviation: float = 0.012) -> array[float]:
    """Return an equity column whose returns are near normal, alike on every machine."""
    rng = Random(seed)
    column = array("d", [100_000.0])
    for _ in range(n - 1):
        column.append(column[-1] * (1.0 + mean + deviation * normal(rng)))
    return column


def normal(rng: Random) -> float:
    """Return a number near a standard normal: twelve of `random`, which no libm has touched."""
    return fsum(rng.random() for _ in range(12)) - 6.0


def trade(gain: float, days: float = 1.0, units: float = 10.0, entry: float = 100.0) -> Trade:
    """Return a trade that gained so much and was held so many days."""
    closed = FIRST_NS + round(days * NS_PER_DAY)
    return Trade("AAA", FIRST_NS, closed, units, entry, entry + gain / units, 0.0, gain, "market")
