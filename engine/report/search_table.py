"""A search as text: the best trials, what they are worth, the walk forward, and a small map."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from engine.backtesting.parameters import Value
from engine.plural import plural
from engine.report.backtest_table import span
from engine.report.printable import printable
from engine.searching.board import METRICS, Map, Trial
from engine.searching.outcome import Found
from engine.searching.space import Space
from engine.searching.walk import NS_PER_DAY, Walk

TITLES = {
    "return": "return", "cagr": "CAGR", "sharpe": "Sharpe", "sortino": "Sortino",
    "calmar": "Calmar", "drawdown": "max DD", "trades": "trades", "win_rate": "win",
    "profit_factor": "PF", "orders": "orders",
}  # fmt: skip
_SHOWN = ("return", "sharpe", "drawdown", "trades", "win_rate")
_PERCENT = ("return", "cagr", "drawdown", "win_rate")
_COUNTS = ("trades", "orders")
# From nothing tried to the best, a letter per cell.
_SHADES = " .:-=+*#%@"
_WIDEST_CELL = 9


def shown_score(name: str, value: float) -> str:
    """Return a score as a person reads it, - where there is none."""
    if not isfinite(value):
        return "-"
    if name in _PERCENT:
        return f"{100.0 * value:{'+' if name in ('return', 'cagr') else ''},.1f}%"
    return f"{value:,.1f}".removesuffix(".0") if name in _COUNTS else f"{value:,.2f}"


def shown_value(value: Value) -> str:
    """Return a parameter's value as a person writes it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def lines(found: Found) -> list[str]:
    """Return all lines of a search."""
    board = found.board
    assert board is not None
    metric = board.metrics[0]
    parts = [*trial_lines(found.top, found.space, metric)]
    if not found.top:
        parts = [f"no trial has a {TITLES[metric]}: nothing was traded, or every trial failed"]
    if len(board.metrics) > 1 and board.front:
        names = " and ".join(TITLES[name] for name in board.metrics)
        parts += ["", f"none is better in both {names}" if len(board.metrics) == 2
                  else f"none is better in all of {names}",
                  *trial_lines(board.front[:20], found.space, metric)]  # fmt: skip
        if len(board.front) > 20:
            parts.append(f"and {len(board.front) - 20} more")
    parts += ["", *luck_lines(found)]
    one = found.map
    if one is not None and found.top:
        parts += ["", *map_lines(one)]
    if found.walk is not None:
        parts += ["", *walk_lines(found.walk, found.space, metric)]
    return parts


def trial_lines(trials: Sequence[Trial], space: Space, metric: str) -> list[str]:
    """Return a table of trials: parameters that were searched, then scores."""
    names = [axis.name for axis in space.axes]
    scores = list(_SHOWN if metric in _SHOWN else (metric, *_SHOWN))
    rows = [["trial", *names, *(TITLES[name] for name in scores)]]
    for trial in trials:
        values = [axis.value(number) for axis, number in zip(space.axes, trial.row, strict=True)]
        rows.append([
            f"{trial.number:,}",
            *map(shown_value, values),
            *(shown_score(name, trial.metric(name)) for name in scores),
        ])  # fmt: skip
    return _table(rows)


def luck_lines(found: Found) -> list[str]:
    """Return what the best is worth beside how many were tried."""
    board, worth = found.board, found.validity
    assert board is not None
    tried = f"{board.n_tried:,} of {plural(found.n_wanted, 'trial')} tried"
    others = [
        f"{count:,} {what}"
        for count, what in (
            (board.n_silent, f"without a {TITLES[board.metrics[0]]}"),
            (board.n_failed, "failed"), (board.n_lost, "lost"),
        )
        if count
    ]  # fmt: skip
    parts = [", ".join([tried, *others])]
    if worth is None:
        return parts
    sample = f"{plural(worth.n_sampled, 'trial')}, {plural(worth.n_resamples, 'draw')}"
    parts += [
        f"deflated Sharpe  {_part(worth.deflated)}  probability the best is no luck of "
        f"{worth.n_tried:,}; want > 0.95",
        f"SPA p            {_part(worth.spa)}  none beats cash ({sample}); want < 0.05",
        f"overfit          {_part(worth.overfit)}  best below the middle in the other half; "
        "0.5 is chance",
    ]
    return parts


def map_lines(one: Map) -> list[str]:
    """Return the map as a grid of letters, the better the darker."""
    known = [value for row in one.means for value in row if isfinite(value)]
    if not known:
        return []
    sign = METRICS[one.metric]
    low, high = min(v * sign for v in known), max(v * sign for v in known)
    x, y = one.names
    labels = [f"{edge:g}" for edge in one.edges[1]]
    width = max(len(label) for label in labels)
    cell = min(_WIDEST_CELL, max(3, *(len(f"{edge:g}") + 1 for edge in one.edges[0])))
    parts = [f"mean {TITLES[one.metric]} by {x} (across) and {y} (down), from"]
    parts.append(" " * width + "".join(f"{f'{edge:g}':>{cell}}" for edge in one.edges[0]))
    for label, row in zip(labels, one.means, strict=True):
        marks = "".join(f"{_shade(value * sign, low, high) * 2:>{cell}}" for value in row)
        parts.append(f"{label:>{width}}{marks}".rstrip())
    first, last = sorted((low * sign, high * sign), key=lambda value: value * sign)
    worst, best = shown_score(one.metric, first), shown_score(one.metric, last)
    parts.append(f"{_SHADES[1]} {worst} … {_SHADES[-1]} {best}, blank not tried")
    return parts


def walk_lines(walk: Walk, space: Space, metric: str) -> list[str]:
    """Return the steps of a walk forward and what they come to."""
    rows = [["test from", "days", *(axis.name for axis in space.axes),
             f"{TITLES[metric]} searched", "return tested"]]  # fmt: skip
    for one in walk.judged:
        values = ["-" for _ in space.axes]
        if one.best is not None:
            values = [
                shown_value(axis.value(number))
                for axis, number in zip(space.axes, one.best.row, strict=True)
            ]
        days = (one.stretch.end_ns - one.stretch.test_ns) / NS_PER_DAY
        rows.append([
            span(one.stretch.test_ns)[:10], f"{days:.0f}", *values,
            shown_score(metric, one.scored), shown_score("return", one.growth - 1.0),
        ])  # fmt: skip
    n_gained = sum(1 for one in walk.judged if one.growth > 1.0)
    return [
        f"walk forward: {plural(len(walk.judged), 'step')}, {plural(walk.n_tried, 'trial')}",
        *_table(rows),
        f"out of sample: return {shown_score('return', walk.total_return)}, Sharpe "
        f"{shown_score('sharpe', walk.sharpe)}, max DD "
        f"{shown_score('drawdown', walk.max_drawdown)}, {n_gained} of "
        f"{plural(len(walk.judged), 'step')} gained",
    ]


def _part(value: float) -> str:
    return f"{value:.3f}" if isfinite(value) else "    -"


def _shade(value: float, low: float, high: float) -> str:
    if not isfinite(value):
        return _SHADES[0]
    steps = len(_SHADES) - 2
    return _SHADES[1 + round(steps * ((value - low) / (high - low) if high > low else 1.0))]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    texts = [
        "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return [texts[0], "-" * len(texts[0]), *texts[1:]]
