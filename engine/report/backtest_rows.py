"""Backtests as rows: by strategy, by strategy and symbol, or each of them.

Of several tests in a row the returns, the ratios, the exposure and the win rate are means (the win
rate over trades, the growth a year that of the mean return), the drawdown is the worst, trades and
fees are added up. The deflated ratio is that of the row's best test, chosen among all tests of the
run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum, isfinite, nan
from typing import TYPE_CHECKING

from engine.backtest_batch import Outcome
from engine.performance.figures import LEAST_RETURNS
from engine.performance.validation import deflate

if TYPE_CHECKING:
    from engine.performance.intervals import BarIntervals

BY = ("strategy", "symbol", "test")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Shares are of 1; `parameters` is empty where tests differ in them.

    `n_returns` are those of its shortest test: below `LEAST_RETURNS` its ratios are nan.

    `resampled` has the intervals of a row of one test, where they were asked for.
    """

    strategy: str
    symbols: tuple[str, ...]
    parameters: tuple[tuple[str, object], ...]
    n_tests: int
    low_return: float
    high_return: float
    cagr: float
    volatility: float
    sharpe: float
    sortino: float
    max_drawdown: float
    n_trades: int
    win_rate: float
    profit_factor: float
    exposure: float
    fees: float
    n_ambiguous: int
    deflated_sharpe: float
    n_returns: int
    resampled: BarIntervals | None = None

    @property
    def is_short(self) -> bool:
        """Whether it has too few returns for a ratio."""
        return self.n_returns < LEAST_RETURNS


def rows(outcomes: Sequence[Outcome], by: str, intervals: Sequence[BarIntervals] = ()) -> list[Row]:
    """Return the rows of a run, in its order; `intervals` are those of each test.

    >>> rows([], "strategy")
    []
    """
    deflated = deflate([one.figures for one in outcomes])
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, one in enumerate(outcomes):
        key: tuple[object, ...] = (one.trial.strategy,)
        if by != "strategy":
            key += (one.trial.symbols,)
        groups.setdefault((*key, place) if by == "test" else key, []).append(place)
    found = []
    for places in groups.values():
        row = _row([outcomes[place] for place in places], [deflated[place] for place in places])
        if intervals and len(places) == 1:
            row = replace(row, resampled=intervals[places[0]])
        found.append(row)
    return found


def _row(group: Sequence[Outcome], deflated: Sequence[float]) -> Row:
    all_figures = [one.figures for one in group]
    trades = [one.trades for one in all_figures]
    n_trades = sum(one.n for one in trades)
    n_wins = sum(one.n_wins for one in trades)
    symbols: dict[str, None] = {}
    for one in group:
        symbols.update(dict.fromkeys(one.trial.symbols))
    best = max(
        range(len(group)),
        key=lambda place: (_or_least(all_figures[place].sharpe), -place),
    )
    mean_return = _mean([one.total_return for one in all_figures])
    n_returns = min(one.n_returns for one in all_figures)
    is_short = n_returns < LEAST_RETURNS
    return Row(
        strategy=group[0].trial.strategy,
        symbols=tuple(symbols),
        parameters=_parameters(group),
        n_tests=len(group),
        low_return=mean_return,
        high_return=_mean([one.high_return for one in all_figures]),
        cagr=_grown(mean_return, all_figures[0].years),
        volatility=_mean([one.volatility for one in all_figures]),
        sharpe=nan if is_short else _mean([one.sharpe for one in all_figures]),
        sortino=nan if is_short else _mean([one.sortino for one in all_figures]),
        max_drawdown=max(one.max_drawdown for one in all_figures),
        n_trades=n_trades,
        win_rate=n_wins / n_trades if n_trades else nan,
        profit_factor=trades[0].profit_factor if len(group) == 1 else nan,
        exposure=_mean([one.exposure for one in all_figures]),
        fees=fsum(one.fees + one.borrow_fees for one in all_figures),
        n_ambiguous=sum(one.n_ambiguous for one in all_figures),
        deflated_sharpe=nan if is_short else deflated[best],
        n_returns=n_returns,
    )


def _parameters(group: Sequence[Outcome]) -> tuple[tuple[str, object], ...]:
    first = parameters_of(group[0])
    same = all(parameters_of(one) == first for one in group[1:])
    return tuple(first.items()) if same else ()


def parameters_of(one: Outcome) -> dict[str, object]:
    """Return the value of every parameter of a test, given or default."""
    from engine.backtesting.parameters import parameters

    known = parameters(one.trial.kind)
    given = one.trial.values
    return {
        name: parameter.checked(name, given[name]) if name in given else parameter.default
        for name, parameter in known.items()
    }


def _grown(total: float, years: float) -> float:
    """Return the growth a year of a return over some years; nan where there is none."""
    if not (total > -1.0 and years > 0.0):
        return nan
    try:
        return float((1.0 + total) ** (1.0 / years)) - 1.0
    except OverflowError:
        return nan


def _mean(values: Sequence[float]) -> float:
    """Return the mean of the values that there are, nan where there is none."""
    known = [value for value in values if isfinite(value)]
    return fsum(known) / len(known) if known else nan


def _or_least(value: float) -> float:
    return value if isfinite(value) else float("-inf")
