"""Plots as SVG, written by hand and without a library: bars of ratios, and curves on log scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

# Distinct without colour vision as well (Okabe and Ito, 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
INK, FAINT, PAPER = "#333333", "#cccccc", "#ffffff"
WIDTH = 860
CHARACTER = 6.6
# What a number beside a bar takes.
NUMBER = 36.0
FEW_DECADES = 3
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """What has one colour: its name, its points, and its place among `COLOURS`."""

    name: str
    points: Sequence[Point]
    colour: int


def bars(
    title: str,
    names: Sequence[tuple[str, int]],
    rows: Sequence[tuple[str, Sequence[float | None]]],
    unit: str,
) -> str:
    """Return horizontal bars on a log scale: for each row a bar for each name, in its colour.

    None is a gap: it was not measured. Every bar has its number beside it.
    """
    values = [value for _, found in rows for value in found if value]
    # Bars that point to the left have their numbers there.
    room = NUMBER if min(*values, 1.0) < 1.0 else 0.0
    left = 20.0 + CHARACTER * max(len(label) for label, _ in rows)
    thick, between = 13.0, 12.0
    low = 10.0 ** math.floor(math.log10(min(*values, 1.0)))
    high = 10.0 ** math.ceil(math.log10(max(*values, 1.0) * 1.0001))
    right = WIDTH - 70.0

    def x(value: float) -> float:
        share = math.log10(value / low) / math.log10(high / low)
        return left + room + (right - left - room) * share

    top = 62.0
    body = list(_legend(names, 20.0, 44.0))
    y = top
    lines: list[str] = []
    for label, found in rows:
        bars_here = [(k, value) for k, value in enumerate(found) if value]
        middle = y + 0.5 * thick * len(bars_here)
        lines.append(_text(left - 8.0, middle + 4.0, label, "end"))
        for place, (k, value) in enumerate(bars_here):
            at, end = y + place * thick, x(value)
            start = min(x(1.0), end)
            lines.append(
                f'<rect x="{start:.1f}" y="{at:.1f}" width="{max(1.5, abs(end - x(1.0))):.1f}" '
                f'height="{thick - 2:.1f}" fill="{COLOURS[names[k][1]]}"/>'
            )
            # At the end of the bar, also of one that points to the left.
            beside, anchor = (end + 5.0, "start") if end >= x(1.0) else (end - 5.0, "end")
            lines.append(_text(beside, at + thick - 4.0, _short(value), anchor, 10))
        y += thick * len(bars_here) + between
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        value = 10.0**power
        body.append(_line(x(value), top - 6.0, x(value), y, FAINT))
        body.append(_text(x(value), y + 14.0, _short(value), "middle", 10))
    body += [*lines, _line(x(1.0), top - 6.0, x(1.0), y, INK), _text(left, y + 32.0, unit, "start")]
    return _document(title, y + 44.0, body)


def curves(title: str, series: Sequence[Series], across: str, up: str) -> str:
    """Return curves on two log scales, their points marked."""
    left, top, right, bottom = 70.0, 66.0, WIDTH - 30.0, 430.0
    xs = [point[0] for one in series for point in one.points]
    ys = [point[1] for one in series for point in one.points]
    x_low, x_high = _decades(xs)
    y_low, y_high = _decades(ys)

    def place(point: Point) -> Point:
        return (
            left + (right - left) * (math.log10(point[0]) - x_low) / (x_high - x_low),
            bottom - (bottom - top) * (math.log10(point[1]) - y_low) / (y_high - y_low),
        )

    body = list(_legend([(one.name, one.colour) for one in series], left, 44.0))
    for power in range(x_low, x_high + 1):
        x, _ = place((10.0**power, 10.0**y_low))
        body += [_line(x, top, x, bottom, FAINT)]
        body += [_text(x, bottom + 16.0, _short(10.0**power), "middle", 11)]
    for value in _ticks(y_low, y_high):
        _, y = place((10.0**x_low, value))
        body += [_line(left, y, right, y, FAINT)]
        body += [_text(left - 8.0, y + 4.0, f"{_short(value)} s", "end", 11)]
    for one in series:
        placed = [place(point) for point in one.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        body.append(
            f'<polyline points="{path}" fill="none" stroke="{COLOURS[one.colour]}" '
            'stroke-width="2"/>'
        )
        body += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{COLOURS[one.colour]}"/>'
            for x, y in placed
        ]
    body.append(_text(0.5 * (left + right), bottom + 38.0, across, "middle"))
    body.append(_text(right, top - 8.0, up, "end", 11))
    return _document(title, bottom + 52.0, body)


def _ticks(low: int, high: int) -> list[float]:
    """Return decades, with 2 and 5 between them where there are few."""
    between = (1.0, 2.0, 5.0) if high - low <= FEW_DECADES else (1.0,)
    steps = [step * 10.0**power for power in range(low, high) for step in between]
    return [*steps, 10.0**high]


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _legend(names: Sequence[tuple[str, int]], left: float, y: float) -> list[str]:
    found = []
    for name, colour in names:
        found.append(
            f'<rect x="{left:.1f}" y="{y - 9.0:.1f}" width="11" height="11" '
            f'fill="{COLOURS[colour]}"/>'
        )
        found.append(_text(left + 16.0, y, name, "start"))
        left += 40.0 + CHARACTER * len(name)
    return found


def _text(x: float, y: float, text: str, anchor: str, size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{INK}" '
        f'paint-order="stroke" stroke="{PAPER}" stroke-width="3">{escape(text)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        'stroke-width="1"/>'
    )


def _short(value: float) -> str:
    """Return a number as short as it is read: ``0.01``, ``12``, ``1.5k``."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * unit:
            return f"{float(f'{value / unit:.3g}'):g}{name}"
    return f"{float(f'{value:.2g}'):g}" if value < 10.0 else f"{value:.0f}"


def _document(title: str, height: float, body: Sequence[str]) -> str:
    lines = "\n".join(body)
    head = (
        f'<text x="20" y="22" font-size="15" font-weight="bold" fill="{INK}">{escape(title)}</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'width="{WIDTH}" height="{height:.0f}" font-family="sans-serif" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="100%" height="100%" fill="{PAPER}"/>\n'
        f"{head}\n{lines}\n</svg>\n"
    )
