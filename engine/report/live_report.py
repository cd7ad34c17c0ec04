"""Packages of a day for people: what was seen, what was captured, and what is between them."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from engine.plural import plural
from engine.report.grid import add_columns, grid, show
from engine.report.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

COLUMNS = (
    ("id", "id", ""), ("time", "time", "t"), ("family", "family", ""), ("phase", "phase", ""),
    ("held", "lots", "l"), ("edge_detected", "edge", "m"), ("edge_unfilled", "unfilled", "m"),
    ("slippage", "slippage", "m"), ("fees_above_expected", "fees +", "m"),
    ("edge_captured", "captured", "m"), ("fees", "fees", "m"),
)  # fmt: skip
TRADE_COLUMNS = (
    ("id", "id", ""), ("time", "time", "t"), ("side", "side", ""), ("what", "legs", ""),
    ("filled", "filled", "l"), ("phase", "phase", ""),
    ("limit", "limit", "p"), ("paid", "price", "p"), ("slippage", "slippage", "m"),
    ("fees", "fees", "m"),
)  # fmt: skip
_RIGHT = ("m", "l", "p")
_TOTALS = (
    ("edge_detected", "edge detected"), ("edge_unfilled", "- not filled"),
    ("slippage", "- slippage"), ("fees_above_expected", "- fees above expected"),
    ("edge_captured", "= edge captured, locked in"), ("fees", "fees paid"),
)  # fmt: skip
_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 70rem; color: #222;
  padding: 0 1rem; }
h1 { font-size: 1.3rem; } p { color: #555; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { text-align: right; padding: .2rem .7rem; border-bottom: 1px solid #e4e4e4; }
th.w, td.w { text-align: left; } .good { color: #0a7a2f; } .bad { color: #b00020; }
tr.sum td { font-weight: 600; border-top: 2px solid #999; }
"""


def report_title(report: Mapping[str, Any]) -> str:
    """Return what the report is about in one line."""
    day = report["day"] or "every day"
    return f"{report['broker']} account {report['account']}, {day} (UTC)"


def print_report(report: Mapping[str, Any], console: Console) -> None:
    """Print a report as a table with the sums below."""
    console.print(Text(report_title(report), style="bold"))
    for one in report["strategies"]:
        _print_strategy(one, console)
    if report["packages"] or not report["strategies"]:
        _print_packages(report, console)
    if report["refused"]:
        rows = ", ".join(f"{code} {n:,}" for code, n in report["refused"].items())
        console.print(Text(f"\nNot sent: {rows}"))


def _print_strategy(one: Mapping[str, Any], console: Console) -> None:
    console.print(Text(f"\n{printable(one['strategy'])}", style="bold"))
    table = grid()
    for _, title, kind in TRADE_COLUMNS:
        add_columns(table, title, align="right" if kind in _RIGHT else "left")
    for trade in one["trades"]:
        table.add_row(*(Text(printable(shown(trade, key, kind))) for key, _, kind in TRADE_COLUMNS))
    show(table, console)
    for line in strategy_words(one):
        console.print(Text(f"  {printable(line)}"))


def strategy_words(one: Mapping[str, Any]) -> list[str]:
    """Return what a strategy has come to, in sentences."""
    held = [f"{quantity:+,g} {name}" for name, quantity in one["positions"].items()]
    gain = "not known" if one["gain"] is None else f"{one['gain']:+,.2f}"
    return [
        f"{plural(one['orders'], 'order')}, {one['filled']} filled, {one['open']} open; "
        f"holds {', '.join(held) or 'nothing'}",
        f"gain {gain}, bought {one['bought']:,.2f}, sold {one['sold']:,.2f}, slippage "
        f"{round(one['slippage'], 2) + 0.0:,.2f}, fees {one['fees']:,.2f} USD",
    ]


