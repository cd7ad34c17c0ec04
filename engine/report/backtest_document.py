"""The JSON and the CSV of backtests; docs/BACKTEST.md has their keys."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import fields
from math import isfinite
from typing import Any

from engine import __version__
from engine.backtest_batch import Outcome
from engine.backtesting.data import Data, Split
from engine.backtesting.result import Result
from engine.backtesting.terms import Terms
from engine.report.backtest_rows import Row, parameters_of
from engine.report.figures_object import figures_object, instant, plain
from engine.report.printable import cell
from engine.trading.intervals import shown

SCHEMA_VERSION = 1
CSV_COLUMNS = (
    "strategy", "symbols", "parameters", "total_return", "high_return", "cagr", "volatility",
    "sharpe", "high_sharpe", "sortino", "calmar", "max_drawdown", "exposure", "trades", "wins",
    "win_rate", "profit_factor", "expectancy", "fees", "borrow_fees", "dividends", "orders",
    "ambiguous", "deflated_sharpe",
)  # fmt: skip


def document(
    outcomes: Sequence[Outcome],
    rows: Sequence[Row],
    deflated: Sequence[float],
    data: Data,
    terms: Terms,
    seconds: float,
) -> dict[str, Any]:
    """Return the whole object; `deflated` has the ratio of each outcome."""
    from engine.backend import runtime

    per_year = outcomes[0].figures.periods_per_year
    return {
        "schema_version": SCHEMA_VERSION,
        "engine": {"version": __version__, "runtime": runtime()},
        "bars": bars_object(data),
        "terms": {one.name: plain(getattr(terms, one.name)) for one in fields(terms)},
        "convention": {"bars_per_year": per_year, "rate": 0.0, "deviation": "sample"},
        "n_tests": len(outcomes),
        "rows": [row_object(row) for row in rows],
        "tests": [test_object(one, dsr) for one, dsr in zip(outcomes, deflated, strict=True)],
        "timing": {"seconds": seconds, "tests_per_second": len(outcomes) / max(seconds, 1e-9)},
    }


def bars_object(data: Data) -> dict[str, Any]:
    """Return what a run went over."""
    return {
        "source": data.source,
        "interval": shown(data.interval_ns),
        "calendar": data.calendar or None,
        "symbols": [
            {
                "symbol": symbol,
                "bars": len(bars),
                "first": instant(bars.time_ns[0]),
                "last": instant(bars.time_ns[-1]),
            }
            for symbol, bars in data.bars.items()
        ],
        "splits": sum(1 for one in data.actions if isinstance(one, Split)),
        "dividends": sum(1 for one in data.actions if not isinstance(one, Split)),
        "notes": list(data.notes),
    }


def row_object(row: Row) -> dict[str, Any]:
    """Return one row of the table."""
    return {
        one.name: plain(dict(row.parameters) if one.name == "parameters" else
                         getattr(row, one.name))
        for one in fields(row)
    }  # fmt: skip


def test_object(one: Outcome, deflated: float) -> dict[str, Any]:
    """Return one test with all its figures, and its trades and equity where they were kept."""
    found = {
        "strategy": one.trial.strategy,
        "symbols": list(one.trial.symbols),
        "parameters": parameters_of(one),
        "figures": figures_object(one.figures),
        "deflated_sharpe": plain(deflated),
        "notes": list(one.notes),
    }
    if one.result is not None:
        found["trades"] = trade_objects(one.result)
        found["equity"] = equity_object(one.result)
    return found


def trade_objects(result: Result) -> list[dict[str, Any]]:
    """Return the closed trades of a run."""
    return [
        {
            "symbol": one.symbol,
            "opened": instant(one.opened_ns),
            "closed": instant(one.closed_ns),
            "units": one.units,
            "entry": one.entry,
            "exit": one.exit,
            "fees": one.fees,
            "gain": one.gain,
            "reason": one.reason,
            "ambiguous": one.is_ambiguous,
        }
        for one in result.trades
    ]


def equity_object(result: Result) -> dict[str, Any]:
    """Return the account at each close, as columns."""
    return {
        "time": [instant(stamp) for stamp in result.time_ns],
        "equity": list(result.equity),
        "high_equity": list(result.high_equity),
    }


def csv_text(outcomes: Sequence[Outcome], deflated: Sequence[float]) -> str:
    """Return a header line and one line per test; empty is not known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for one, dsr in zip(outcomes, deflated, strict=True):
        found, trades = one.figures, one.figures.trades
        chosen = " ".join(f"{name}={value}" for name, value in parameters_of(one).items())
        line = (
            one.trial.strategy, " ".join(one.trial.symbols), chosen, found.total_return,
            found.high_return, found.cagr, found.volatility, found.sharpe, found.high_sharpe,
            found.sortino, found.calmar, found.max_drawdown, found.exposure, trades.n,
            trades.n_wins, trades.win_rate, trades.profit_factor, trades.expectancy, found.fees,
            found.borrow_fees, found.dividends, found.n_orders, found.n_ambiguous, dsr,
        )  # fmt: skip
        writer.writerow(
            "" if isinstance(value, float) and not isfinite(value) else cell(value)
            for value in line
        )
    return out.getvalue()
