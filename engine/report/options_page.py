"""A backtest of options as one page: the account, its figures, and every package. No network."""

from __future__ import annotations

import html
from pathlib import Path

from engine.backtesting.options.result import OptionsResult
from engine.clock import NS_PER_DAY, from_ns
from engine.plural import plural
from engine.report.options_document import daily_figures, package_object, sharpe_words
from engine.report.page_file import write_page
from engine.report.svg import Axis, plot
from engine.report.wording import money, percent, price

_COLUMNS = (
    "number", "label", "legs", "lots", "opened", "closed", "price", "gain", "mid_gain", "fees",
    "detected", "realised", "reason",
)  # fmt: skip
_MONEY = ("gain", "mid_gain", "fees", "detected", "realised")
_STYLE = """<style>
table { border-collapse: collapse; font-size: .8rem; } td, th { padding: .15rem .6rem .15rem 0; }
td { text-align: right; white-space: nowrap; } th { text-align: right; color: #555; }
td.w, th.w { text-align: left; white-space: normal; } svg { max-width: 100%; height: auto; }
svg text { font: 11px system-ui, sans-serif; fill: #444; } svg .g { stroke: #e3e3e3; }
svg .a { stroke: #888; } .legend span { margin-right: 1rem; font-size: .8rem; }
.legend i { display: inline-block; width: .7rem; height: .7rem; margin-right: .3rem; }
</style>"""
_WORDS = ("label", "legs", "reason")


def write(result: OptionsResult, source: str, path: Path) -> None:
    """Write the page whole or not at all.

    Raises
    ------
    NotPermittedError, InputOutputError
        If the file may not or cannot be written.
    """
    title = f"Options: {', '.join(result.account.symbols)}"
    write_page(path, title, page(result, source))


def page(result: OptionsResult, source: str) -> str:
    """Return the body of the page."""
    account = result.account
    parts = [_STYLE, f"<h2>{html.escape(', '.join(account.symbols))}</h2>"]
    parts.append(f"<p>{html.escape(source)}, {plural(result.n_moments, 'chain')}</p>")
    if account.time_ns:
        first = account.time_ns[0]
        days = [(at - first) / NS_PER_DAY for at in account.time_ns]
        series = {
            "at the touch": list(zip(days, account.equity, strict=True)),
            "at the middle": list(zip(days, result.mid_equity, strict=True)),
        }
        start = from_ns(first).date().isoformat()
        x, y = Axis(f"days since {start}", "{:g}".format), Axis("equity", "{:,.0f}".format)
        parts.append(plot(series, x, y, is_line=True))
        parts.append(_figures(result))
    head = "".join(
        f"<th{_class(name)}>{html.escape(name.replace('_', ' '))}</th>" for name in _COLUMNS
    )
    rows = []
    for one in result.packages:
        found = package_object(one)
        cells = (f"<td{_class(name)}>{_cell(name, found[name])}</td>" for name in _COLUMNS)
        rows.append(f"<tr>{''.join(cells)}</tr>")
    parts.append(f"<h2>Packages</h2><table><tr>{head}</tr>{''.join(rows)}</table>")
    notes = "".join(f"<p>{html.escape(text)}</p>" for text in account.notes)
    return "\n".join([*parts, notes])


def _figures(result: OptionsResult) -> str:
    account = result.account
    lines = [
        f"gain {money(account.equity[-1] - account.start_cash)}, at the middle "
        f"{money(result.mid_equity[-1] - account.start_cash)}; fees {money(account.fees)}",
    ]
    found = daily_figures(result)
    if found is not None:
        lines.append(
            f"Sharpe {sharpe_words(found)} (by day, 252 a year), worst drawdown "
            f"{percent(found.max_drawdown)}, win rate {percent(found.trades.win_rate)}"
        )
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines)


def _class(name: str) -> str:
    return ' class="w"' if name in _WORDS else ""


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return html.escape(money(value) if name in _MONEY else price(value, decimals=2))
    text = str(value)[:16].replace("T", " ") if name in ("opened", "closed") else str(value)
    return html.escape(text)