def _print_packages(report: Mapping[str, Any], console: Console) -> None:
    table = grid()
    for _, title, kind in COLUMNS:
        add_columns(table, title, align="right" if kind in _RIGHT else "left")
    for one in report["packages"]:
        table.add_row(*(Text(printable(shown(one, key, kind))) for key, _, kind in COLUMNS))
    show(table, console)
    total = report["total"]
    counts = f"{total['packages']} packages, {total['complete']} complete, {total['open']} open"
    console.print(Text(f"\n{counts}; USD:"))
    for key, words in _TOTALS:
        console.print(Text(f"  {words:<28}{round(total[key], 2) + 0.0:>14,.2f}"))


def shown(one: Mapping[str, Any], key: str, kind: str) -> str:
    """Return a cell as a person reads it."""
    value = one[key]
    if value is None:
        return "-"
    if kind == "m":
        return f"{round(value, 2) + 0.0:,.2f}"
    if kind == "p":
        return f"{value:,.4f}"
    if kind == "l":
        return f"{value}/{one['lots']}"
    return str(value)[11:19] if kind == "t" else str(value).replace("_", " ")


def report_page(report: Mapping[str, Any]) -> str:
    """Return the report as one HTML page that loads nothing."""
    title = html.escape(report_title(report))
    head = "".join(f"<th{_side(kind)}>{html.escape(t)}</th>" for _, t, kind in COLUMNS)
    body = "".join(
        "<tr>" + "".join(_cell(one, key, kind) for key, _, kind in COLUMNS) + "</tr>"
        for one in report["packages"]
    )
    total = report["total"]
    sums = "".join(
        f'<tr{_sum(key)}><td class="w">{html.escape(words)}</td>'
        f"<td>{round(total[key], 2) + 0.0:,.2f}</td></tr>"
        for key, words in _TOTALS
    )
    refused = "".join(
        f'<tr><td class="w">{html.escape(code)}</td><td>{n:,}</td></tr>'
        for code, n in report["refused"].items()
    )
    packages = (
        f"<p>{total['packages']} packages, {total['complete']} complete, {total['open']} open. "
        "Edges are worst cases after fees, in USD for the lots sent; slippage is what was paid "
        f"above the touch.</p>\n<table>{sums}</table>\n<h1>Packages</h1>\n"
        f"<table><tr>{head}</tr>{body}</table>\n"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Parity: {title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        + "".join(map(_strategy_part, report["strategies"]))
        + (packages if report["packages"] or not report["strategies"] else "")
        + (f"<h1>Not sent</h1>\n<table>{refused}</table>\n" if refused else "")
        + "</body></html>\n"
    )


def _strategy_part(one: Mapping[str, Any]) -> str:
    head = "".join(f"<th{_side(kind)}>{html.escape(t)}</th>" for _, t, kind in TRADE_COLUMNS)
    body = "".join(
        "<tr>" + "".join(_cell(trade, key, kind) for key, _, kind in TRADE_COLUMNS) + "</tr>"
        for trade in one["trades"]
    )
    words = "<br>".join(map(html.escape, strategy_words(one)))
    return (
        f"<h1>{html.escape(one['strategy'])}</h1>\n<p>{words}</p>\n"
        f"<table><tr>{head}</tr>{body}</table>\n"
    )


def _side(kind: str) -> str:
    return "" if kind in _RIGHT else ' class="w"'


def _cell(one: Mapping[str, Any], key: str, kind: str) -> str:
    style = ""
    if key == "edge_captured" and one[key] is not None:
        style = ' class="good"' if one[key] > 0.0 else ' class="bad"' if one[key] < 0.0 else ""
    return f"<td{style or _side(kind)}>{html.escape(shown(one, key, kind))}</td>"


def _sum(key: str) -> str:
    return ' class="sum"' if key == "edge_captured" else ""


def table_lines(rows: Sequence[Sequence[str]], console: Console, *names: str) -> None:
    """Print rows of text under `names`."""
    table = grid()
    add_columns(table, *names, align="left")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    show(table, console)
