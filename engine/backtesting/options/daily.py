"""The account of a backtest of options by day: what figures per year are made of."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import date

from engine.backtesting.result import Result
from engine.market.calendar import calendar_named


def by_day(result: Result, calendar: str = "us") -> Result:
    """Return `result` with one row for each day, its last; chains come at no regular times."""
    named = calendar_named(calendar)
    last: dict[date, int] = {}
    for row, at in enumerate(result.time_ns):
        last[named.session_date(at)] = row
    rows = list(last.values())

    def picked(column: array[float]) -> array[float]:
        return array("d", (column[row] for row in rows))

    equity = picked(result.equity)
    is_same = result.high_equity is result.equity
    return replace(
        result,
        time_ns=array("q", (result.time_ns[row] for row in rows)),
        equity=equity,
        high_equity=equity if is_same else picked(result.high_equity),
        cash=picked(result.cash),
        invested=picked(result.invested),
    )
