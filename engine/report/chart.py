"""Lines, areas, bars and dots over an axis of time, as SVG text; colours are the page's.

A chart is drawn once for wide screens and paper and once for a phone, where the same numbers of
labels would not fit: `both`.
"""

from __future__ import annotations

import html
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from math import inf, isfinite
from typing import Protocol

from engine.clock import from_ns, to_ns
from engine.report.svg import Scale

Point = tuple[float, float]
WIDE, NARROW = 1040, 390
# Of one line, the points that it is thinned to, per pixel of width.
_PER_PIXEL = 1.0


class Axis(Protocol):
    """Anything that says where a value lies."""

    def place(self, value: float, /) -> float:
        """Return the place of a value."""
        ...


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a chart and its margins."""

    width: int
    height: int
    left: int = 62
    right: int = 30
    top: int = 10
    bottom: int = 24

    @property
    def low(self) -> float:
        """Where the plot ends below."""
        return self.height - self.bottom


def both(draw: Callable[[int], str]) -> str:
    """Return a chart twice, of which the page shows the one that fits."""
    return f'<div class="wide">{draw(WIDE)}</div><div class="narrow">{draw(NARROW)}</div>'


def svg(size: Size, parts: Sequence[str], label: str) -> str:
    """Return an SVG element; `label` says what it shows to those who do not see it."""
    return (
        f'<svg viewBox="0 0 {size.width} {size.height}" role="img" '
        f'aria-label="{html.escape(label)}">{"".join(parts)}</svg>'
    )


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most about `most` points that look the same: of each stretch its ends and extremes.

    >>> thinned([(0.0, 1.0), (1.0, 9.0), (2.0, 0.0), (3.0, 4.0), (4.0, 5.0), (5.0, 5.0)], 4)
    [(0.0, 1.0), (1.0, 9.0), (2.0, 0.0), (5.0, 5.0)]
    """
    n = len(points)
    if n <= most:
        return list(points)
    stretches = max(1, most // 4)
    found: list[Point] = []
    for k in range(stretches):
        part = range(k * n // stretches, (k + 1) * n // stretches)
        low = min(part, key=lambda row: points[row][1])
        high = max(part, key=lambda row: points[row][1])
        found += [points[row] for row in sorted({part[0], low, high, part[-1]})]
    return found


def line(points: Sequence[Point], x: Axis, y: Axis, style: str, most: int) -> str:
    """Return a line through finite points; it breaks where one is not finite."""
    words = []
    for run in _finite_runs(points):
        kept = thinned(run, most)
        words.append("M" + "L".join(f"{x.place(a):.1f},{y.place(b):.1f}" for a, b in kept))
    return f'<path class="{style}" d="{"".join(words)}"/>' if words else ""


def area(points: Sequence[Point], x: Axis, y: Axis, base: float, style: str, most: int) -> str:
    """Return the area between a line and a level."""
    kept = thinned([p for p in points if isfinite(p[1])], most)
    if not kept:
        return ""
    words = "L".join(f"{x.place(a):.1f},{y.place(b):.1f}" for a, b in kept)
    first, last, level = x.place(kept[0][0]), x.place(kept[-1][0]), y.place(base)
    return f'<path class="{style}" d="M{first:.1f},{level:.1f}L{words}L{last:.1f},{level:.1f}Z"/>'


def between(low: Sequence[Point], high: Sequence[Point], x: Axis, y: Axis, most: int) -> str:
    """Return the area between two lines over the same stamps."""
    n = max(1, len(low) // most)
    there, back = low[::n], high[::n][::-1]
    words = "L".join(f"{x.place(a):.1f},{y.place(b):.1f}" for a, b in (*there, *back))
    return f'<path class="band" d="M{words}Z"/>'


def y_axis(size: Size, y: Scale, text: Callable[[float], str]) -> list[str]:
    """Return the lines and labels of the values."""
    parts = []
    for value in y.ticks():
        at = y.place(value)
        parts.append(
            f'<line class="grid" x1="{size.left}" x2="{size.width - size.right}" y1="{at:.1f}" '
            f'y2="{at:.1f}"/><text class="end" x="{size.left - 6}" y="{at + 4:.1f}">'
            f"{html.escape(text(value))}</text>"
        )
    return parts


def x_axis(size: Size, ticks: Sequence[tuple[float, str]]) -> list[str]:
    """Return the ticks and labels of an axis of places."""
    parts = []
    for at, words in ticks:
        parts.append(
            f'<line class="tick" x1="{at:.1f}" x2="{at:.1f}" y1="{size.low:.1f}" '
            f'y2="{size.low + 4:.1f}"/><text class="mid" x="{at:.1f}" y="{size.low + 17:.1f}">'
            f"{html.escape(words)}</text>"
        )
    return parts


class Times:
    """An axis of time: from stamps to places, with ticks at round dates."""

    def __init__(self, size: Size, first_ns: int, last_ns: int) -> None:
        self.first_ns, self.last_ns = first_ns, max(last_ns, first_ns + 1)
        self._start = size.left
        self._factor = (size.width - size.right - size.left) / (self.last_ns - first_ns)
        self._most = max(2, (size.width - size.left - size.right) // 78)

    def place(self, stamp: float) -> float:
        """Return where a stamp lies."""
        return self._start + (stamp - self.first_ns) * self._factor

    def ticks(self) -> list[tuple[float, str]]:
        """Return places and labels."""
        return [
            (self.place(at), words)
            for at, words in round_dates(self.first_ns, self.last_ns, self._most)
        ]


_DAY = timedelta(days=1)
_CLOCK = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 180, 360, 720)) + tuple(
    _DAY * k for k in (1, 2, 7, 14)
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240)


def round_dates(first_ns: int, last_ns: int, most: int) -> list[tuple[int, str]]:
    """Return at most `most` round dates between two stamps, UTC, and how they are written.

    >>> [words for _, words in round_dates(0, 200 * 86_400 * 10**9, 5)]
    ['Jan 1970', 'Mar 1970', 'May 1970', 'Jul 1970']
    """
    first, last = from_ns(first_ns), from_ns(last_ns)
    for step in _CLOCK:
        if (last - first) / step <= most:
            return [(to_ns(at), _clock_words(at)) for at in _by_clock(first, last, step)]
    months = (last.year - first.year) * 12 + last.month - first.month
    step_months = next((k for k in _MONTHS if months / k <= most), _MONTHS[-1])
    form = "%b %Y" if step_months < 12 else "%Y"
    return [(to_ns(at), f"{at:{form}}") for at in _by_months(first, last, step_months)]


def _clock_words(at: datetime) -> str:
    return f"{at:%H:%M}" if at.hour or at.minute else f"{at:%d %b}"


def _by_clock(first: datetime, last: datetime, step: timedelta) -> Iterator[datetime]:
    start = first.replace(hour=0, minute=0, second=0, microsecond=0)
    at = start + -((start - first) // step) * step
    while at <= last:
        yield at
        at += step


def _by_months(first: datetime, last: datetime, step: int) -> Iterator[datetime]:
    month = first.year * 12 + first.month - 1
    month -= month % step
    while True:
        at = datetime(month // 12, month % 12 + 1, 1, tzinfo=timezone.utc)
        if at > last:
            return
        if at >= first:
            yield at
        month += step


def scale(values: Sequence[float], size: Size, *others: float) -> Scale:
    """Return the scale of finite values over the height of a chart; `others` lie in it too."""
    low, high = inf, -inf
    for value in (*values, *others):
        if isfinite(value):
            low, high = min(low, value), max(high, value)
    return Scale([low, high] if low <= high else [0.0, 1.0], size.low, size.top)


def row_ticks(time_ns: Sequence[int], most: int) -> list[tuple[int, str]]:
    """Return the rows that are the first at or after round dates, and how these are written."""
    found: dict[int, str] = {}
    for at, words in round_dates(time_ns[0], time_ns[len(time_ns) - 1], most):
        row = bisect_right(time_ns, at - 1)
        if row < len(time_ns):
            found[row] = words
    return list(found.items())


def points_for(size: Size) -> int:
    """Return how many points a line of a chart is thinned to."""
    return int(_PER_PIXEL * size.width)


def _finite_runs(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    start = 0
    for row, point in enumerate(points):
        if not isfinite(point[1]):
            if row > start:
                yield points[start:row]
            start = row + 1
    if start < len(points):
        yield points[start:]
