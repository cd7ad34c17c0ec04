"""The tables of a tear sheet: months, drawdowns, trades, strategies side by side."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from engine.backtesting.orders import Trade
from engine.performance.drawdowns import Drawdown
from engine.performance.months import Year
from engine.performance.trades import trade_return
from engine.report.tear_sheet_numbers import Numbers
from engine.report.tear_sheet_words import ABSENT, day, minute, money, percent

MOST_TRADES, OPEN_ROWS = 500, 20
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """Return a table; the first `words` columns are text. Cells are HTML already."""
    head = "".join(
        f'<th class="w">{html.escape(one)}</th>' if k < words else f"<th>{html.escape(one)}</th>"
        for k, one in enumerate(heads)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="w">{one}</td>' if k < words else f"<td>{one}</td>"
            for k, one in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def noted(rows: Sequence[tuple[str, str, str]]) -> str:
    """Return names with what they mean below, and numbers; HTML already."""
    body = "".join(
        f'<tr><td class="w noted">{name}<small>{words}</small></td><td>{number}</td></tr>'
        for name, number, words in rows
    )
    return f'<div class="scroll"><table><tbody>{body}</tbody></table></div>'


def months_table(years: Sequence[Year], show: Numbers, path: str) -> str:
    """Return returns by month, shaded by their size; `path` is where the object has them."""
    known = [abs(m) for year in years for m in year.months if isfinite(m)]
    most = max(known, default=0.0) or 1.0
    heads = "".join(f"<th>{one}</th>" for one in ("", *_MONTHS, "year"))
    rows = []
    for row, year in enumerate(years):
        cells = "".join(
            _shaded(value, most, show.show(f"{path}.{row}.months.{k}", "percent"))
            for k, value in enumerate(year.months)
        )
        whole = show.show(f"{path}.{row}.total", "gain")
        rows.append(f'<tr><th>{year.year}</th>{cells}<td class="whole">{whole}</td></tr>')
    return (
        f'<div class="scroll"><table class="months"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _shaded(value: float, most: float, shown: str) -> str:
    if not isfinite(value):
        return "<td></td>"
    side = "up" if value >= 0.0 else "down"
    strength = 0.06 + 0.5 * min(1.0, abs(value) / most)
    return f'<td style="background:rgba(var(--{side}-soft),{strength:.2f})">{shown}</td>'


def drawdowns_table(drawdowns: Sequence[Drawdown], show: Numbers, path: str) -> str:
    """Return drawdowns with their dates; `path` is where the object has them."""
    rows = [
        [
            str(k + 1), show.show(f"{path}.{k}.depth", "fall"), day(one.peak_ns),
            day(one.trough_ns),
            day(one.recovered_ns) if one.recovered_ns is not None else "not yet",
            show.show(f"{path}.{k}.days", "days"),
        ]
        for k, one in enumerate(drawdowns)
    ]  # fmt: skip
    return table(("", "depth", "peak", "trough", "recovered", "length"), rows)


def trades_table(trades: Sequence[Trade]) -> str:
    """Return the last trades, the newest first; most of them are folded away."""
    shown = list(trades[-MOST_TRADES:])[::-1]
    heads = ("symbol", "side", "opened", "closed", "units", "entry", "exit", "fees", "gain",
             "return", "closed by")  # fmt: skip
    return folded(heads, [_trade_row(one) for one in shown], 4)


def _trade_row(one: Trade) -> list[str]:
    side = "long" if one.units > 0.0 else "short"
    style = "up" if one.gain > 0.0 else "down" if one.gain < 0.0 else ""
    reason = one.reason.replace("_", " ") + (" (ambiguous)" if one.is_ambiguous else "")
    return [
        html.escape(one.symbol), side, minute(one.opened_ns), minute(one.closed_ns),
        f"{abs(one.units):,.6g}", f"{one.entry:,.4f}", f"{one.exit:,.4f}", money(one.fees),
        f'<span class="n {style}">{money(one.gain, signed=True)}</span>',
        percent(trade_return(one), signed=True), html.escape(reason),
    ]  # fmt: skip


def comparison_table(names: Sequence[str], order: Sequence[int], show: Numbers) -> str:
    """Return runs side by side, in the order of their places; beyond some they are folded away."""
    columns = (
        ("return", "figures.total_return", "gain"), ("Sharpe", "figures.sharpe", "ratio"),
        ("deflated", "judgement.deflated", "probability"),
        ("drawdown", "figures.max_drawdown", "fall"),
        ("volatility", "figures.volatility", "percent"),
        ("exposure", "figures.exposure", "percent"), ("trades", "figures.trades.n", "count"),
        ("won", "figures.trades.win_rate", "percent"),
        ("factor", "figures.trades.profit_factor", "ratio"), ("fees", "figures.fees", "money"),
    )  # fmt: skip
    rows = [
        [
            f'<span class="name">{html.escape(names[k])}</span>',
            *(show.show(f"runs.{k}.{field}", form) for _, field, form in columns),
        ]
        for k in order
    ]
    return folded(("strategy", *(head for head, _, _ in columns)), rows, 1)


def folded(heads: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    """Return a table of which all but the first rows are folded away."""
    first, rest = rows[:OPEN_ROWS], rows[OPEN_ROWS:]
    shown = table(heads, first, words)
    if not rest:
        return shown
    return (
        f"{shown}<details><summary>{len(rest):,} more</summary>"
        f"{table(heads, rest, words)}</details>"
    )


def definitions(pairs: Mapping[str, str]) -> str:
    """Return names and what they are; both are text."""
    items = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(words or ABSENT)}</dd>"
        for name, words in pairs.items()
    )
    return f"<dl>{items}</dl>" if items else ""


def shown_value(value: Any) -> str:
    """Return the value of a parameter as text.

    >>> shown_value(10), shown_value(0.1), shown_value("fast")
    ('10', '0.1', 'fast')
    """
    return f"{value:.10g}" if isinstance(value, float) else str(value)
