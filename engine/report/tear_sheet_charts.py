"""The charts of a tear sheet: equity with drawdown, rolling ratio, trades, candles."""

from __future__ import annotations

import html
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from engine.backtesting.orders import Fill, Trade
from engine.clock import from_ns
from engine.market.bars import Bars
from engine.performance.trades import trade_return
from engine.report.chart import (
    NARROW,
    WIDE,
    Point,
    Size,
    Times,
    area,
    between,
    both,
    line,
    points_for,
    row_ticks,
    scale,
    svg,
    x_axis,
    y_axis,
)
from engine.report.svg import Scale
from engine.report.tear_sheet_words import percent, percent_mark, plain_mark
from kernels_pure.equity import drawdowns

# Beyond, a candle is several bars.
MOST_CANDLES = 2000
# Dots of one chart; with more, the last ones are drawn.
MOST_DOTS = 1500
_OF_CHART = 200


@dataclass(frozen=True, slots=True)
class Curve:
    """One equity column to draw, with the better account where bars are ambiguous."""

    name: str
    time_ns: Sequence[int]
    equity: array[float]
    high: array[float]


def equity_chart(one: Curve) -> str:
    """Return equity over drawdown, the band of what bars do not tell behind it."""
    own, better = _points(one.time_ns, one.equity), _points(one.time_ns, one.high)
    depths = array("d", bytes(8 * len(one.equity)))
    drawdowns(one.equity, depths)
    falls = [(a, -b) for (a, _), b in zip(own, depths, strict=True)]

    def draw(width: int) -> str:
        size = Size(width, 330 if width > NARROW else 260, bottom=110)
        low = Size(width, size.height, top=size.height - 92)
        x = Times(size, one.time_ns[0], one.time_ns[-1])
        y = scale(one.equity, size, *(one.high if better != own else ()))
        under = Scale(
            [min([0.0, *(b for _, b in falls if isfinite(b))]), 0.0], low.low, low.top, 2.5
        )
        most = points_for(size)
        parts = [
            *y_axis(size, y, plain_mark),
            *y_axis(low, under, percent_mark),
            *x_axis(low, x.ticks()),
        ]
        if better != own:
            parts.append(between(own, better, x, y, most))
        parts += [
            area(own, x, y, y.low, "fill s0", most),
            line(own, x, y, "line s0", most),
            area(falls, x, under, 0.0, "fall", most),
            line(falls, x, under, "line down", most),
        ]
        return svg(size, parts, f"equity and drawdown of {one.name}")

    return both(draw)


def overlaid_chart(curves: Sequence[Curve]) -> str:
    """Return the growth of several accounts from 0 on."""
    lines = [
        [(t, e / one.equity[0] - 1.0) for t, e in _points(one.time_ns, one.equity)]
        for one in curves
    ]

    def draw(width: int) -> str:
        size = Size(width, 300)
        first = min(one.time_ns[0] for one in curves)
        x = Times(size, first, max(one.time_ns[-1] for one in curves))
        y = scale([b for points in lines for _, b in points], size, 0.0)
        parts = [*y_axis(size, y, percent_mark), *x_axis(size, x.ticks())]
        parts += [
            line(points, x, y, f"line s{k % COLOURS}", points_for(size))
            for k, points in enumerate(lines)
        ]
        return svg(size, parts, "growth of every strategy")

    return both(draw) + legend([one.name for one in curves])


COLOURS = 10


def legend(names: Sequence[str]) -> str:
    """Return the names of lines beside their colours."""
    items = "".join(
        f'<span><i class="s{k % COLOURS}"></i>{html.escape(name)}</span>'
        for k, name in enumerate(names)
    )
    return f'<div class="legend">{items}</div>'


def rolling_chart(time_ns: Sequence[int], values: Sequence[float], label: str) -> str:
    """Return a ratio over a moving window, with its zero."""
    points = _points(time_ns, values)

    def draw(width: int) -> str:
        size = Size(width, 190)
        x = Times(size, time_ns[0], time_ns[-1])
        y = scale(values, size, 0.0)
        parts = [
            *y_axis(size, y, plain_mark),
            *x_axis(size, x.ticks()),
            line([(x.first_ns, 0.0), (x.last_ns, 0.0)], x, y, "line zero", 2),
            line(points, x, y, "line s0", points_for(size)),
        ]
        return svg(size, parts, label)

    return both(draw)


def trades_chart(trades: Sequence[Trade]) -> str:
    """Return a dot for each trade: its return by when it was closed."""
    kept = [one for one in trades if isfinite(trade_return(one))][-MOST_DOTS:]

    def draw(width: int) -> str:
        size = Size(width, 230)
        x = Times(size, min(t.closed_ns for t in kept), max(t.closed_ns for t in kept))
        y = scale([trade_return(one) for one in kept], size, 0.0)
        parts = [
            *y_axis(size, y, percent_mark),
            *x_axis(size, x.ticks()),
            line([(x.first_ns, 0.0), (x.last_ns, 0.0)], x, y, "line zero", 2),
        ]
        for one in kept:
            part = trade_return(one)
            style = "up" if one.gain > 0.0 else "down"
            side = "long" if one.units > 0.0 else "short"
            said = f"{one.symbol} {side}, {_moment(one.closed_ns)}: {percent(part, signed=True)}"
            shape = "dot" if one.units > 0.0 else "dot hollow"
            parts.append(
                f'<circle class="{shape} {style}" cx="{x.place(one.closed_ns):.1f}" '
                f'cy="{y.place(part):.1f}" r="3.2"><title>{html.escape(said)}</title></circle>'
            )
        return svg(size, parts, "return of each trade")

    return both(draw) if kept else ""


