"""What scenes are made of: random numbers and columns, and the range of every argument name.

Names mean the same in every kernel of a module, which is what makes one scene enough. The numbers
are plausible rather than arbitrage-free: every branch should be met.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import nan
from random import Random
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")

# What a number may be where no scene says otherwise, by argument name; a negative age or size is
# one that is not known.
RANGES = {
    "x": (-9.0, 9.0), "spot": (20.0, 200.0), "strike": (20.0, 200.0), "forward": (20.0, 200.0),
    "early": (-9.0, 9.0),
    "tau": (0.0, 2.0), "rate": (-0.03, 0.08), "div": (-0.01, 0.05), "vol": (0.01, 1.5),
    "price": (0.0, 60.0), "discount": (0.8, 1.01), "stock_discount": (0.8, 1.01),
    "carry": (-0.1, 0.1), "root": (0.0, 1.4), "stock_value": (20.0, 200.0),
    "strike_value": (20.0, 200.0), "moneyness": (-0.6, 0.6), "deviation": (0.001, 2.0),
    "gap": (0.0, 0.6), "value": (1e-6, 0.6), "log_value": (-30.0, 0.0), "room": (0.001, 1.0),
    "stock_pay": (90.0, 110.0), "stock_receive": (90.0, 110.0), "put_pay": (0.0, 9.0),
    "call_receive": (0.0, 9.0), "put_receive": (0.0, 9.0), "call_pay": (0.0, 9.0),
    "cost": (80.0, 120.0), "minimum": (0.0, 3.0), "commission": (0.0, 3.0), "edge": (-1.0, 3.0),
    "lots": (0.0, 9.0), "bid": (-0.5, 3.0), "ask": (-0.5, 4.0), "spread": (0.0, 3.0),
    "stock_fee": (0.0, 0.01), "low": (80.0, 95.0), "middle": (95.0, 105.0), "high": (105.0, 120.0),
    "low_pay": (0.0, 9.0), "receive": (0.0, 9.0), "high_pay": (0.0, 9.0), "size": (-3.0, 50.0),
    "needed": (0.0, 20.0), "age": (-0.2, 5.0), "fill_time": (0.1, 4.0), "spread_cap": (-0.1, 0.5),
    "sigma": (0.0, 2.0), "edge_usd": (-9.0, 90.0), "capital": (-9.0, 9e4), "days": (-1.0, 90.0),
    "loss": (0.0, 90.0), "fill_probability": (0.0, 1.0), "seconds": (-1.0, 9.0),
    "put": (0.0, 3.0), "gain": (-1.0, 9.0), "best_gain": (-1.0, 9.0), "volume": (-9.0, 2e3),
    "open_interest": (-9.0, 3e3), "call": (0.0, 0.3), "stock": (0.0, 0.1), "reward": (-1.0, 5.0),
    "risk": (-1.0, 5.0), "stock_low": (90.0, 100.0), "stock_high": (100.0, 110.0),
    "borrow": (0.9, 0.98), "lend": (0.98, 1.0), "k": (80.0, 120.0), "pay": (0.0, 9.0),
    "discount_borrow": (0.95, 1.0), "discount_lend": (0.95, 1.0), "div_in": (0.0, 0.4),
    "owed": (0.0, 0.4), "late_call": (0.0, 0.4), "night": (0.0, 0.001),
    "weight": (0.0, 1.0), "brings": (0.0, 9.0), "first_pay": (0.0, 9.0), "second_pay": (0.0, 9.0),
    "first_size": (-3.0, 90.0), "short_size": (-3.0, 90.0), "second_size": (-3.0, 90.0),
    "close": (85.0, 115.0), "close_before": (80.0, 120.0), "highest": (95.0, 110.0),
    "lowest": (90.0, 100.0), "first": (-9.0, 9.0), "second": (-9.0, 9.0), "std": (-0.1, 2.0),
    "rises": (0.0, 2.0), "changes": (-0.1, 2.0), "before": (-0.5, 3.0), "now": (-0.5, 3.0),
    "called": (-1.0, 1.0), "end": (0.0, 1.0),
    "per_year": (-9.0, 400.0), "shift": (80.0, 120.0), "total": (-5.0, 5.0),
    "squares": (0.0, 60.0), "base": (80.0, 120.0), "amount": (-9.0, 90.0),
}  # fmt: skip
CHOICES: dict[str, tuple[int, ...]] = {
    "is_divisible": (0, 1), "calls": (1, 2, 5, 9), "puts": (1, 3, 9),
    "contracts": (0, 1, 4, 9), "shares": (-3, 0, 0, 2),
    "right": (1, -1), "period": (2, 5, 14), "ddof": (0, 0, 1), "is_put": (0, 1), "is_coin": (0, 1),
    "delta": (-1.0, 1.0), "density": (0.0, 80.0), "d1": (-4.0, 4.0), "width": (0.01, 1.0),
    "smooth": (-1.0, 1.0), "dividends": (0.0, 9.0),
}  # fmt: skip


class Scene(NamedTuple):
    """Values by argument name: of arguments that are numbers, and of those that are columns."""

    numbers: dict[str, float]
    columns: dict[str, array[float] | array[int]]


def number(draw: Random, name: str) -> float:
    """Return a plausible number for an argument of this name."""
    if name in CHOICES:
        return choice(draw, CHOICES[name])
    low, high = RANGES[name]
    return low + (high - low) * draw.random()


def choice(draw: Random, items: Sequence[Item]) -> Item:
    """Choose one item with a single call of ``random()``."""
    return items[int(draw.random() * len(items))]


def between(draw: Random, low: float, high: float) -> float:
    return low + (high - low) * draw.random()


def count(draw: Random, low: int, high: int) -> int:
    return low + int(draw.random() * (high - low + 1))


def floats(draw: Random, n: int, low: float, high: float, gaps: float = 0.0) -> array[float]:
    """Return a column of uniform numbers, of which the share `gaps` is nan."""
    return array("d", [nan if draw.random() < gaps else between(draw, low, high) for _ in range(n)])


def ints(draw: Random, n: int, low: int, high: int) -> array[int]:
    return array("l", [count(draw, low, high) for _ in range(n)])


def zeros(typecode: str, n: int) -> array[float] | array[int]:
    return array(typecode, [0] * n)


def offsets(sizes: Sequence[int]) -> array[int]:
    column = array("l", [0])
    for size in sizes:
        column.append(column[-1] + size)
    return column
