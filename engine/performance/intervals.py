"""How far figures could have come out otherwise: intervals from resampled bars and trades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log1p, nan

from engine.performance.resampling import (
    FEWEST,
    prefix_sums,
    resamples,
    shared_resamples,
    stretch_sum,
    usual_block,
    usual_count,
)
from engine.performance.tails import quantile
from kernels_pure.equity import sharpe_of

LEVEL = 0.95
RESAMPLES = 1000
# Rows that resampled paths of trades walk in all: beyond, there are fewer of them, yet `FEWEST`.
MOST_ROWS = 500_000


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies in `LEVEL` of resamples; nan where it is not defined."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BarIntervals:
    """Intervals of figures over bars resampled in blocks."""

    total_return: Interval
    sharpe: Interval
    n_resamples: int
    block: int


@dataclass(frozen=True, slots=True)
class TradeIntervals:
    """Intervals over trades resampled in blocks: the sum of gains, and the greatest drawdown.

    The drawdown is that of the start cash with one gain after the other, as a share of the peak.
    """

    gain: Interval
    max_drawdown: Interval
    n_resamples: int
    block: int


def bar_intervals(
    returns: Sequence[float],
    periods_per_year: float,
    *,
    n_resamples: int = RESAMPLES,
    block: int = 0,
    seed: int = 0,
) -> BarIntervals:
    """Return intervals of the total return and the annualised Sharpe ratio.

    `block` is the mean length of blocks, 0 for the cube root of the number of returns. The same
    seed gives the same intervals; of many bars there are fewer resamples.
    O(resamples n / block).
    """
    n = len(returns)
    block = block or usual_block(n)
    if not n or not all(-1.0 < value < inf for value in returns):
        return BarIntervals(Interval(nan, nan), Interval(nan, nan), 0, block)
    count = usual_count(n, block, n_resamples)
    plain = prefix_sums(returns)
    squares = prefix_sums([value * value for value in returns])
    growth = prefix_sums([log1p(value) for value in returns])
    totals, ratios = [], []
    for rows in shared_resamples(n, count, block, seed):
        totals.append(exp(stretch_sum(growth, rows)) - 1.0)
        total, square = stretch_sum(plain, rows), stretch_sum(squares, rows)
        ratios.append(sharpe_of(n, total, square, periods_per_year, 0.0))
    return BarIntervals(_interval(totals), _interval(ratios), count, block)


def trade_intervals(
    gains: Sequence[float],
    start_cash: float,
    *,
    n_resamples: int = RESAMPLES,
    block: int = 0,
    seed: int = 0,
) -> TradeIntervals:
    """Return intervals of the sum of gains and of the drawdown along them; gains in money.

    As `bar_intervals`; with many trades there are fewer resamples. O(resamples n).
    """
    n = len(gains)
    block = block or usual_block(n)
    if not n:
        return TradeIntervals(Interval(nan, nan), Interval(nan, nan), 0, block)
    count = max(min(n_resamples, FEWEST), min(n_resamples, MOST_ROWS // n))
    totals, depths = [], []
    for rows in resamples(n, count, block, seed):
        equity = peak = start_cash
        kept = 1.0
        for start, stop in rows:
            for row in range(start, stop):
                equity += gains[row]
                if equity > peak:
                    peak = equity
                elif equity < kept * peak:
                    kept = equity / peak
        totals.append(equity - start_cash)
        depths.append(1.0 - kept)
    return TradeIntervals(_interval(totals), _interval(depths), count, block)


def _interval(values: list[float]) -> Interval:
    known = sorted(value for value in values if value == value)
    tail = 0.5 * (1.0 - LEVEL)
    return Interval(quantile(known, tail), quantile(known, 1.0 - tail))