def candles_charts(bars: Bars, fills: Sequence[Fill], symbol: str) -> tuple[list[str], int]:
    """Return candles with a mark for each fill, in charts one after the other in time.

    Each chart has prices of its own scale. Beside them how many bars a candle is.
    """
    n = len(bars)
    each = -(-n // MOST_CANDLES)
    groups = [range(k, min(k + each, n)) for k in range(0, n, each)]
    candles = [
        _Candle(
            bars.time_ns[group[-1]],
            bars.open[group[0]],
            max(bars.high[k] for k in group),
            min(bars.low[k] for k in group),
            bars.close[group[-1]],
        )
        for group in groups
    ]
    kept, charts = list(fills[-MOST_DOTS:]), []
    charts_needed = -(-len(candles) // _OF_CHART)
    # The first chart has what is left over, the others are full.
    first = len(candles) - (charts_needed - 1) * _OF_CHART
    stops = range(first, len(candles) + 1, _OF_CHART)
    for stop in stops:
        part = candles[max(0, stop - _OF_CHART) : stop]
        begin = candles[stop - len(part) - 1].time_ns if stop > len(part) else -1
        marked = [fill for fill in kept if begin < fill.time_ns <= part[-1].time_ns]
        charts.append(_candles(part, marked, symbol))
    return charts, each


@dataclass(frozen=True, slots=True)
class _Candle:
    time_ns: int
    open: float
    high: float
    low: float
    close: float


def _candles(candles: Sequence[_Candle], fills: Sequence[Fill], symbol: str) -> str:
    size = Size(WIDE, 270)
    prices = [fill.price for fill in fills]
    y = scale([one.high for one in candles], size, *(one.low for one in candles), *prices)
    step = (size.width - size.left - size.right) / max(len(candles), _OF_CHART // 4)
    x = [size.left + (k + 0.5) * step for k in range(len(candles))]
    stamps = [one.time_ns for one in candles]
    ticks = [(x[row], words) for row, words in row_ticks(stamps, 10)]
    parts = [*y_axis(size, y, plain_mark), *x_axis(size, ticks)]
    wicks: dict[str, list[str]] = {"up": [], "down": []}
    bodies: dict[str, list[str]] = {"up": [], "down": []}
    for at, one in zip(x, candles, strict=True):
        style = "up" if one.close >= one.open else "down"
        start, end = y.place(one.open), y.place(one.close)
        end += 0.6 if abs(end - start) < 0.6 else 0.0
        wicks[style].append(f"M{at:.1f},{y.place(one.high):.1f}V{y.place(one.low):.1f}")
        bodies[style].append(f"M{at:.1f},{start:.1f}V{end:.1f}")
    for style in ("up", "down"):
        parts.append(f'<path class="wick {style}" d="{"".join(wicks[style])}"/>')
        parts.append(
            f'<path class="body {style}" stroke-width="{min(9.0, max(1.0, 0.66 * step)):.1f}" '
            f'd="{"".join(bodies[style])}"/>'
        )
    parts += _marks(fills, stamps, x, y)
    drawn = svg(size, parts, f"prices of {symbol} with entries and exits")
    return f'<div class="scroll"><div style="min-width:46rem">{drawn}</div></div>'


def _marks(fills: Sequence[Fill], stamps: Sequence[int], x: Sequence[float], y: Scale) -> list[str]:
    """Return a triangle for each fill: up below its price where bought, down above where sold."""
    parts = []
    for fill in fills[-MOST_DOTS:]:
        k = bisect_left(stamps, fill.time_ns)
        if k == len(stamps):
            continue
        at, level = x[k], y.place(fill.price)
        is_bought = fill.units > 0.0
        way = 1.0 if is_bought else -1.0
        shape = f"M{at:.1f},{level + 2 * way:.1f}l4,{7 * way:.0f}h-8z"
        words = "bought" if is_bought else "sold"
        said = (
            f"{words} {abs(fill.units):,.10g} at {fill.price:,.10g}, {_moment(fill.time_ns)}, "
            f"{fill.reason.replace('_', ' ')}"
        )
        style = "bought" if is_bought else "sold"
        parts.append(
            f'<path class="mark {style}" d="{shape}"><title>{html.escape(said)}</title></path>'
        )
    return parts


def _points(time_ns: Sequence[int], values: Sequence[float]) -> list[Point]:
    return [(float(stamp), value) for stamp, value in zip(time_ns, values, strict=True)]


def _moment(stamp: int) -> str:
    return f"{from_ns(stamp):%Y-%m-%d %H:%M}"
