"""A search as one HTML page that loads nothing: the best, what they are worth, map and walk."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite
from pathlib import Path

from engine.plural import plural
from engine.report.page_file import write_page
from engine.report.search_table import TITLES, lines, shown_score
from engine.report.svg import Axis, plot
from engine.searching.board import METRICS, Map
from engine.searching.outcome import Found
from engine.searching.walk import NS_PER_DAY

_CELL_W, _CELL_H, _LEFT, _TOP = 58, 30, 90, 40


def write_search_page(found: Found, path: Path, about: Sequence[str]) -> None:
    """Write the page of a search; `about` are lines of what was searched.

    Raises
    ------
    NotPermittedError, InputOutputError
        If the file may not or cannot be written.
    """
    title = f"Search of {found.task.strategy}"
    body = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(line)}</p>" for line in about)]
    body.append(f"<pre>{escape(chr(10).join(lines(found)))}</pre>")
    one = found.map
    if one is not None:
        body += [f"<h2>{escape(map_title(one))}</h2>", map_svg(one)]
    walk = found.walk
    if walk is not None and walk.time_ns:
        first = walk.time_ns[0]
        points = [
            ((stamp - first) / NS_PER_DAY, value)
            for stamp, value in zip(walk.time_ns, walk.equity, strict=True)
        ]
        picture = plot(
            {"out of sample": _thinned(points)},
            Axis("days of the test", "{:.0f}".format),
            Axis("growth", "{:.2f}".format),
            is_line=True,
        )
        body += ["<h2>Walk forward: the account out of sample</h2>", picture]
    write_page(path, title, "\n".join(body))


def map_title(one: Map) -> str:
    """Return what a map shows."""
    return f"Mean {TITLES[one.metric]} by {one.names[0]} and {one.names[1]}"


def map_svg(one: Map) -> str:
    """Return the map as a picture: green is the best, red the worst, white was not tried."""
    known = [value for row in one.means for value in row if isfinite(value)]
    sign = METRICS[one.metric]
    low = min((value * sign for value in known), default=0.0)
    high = max((value * sign for value in known), default=0.0)
    columns, rows = len(one.edges[0]), len(one.edges[1])
    width, height = _LEFT + columns * _CELL_W + 10, _TOP + rows * _CELL_H + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="system-ui, sans-serif" font-size="11" '
        f'role="img" aria-label="{escape(map_title(one), quote=True)}">',
        f'<text x="{_LEFT + columns * _CELL_W / 2:.0f}" y="14" text-anchor="middle">'
        f"{escape(one.names[0])}, from</text>",
        f'<text x="4" y="{_TOP - 8}">{escape(one.names[1])}</text>',
    ]
    for x, edge in enumerate(one.edges[0]):
        parts.append(
            f'<text x="{_LEFT + (x + 0.5) * _CELL_W:.0f}" y="{_TOP - 8}" '
            f'text-anchor="middle">{edge:g}</text>'
        )
    for y, (edge, means, counts) in enumerate(
        zip(one.edges[1], one.means, one.counts, strict=True)
    ):
        top = _TOP + y * _CELL_H
        parts.append(f'<text x="{_LEFT - 8}" y="{top + 19}" text-anchor="end">{edge:g}</text>')
        for x, (value, count) in enumerate(zip(means, counts, strict=True)):
            left = _LEFT + x * _CELL_W
            text = shown_score(one.metric, value)
            where = f"{one.names[0]} {one.edges[0][x]:g}, {one.names[1]} {edge:g}"
            tip = f"{where}: {text}, {plural(count, 'trial')}"
            parts.append(
                f'<g><title>{escape(tip)}</title><rect x="{left}" y="{top}" width="{_CELL_W - 1}" '
                f'height="{_CELL_H - 1}" fill="{_colour(value * sign, low, high)}"/>'
                + (
                    f'<text x="{left + _CELL_W / 2:.0f}" y="{top + 19}" text-anchor="middle">'
                    f"{escape(text)}</text>"
                    if count
                    else ""
                )
                + "</g>"
            )
    return "\n".join([*parts, "</svg>"])


def _colour(value: float, low: float, high: float) -> str:
    """Return red over yellow to green; white for what is not finite."""
    if not isfinite(value):
        return "#ffffff"
    part = (value - low) / (high - low) if high > low else 1.0
    return f"hsl({round(8 + 112 * part)} 55% 72%)"


def _thinned(points: Sequence[tuple[float, float]], most: int = 600) -> list[tuple[float, float]]:
    step = max(1, -(-len(points) // most))
    return [*points[::step], points[-1]]
