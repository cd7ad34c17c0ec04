"""The history of a store as one HTML page with plots: nothing is loaded from anywhere."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from engine.clock import NS_PER_SECOND, from_ns
from engine.report.svg import Axis, Point, histogram, plot
from engine.store.history import Answer, History

# Series of one plot; with more, colours repeat.
SERIES = 10

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 60rem; color: #222;
  background: #fff; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem; }
p { margin: .2rem 0 .5rem; color: #555; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { text-align: right; padding: .15rem .6rem; border-bottom: 1px solid #e4e4e4; }
th { border-bottom-color: #999; font-weight: 600; }
td { white-space: nowrap; } th.w, td.w { text-align: left; white-space: normal; }
.wide { overflow-x: auto; }
svg { max-width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: #444; }
svg .t { font-size: 12px; fill: #222; } svg .g { stroke: #e6e6e6; } svg .a { stroke: #888; }
.legend { font-size: 12px; color: #444; margin: 0 0 .5rem 4rem; }
.legend span { margin-right: 1rem; white-space: nowrap; }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: .35rem;
  border-radius: 5px; }
"""


def page(found: History, lifetimes: Sequence[float], store: str) -> str:
    """Return the page. `lifetimes` in seconds; `store` is its address as it may be shown."""
    title = f"History of {found.window.symbol or 'every symbol'}"
    parts = [f"<h1>{_safe(title)}</h1>", f"<p>{_safe(store)} &middot; {_span(found.scans)}</p>"]
    edges = found.edges.objects()
    parts += _section(
        "Edge over time",
        "The best edge of each family at each instant, per share after fees.",
        plot(
            _by(edges, "family", lambda row: (row["ts_ns"] / NS_PER_SECOND, row["best_edge"])),
            Axis("UTC", _clock(edges)), Axis("edge"),
        ),
    )  # fmt: skip
    parts += _section(
        "How long they lived",
        "From the first to the last sighting of a combo; one that was seen once lived 0 s.",
        histogram(lifetimes, Axis("seconds", _seconds)),
    )
    parts += _section("By family", "", table(found.families))
    parts += _section(
        "What stopped the rest", "Candidates by the first gate that they failed.",
        table(found.gates),
    )  # fmt: skip
    implied = found.implied.objects()
    for column, name, what in (
        ("box_mid", "Implied rates", "Median over the boxes of each expiry, per year."),
        ("borrow_bid", "Implied borrow fee", "Above it a reversal pays, per year."),
    ):
        drawn = plot(
            _by(
                implied,
                "expiry",
                lambda row, column=column: (row["ts_ns"] / NS_PER_SECOND, row[column]),
            ),
            Axis("UTC", _clock(implied)), Axis("rate", "{:.2%}".format), is_line=True,
        )  # fmt: skip
        parts += _section(name, f"{what} The first {SERIES} expiries.", drawn)
    parts += _section("The longest lives", "", table(found.lives))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Parity: {_safe(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def table(answer: Answer) -> str:
    """Return an answer as an HTML table; times are written out, numbers to the right."""
    if not answer.rows:
        return ""
    words = [isinstance(cell, str) for cell in answer.rows[0]]
    head = "".join(
        f'<th class="w">{_title(c)}</th>' if w else f"<th>{_title(c)}</th>"
        for c, w in zip(answer.columns, words, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="w">{_safe(shown(c, cell))}</td>' if w else f"<td>{shown(c, cell)}</td>"
            for c, cell, w in zip(answer.columns, row, words, strict=True)
        )
        + "</tr>"
        for row in answer.rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def shown(column: str, cell: Any) -> str:
    """Return a cell as a person reads it: times of columns in ns as UTC, None as a dash.

    >>> shown("detected_ns", 1_450_971_000_000_000_000), shown("edge", 0.123456), shown("x", None)
    ('2015-12-24 15:30:00', '0.1235', '-')
    """
    if cell is None:
        return "-"
    if column.endswith("_ns"):
        return f"{from_ns(cell):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, float):
        return f"{cell:,.4f}" if abs(cell) < 1000.0 else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def _section(title: str, words: str, content: str) -> list[str]:
    said = f"<p>{_safe(words)}</p>" if words else ""
    return [f"<h2>{_safe(title)}</h2>{said}{content or '<p>nothing known</p>'}"]


def _by(rows: Iterable[dict[str, Any]], key: str, point: Any) -> dict[str, list[Point]]:
    """Group points by a column; the first `SERIES` of its values."""
    found: dict[str, list[Point]] = {}
    for row in rows:
        place = point(row)
        if place[1] is not None and (row[key] in found or len(found) < SERIES):
            found.setdefault(row[key], []).append(place)
    return dict(sorted(found.items()))


def _clock(rows: Sequence[dict[str, Any]]) -> Any:
    stamps = [row["ts_ns"] for row in rows] or [0]
    is_long = max(stamps) - min(stamps) > 2 * 86_400 * NS_PER_SECOND
    form = "%d %b %Y" if is_long else "%H:%M:%S"
    return lambda seconds: f"{from_ns(int(seconds * NS_PER_SECOND)):{form}}"


def _seconds(value: float) -> str:
    return f"{value:g}"


def _span(scans: Answer) -> str:
    if not scans.rows:
        return "no scans"
    total = sum(row["scans"] for row in scans.objects())
    first = min(row["first_ns"] for row in scans.objects())
    last = max(row["last_ns"] for row in scans.objects())
    return _safe(f"{total:,} scans, {shown('_ns', first)} to {shown('_ns', last)} UTC")


def _title(column: str) -> str:
    return _safe(column.removesuffix("_ns").replace("_", " "))


def _safe(text: str) -> str:
    return html.escape(text)
