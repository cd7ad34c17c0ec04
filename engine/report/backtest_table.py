"""The table of backtests: as many columns as a terminal has room for, and what they mean.

Plain text, written here: what prints fancier tables takes longer to import than the tests to run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

from engine.clock import NS_PER_SECOND
from engine.performance.figures import LEAST_RETURNS
from engine.plural import plural
from engine.report.backtest_rows import Row
from engine.report.printable import printable

_GAP = 2
_LEFT = "strategy", "symbols", "parameters"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, its cells, and its rank: those of higher rank go first."""

    title: str
    rank: int
    cell: Callable[[Row], str]


def _percent(value: float, digits: int = 1, sign: str = "") -> str:
    return f"{100.0 * value:{sign},.{digits}f}%" if isfinite(value) else "-"


def _number(value: float, digits: int = 2) -> str:
    return f"{value:,.{digits}f}" if isfinite(value) else "-"


def interval(row: Row) -> str:
    """Return the return of a row: one number, or two where bars leave open which it is."""
    low, high = _percent(row.low_return, sign="+"), _percent(row.high_return, sign="+")
    return low if low == high else f"{low[:-1]} … {high}"


def symbols(row: Row) -> str:
    """Return the symbols of a row: their names, or how many."""
    joined = " ".join(row.symbols)
    return joined if len(joined) <= 12 else f"{len(row.symbols)} symbols"


def parameters(row: Row) -> str:
    """Return the parameters of a row in one line."""
    return " ".join(f"{name}={_value(value)}" for name, value in row.parameters)


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _span(row: Row, name: str) -> str:
    """Return where a figure of a row lies in 95 % of resamples."""
    if row.resampled is None:
        return "-"
    ends = getattr(row.resampled, name)
    if name == "sharpe":
        return f"{_number(ends.low)} … {_number(ends.high)}"
    return f"{_percent(ends.low, sign='+')[:-1]} … {_percent(ends.high, sign='+')}"


COLUMNS = (
    Column("strategy", 0, lambda row: row.strategy),
    Column("symbols", 0, symbols),
    Column("tests", 4, lambda row: f"{row.n_tests:,}"),
    Column("return", 0, interval),
    Column("return 95%", 1, lambda row: _span(row, "total_return")),
    Column("Sharpe", 0, lambda row: _number(row.sharpe)),
    Column("Sharpe 95%", 1, lambda row: _span(row, "sharpe")),
    Column("max DD", 0, lambda row: _percent(row.max_drawdown)),
    Column("trades", 0, lambda row: f"{row.n_trades:,}"),
    Column("win", 1, lambda row: _percent(row.win_rate, 0)),
    Column("exposure", 3, lambda row: _percent(row.exposure, 0)),
    Column("fees", 3, lambda row: _number(row.fees)),
    Column("DSR", 2, lambda row: _number(row.deflated_sharpe)),
    Column("CAGR", 6, lambda row: _percent(row.cagr)),
    Column("vol", 6, lambda row: _percent(row.volatility)),
    Column("Sortino", 6, lambda row: _number(row.sortino)),
    Column("ambiguous", 5, lambda row: f"{row.n_ambiguous:,}"),
    Column("parameters", 7, parameters),
)


def table(rows: Sequence[Row], width: int, *, is_plain: bool) -> list[str]:
    """Return the lines of the table, at most `width` wide where that is possible.

    Columns that have nothing to say are left out, then those of the highest rank; the ones of rank
    0 stay. `is_plain` prints no bold.
    """
    shown = [
        (column, [printable(column.cell(row)) for row in rows])
        for column in COLUMNS
        if not _is_idle(column, rows)
    ]
    ranks = [_rank(column, rows) for column, _ in shown]
    while _width(shown) > width and any(ranks):
        last = max(range(len(ranks)), key=lambda k: (ranks[k], k))
        del shown[last], ranks[last]
    gap = " " * (_GAP if _width(shown) <= width else 1)
    sizes = [max(len(column.title), *map(len, cells)) for column, cells in shown]
    sides = ["<" if column.title in _LEFT else ">" for column, _ in shown]

    def line(cells: Sequence[str]) -> str:
        padded = (
            f"{cell:{side}{size}}" for cell, side, size in zip(cells, sides, sizes, strict=True)
        )
        return gap.join(padded).rstrip()

    head = line([column.title for column, _ in shown])
    bold, plain = ("", "") if is_plain else ("\x1b[1m", "\x1b[0m")
    body = [line([cells[k] for _, cells in shown]) for k in range(len(rows))]
    return [f"{bold}{head}{plain}", "-" * max(map(len, [head, *body])), *body]


def _width(shown: Sequence[tuple[Column, list[str]]]) -> int:
    widths = [max(len(column.title), *map(len, cells)) for column, cells in shown]
    return sum(int(size) for size in widths) + _GAP * (len(widths) - 1)


def _rank(column: Column, rows: Sequence[Row]) -> int:
    """Return the rank of a column; parameters rank high where only they tell rows apart."""
    names = [(row.strategy, row.symbols) for row in rows]
    is_needed = column.title == "parameters" and len(set(names)) < len(names)
    return 1 if is_needed else column.rank


def _is_idle(column: Column, rows: Sequence[Row]) -> bool:
    if column.title == "tests":
        return all(row.n_tests == 1 for row in rows)
    if column.title.endswith("95%"):
        return all(row.resampled is None for row in rows)
    if column.title == "ambiguous":
        return not any(row.n_ambiguous for row in rows)
    return column.title == "parameters" and not any(row.parameters for row in rows)


def legend(rows: Sequence[Row], n_tests: int, per_year: float) -> list[str]:
    """Return what the columns mean, a line each, in at most 80 columns."""
    lines = [
        f"Sharpe: mean over sample deviation of bar returns, × √{per_year:,.0f} a year, rate 0",
        "DSR: probability that the best Sharpe of a row is no luck of "
        f"{plural(n_tests, 'test')} tried",
    ]
    if any(row.is_short for row in rows):
        lines.append(f"no ratios of fewer than {LEAST_RETURNS} bars: they would say nothing")
    known = [row.resampled for row in rows if row.resampled is not None]
    if known:
        lines.append(
            f"95%: of {known[0].n_resamples:,} resamples of the bars in blocks of "
            f"{known[0].block:,} on average"
        )
    ambiguous = sum(row.n_ambiguous for row in rows)
    if ambiguous:
        exits = sum(row.n_trades for row in rows)
        lines.append(
            f"return: worse … better: of {plural(exits, 'exit')} {ambiguous:,} could be either, "
            "by the bar"
        )
    return lines


def span(time_ns: int) -> str:
    """Return an instant to the minute, UTC.

    >>> span(1_782_864_000 * NS_PER_SECOND)
    '2026-07-01 00:00'
    """
    from time import gmtime, strftime

    return strftime("%Y-%m-%d %H:%M", gmtime(time_ns // NS_PER_SECOND))
