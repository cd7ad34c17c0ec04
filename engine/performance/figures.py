"""The figures of one backtest: what its table, its JSON and its tear sheet show.

docs/PERFORMANCE_FIGURES.md has the convention of each. Ratios and rates are per year, by the bars
per year that the caller names; returns are simple, from bar to bar; the riskless rate is 0 unless
given.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, nan, sqrt

from engine.backtesting.result import Result
from engine.performance.drawdowns import Drawdown, worst_drawdown
from engine.performance.returns import moments, simple_returns
from engine.performance.tails import expected_shortfall, tail_ratio, value_at_risk
from engine.performance.trades import TradeFigures, trade_figures
from kernels_pure.equity import calmar, growth_rate, sharpe, sortino

LEAST_RETURNS = 10
"""A ratio of fewer returns says nothing: tables show none."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one run; nan where one is not defined (too few bars, no movement, no trades).

    Attributes
    ----------
    n_returns, years, periods_per_year
        How many returns there are, and the years they make at so many a year.
    total_return, high_return
        The gain over the cash at the start. Where a bar does not tell which of two exits came
        first, the one takes the worse and the other the better; equal where no exit is ambiguous.
    sharpe, high_sharpe
        The same for the Sharpe ratio. All other figures are of the worse account.
    bar_sharpe
        The mean return of a bar over the deviation of all (divided by their number): what the
        probabilistic and deflated ratios of `engine.performance.validation` are of.
    max_drawdown, drawdown
        The greatest loss from a peak as a share of it (0.2 is a fifth), and its dates.
    exposure, mean_invested
        The share of bars with a position, and the mean of gross positions over equity.
    fees, borrow_fees, dividends, fees_share
        Money. The share is that of fees and borrow fees in what was earned before them: nan where
        nothing was.
    skew, kurtosis
        Of the returns as a sample; kurtosis is in excess of a normal's.
    var, cvar, tail_ratio
        Of one bar, at 5 %; a loss is negative.
    n_ambiguous
        Exits of which the bar does not tell the order.
    trades
        Figures of the closed trades.
    """

    n_returns: int
    years: float
    periods_per_year: float
    total_return: float
    high_return: float
    cagr: float
    volatility: float
    sharpe: float
    high_sharpe: float
    bar_sharpe: float
    sortino: float
    calmar: float
    max_drawdown: float
    drawdown: Drawdown | None
    exposure: float
    mean_invested: float
    fees: float
    borrow_fees: float
    dividends: float
    fees_share: float
    skew: float
    kurtosis: float
    var: float
    cvar: float
    tail_ratio: float
    n_orders: int
    n_ambiguous: int
    trades: TradeFigures


def figures(result: Result, periods_per_year: float, rate: float = 0.0) -> Figures:
    """Return the figures of `result`; `rate` is the riskless rate a year.

    `engine.performance.years.periods_per_year` knows the usual number of bars per year.
    O(n log n) in bars.

    Raises
    ------
    ValueError
        If the bars per year are not positive.
    """
    if not periods_per_year > 0.0:
        raise ValueError(f"the bars per year must be positive, not {periods_per_year}")
    equity, stamps = curve(result)
    returns = simple_returns(equity)
    shape = moments(returns)
    years = len(returns) / periods_per_year
    growth = growth_rate(equity[0], equity[-1], years)
    depth, drawdown = worst_drawdown(equity, stamps)
    ratio = sharpe(equity, periods_per_year, rate)
    high_return, high_ratio = equity[-1] / equity[0] - 1.0, ratio
    if result.high_equity is not result.equity:
        high, _ = curve(result, is_high=True)
        high_return, high_ratio = high[-1] / high[0] - 1.0, sharpe(high, periods_per_year, rate)
    ordered = sorted(returns) if shape.mean == shape.mean else []
    return Figures(
        n_returns=len(returns),
        years=years,
        periods_per_year=periods_per_year,
        total_return=equity[-1] / equity[0] - 1.0,
        high_return=high_return,
        cagr=growth,
        volatility=shape.deviation * sqrt(periods_per_year),
        sharpe=ratio,
        high_sharpe=high_ratio,
        bar_sharpe=shape.mean / shape.population_deviation,
        sortino=sortino(equity, periods_per_year, rate),
        calmar=calmar(growth, depth),
        max_drawdown=depth,
        drawdown=drawdown,
        exposure=_share_invested(result.invested),
        mean_invested=_mean(result.invested),
        fees=result.fees,
        borrow_fees=result.borrow_fees,
        dividends=result.dividends,
        fees_share=fees_share(result.fees + result.borrow_fees, equity[-1] - equity[0]),
        skew=shape.skew,
        kurtosis=shape.kurtosis,
        var=value_at_risk(ordered),
        cvar=expected_shortfall(ordered),
        tail_ratio=tail_ratio(ordered),
        n_orders=result.n_orders,
        n_ambiguous=result.n_ambiguous,
        trades=trade_figures(result.trades),
    )


def curve(result: Result, *, is_high: bool = False) -> tuple[array[float], array[int]]:
    """Return the column that returns are taken of, and its stamps: it begins with the first cash.

    A run whose first bar trades nothing has it there already. Another gets it in front, under the
    first stamp, so that what the first bar lost counts. With `is_high` of the better account.
    """
    column = result.high_equity if is_high else result.equity
    begins = result.equity[:1] + result.high_equity[:1]
    if begins and all(value == result.start_cash for value in begins):
        return column, result.time_ns
    stamps = result.time_ns[:1] or array(result.time_ns.typecode, [0])
    return array("d", [result.start_cash]) + column, stamps + result.time_ns


def fees_share(costs: float, gain: float) -> float:
    """Return the share of `costs` in what was earned before them; nan where nothing was.

    >>> fees_share(25.0, 75.0), fees_share(30.0, -10.0), fees_share(5.0, -5.0)
    (0.25, 1.5, nan)
    """
    earned = gain + costs
    return costs / earned if earned > 0.0 else nan


def _share_invested(invested: Sequence[float]) -> float:
    return sum(1 for part in invested if part > 0.0) / len(invested) if invested else nan


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values) if values else nan
