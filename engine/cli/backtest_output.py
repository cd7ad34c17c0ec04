"""Backtests in the form that was asked for: machines on stdout, people on a terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.cli.stderr import note
from engine.cli.stdout import write_all
from engine.cli.width import table_width
from engine.errors import InputOutputError
from engine.plural import plural

if TYPE_CHECKING:
    from engine.backtest_batch import Outcome
    from engine.backtesting.data import Data
    from engine.backtesting.terms import Terms
    from engine.performance.intervals import BarIntervals
    from engine.report.backtest_rows import Row

# Of a table that goes to a file or a pipe.
_MOST_BY_TEST = 30


def show(
    outcomes: Sequence[Outcome],
    data: Data,
    terms: Terms,
    args: argparse.Namespace,
    seconds: float,
) -> None:
    """Print outcomes as `args` ask.

    Raises
    ------
    InputOutputError
        If stdout is closed.
    """
    from engine.performance.validation import deflate
    from engine.report.backtest_rows import rows

    by = "test" if args.intervals else args.by or _by(outcomes)
    found = rows(outcomes, by, _intervals(outcomes, args.seed) if args.intervals else ())
    if args.json or args.csv:
        from dataclasses import replace

        from engine.report import backtest_document

        if not args.trades:  # kept for the tear sheet alone
            outcomes = [replace(one, result=None) for one in outcomes]

        deflated = deflate([one.figures for one in outcomes])
        if args.json:
            import json

            whole = backtest_document.document(outcomes, found, deflated, data, terms, seconds)
            _print(json.dumps(whole, indent=2, allow_nan=False) + "\n")
        else:
            _print(backtest_document.csv_text(outcomes, deflated))
    else:
        _print("\n".join(lines(found, outcomes, data, args)) + "\n")
    tell(outcomes, data, seconds)


def _intervals(outcomes: Sequence[Outcome], seed: int) -> list[BarIntervals]:
    from engine.performance.figures import curve
    from engine.performance.intervals import bar_intervals
    from engine.performance.returns import simple_returns

    return [
        bar_intervals(simple_returns(curve(one.result)[0]), one.figures.periods_per_year, seed=seed)
        for one in outcomes
        if one.result is not None
    ]


def write_files(outcomes: Sequence[Outcome], data: Data, args: argparse.Namespace) -> None:
    """Write the tear sheet and the returns that `args` ask for.

    Raises
    ------
    NotPermittedError, InputOutputError
        If a file may not or cannot be written.
    """
    if not (args.html or args.quantstats):
        return
    from pathlib import Path

    results = [one.result for one in outcomes if one.result is not None]
    if args.html:
        from engine.report.tear_sheet import write_tear_sheet

        about = {
            "cash": f"{args.cash:,.2f}",
            "fees": args.fees,
            "slippage": args.slippage,
            "tests": f"{len(outcomes):,}",
        }
        figures = [one.figures for one in outcomes]
        write_tear_sheet(results, figures, Path(args.html), data=data, seed=args.seed, about=about)
    if args.quantstats:
        from engine.report.page_file import write_whole
        from engine.report.tear_sheet import quantstats_csv

        write_whole(Path(args.quantstats), quantstats_csv(results))


def lines(
    found: Sequence[Row], outcomes: Sequence[Outcome], data: Data, args: argparse.Namespace
) -> list[str]:
    """Return the table with what it says of bars, costs and conventions."""
    from engine.report.backtest_table import legend, span, table
    from engine.report.printable import printable
    from engine.trading.intervals import shown

    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    is_plain = args.no_color or not is_terminal or bool(os.environ.get("NO_COLOR"))
    first = min(bars.time_ns[0] for bars in data.bars.values())
    last = max(bars.time_ns[-1] for bars in data.bars.values())
    n_bars = max(len(bars) for bars in data.bars.values())
    names = ", ".join(data.symbols) if len(data.symbols) <= 8 else f"{len(data.symbols)} symbols"
    head = [
        printable(f"{data.source}: {names}"),
        f"{plural(n_bars, 'bar')} of {shown(data.interval_ns)}, {span(first)} to {span(last)} UTC",
        f"cash {args.cash:,.2f}, fees {args.fees}, slippage {args.slippage}; filled at the next "
        "open",
        "",
    ]
    per_year = outcomes[0].figures.periods_per_year
    return [
        *head,
        *table(found, table_width(), is_plain=is_plain),
        "",
        *legend(found, len(outcomes), per_year),
    ]


def tell(outcomes: Sequence[Outcome], data: Data, seconds: float) -> None:
    """Say on stderr what was wrong with the bars, what happened in runs, and how fast it was."""
    for line in data.notes:
        note(line)
    notes: dict[str, int] = {}
    for one in outcomes:
        for line in one.notes:
            key = f"{one.trial.strategy}: {line}"
            notes[key] = notes.get(key, 0) + 1
    for line in list(notes)[:10]:
        note(line)
    if len(notes) > 10:
        note(f"and {len(notes) - 10} more such notes")
    n = len(outcomes)
    note(f"{plural(n, 'test')} in {seconds:.2f} s, {n / max(seconds, 1e-9):,.0f} a second")


def _by(outcomes: Sequence[Outcome]) -> str:
    """Return what rows are of where nobody says it: strategies, else each test while few."""
    if len({one.trial.strategy for one in outcomes}) > 1:
        return "strategy"
    return "test" if len(outcomes) <= _MOST_BY_TEST else "symbol"


def _print(text: str) -> None:
    if sys.stdout is None:
        raise InputOutputError("standard output is closed: there is nowhere to print to")
    write_all(text)
