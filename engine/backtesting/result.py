"""What a backtest says: the account at each instant, every fill, every trade."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from engine.backtesting.orders import Fill, Trade


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one strategy. Columns have a row per instant at which a bar closed.

    `equity` is the pessimistic account: where a bar does not tell which of two exits came first, it
    took the worse. `high_equity` is that of the optimistic one, and the same column where nothing
    was ambiguous. `invested` is the value of positions, gross, as a share of equity.
    """

    strategy: str
    parameters: Mapping[str, int | float | str]
    symbols: tuple[str, ...]
    start_cash: float
    time_ns: array[int]
    equity: array[float]
    high_equity: array[float]
    cash: array[float]
    invested: array[float]
    fills: tuple[Fill, ...]
    trades: tuple[Trade, ...]
    n_orders: int
    n_ambiguous: int
    fees: float
    borrow_fees: float
    dividends: float
    notes: tuple[str, ...] = ()
