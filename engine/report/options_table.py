"""A backtest of options on a terminal, from 80 columns on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from engine.backtesting.options.package import Package
from engine.backtesting.options.result import OptionsResult
from engine.clock import from_ns
from engine.plural import plural
from engine.report.grid import add_columns, grid, show
from engine.report.options_document import daily_figures, legs_of, sharpe_words
from engine.report.table import WIDE, WIDEST
from engine.report.wording import ABSENT, legs_by_expiry, money, packed, percent, price

if TYPE_CHECKING:
    from rich.console import Console

MOST_SHOWN = 40
LEGEND = (
    "price: of one package per share at the touch, below 0 brought money. gain: cash after fees, "
    "and what closing would bring at the touch. mid: the same at the middle of every quote, which "
    "could not be had. Figures are of the account by day, 252 a year."
)


def render(result: OptionsResult, source: str, console: Console) -> None:
    """Print the packages, the account and its figures."""
    account = result.account
    days = f"{_day(account.time_ns[0])} to {_day(account.time_ns[-1])}" if account.time_ns else ""
    chains, symbols = plural(result.n_moments, "chain"), ", ".join(account.symbols)
    console.print(Text(f"{symbols} {days}  {source}: {chains}"), soft_wrap=True)
    if not result.packages:
        console.print(Text("No package was traded.", style="bold"))
    else:
        _render_packages(result, console)
    _render_account(result, console)
    if result.packages:
        console.print(Text(LEGEND, style="dim"))


def _render_packages(result: OptionsResult, console: Console) -> None:
    is_wide, is_widest = console.width >= WIDE, console.width >= WIDEST
    has_edges = any(one.detected == one.detected for one in result.packages)
    table = grid()
    add_columns(table, "#")
    add_columns(table, "package", "opened", align="left")
    if is_wide:
        add_columns(table, "closed", align="left")
    add_columns(table, "lots")
    add_columns(table, "price")
    add_columns(table, "gain")
    if has_edges:
        add_columns(table, "edge", "realised")
    else:
        add_columns(table, "mid")
    if is_wide:
        add_columns(table, "fees", "margin")
    if is_widest:
        add_columns(table, "pin")
    add_columns(table, "end", align="left")
    width = 20 if is_wide else 14
    for one in result.packages[:MOST_SHOWN]:
        table.add_row(*_row(one, width, is_wide, is_widest, has_edges))
    show(table, console)
    if not is_wide:
        more = "closing times, fees and margin: in a wider terminal, or --csv"
        console.print(Text(more, style="dim"))
    left = len(result.packages) - MOST_SHOWN
    if left > 0:
        console.print(Text(f"and {plural(left, 'package')} more: --csv lists all", style="dim"))
    console.print()


def _row(
    one: Package, width: int, is_wide: bool, is_widest: bool, has_edges: bool
) -> list[str | Text]:
    lines = [one.label] if one.label else []
    for day, words in legs_by_expiry(legs_of(one.combo), one.symbol):
        lines += [packed(words, width), day]
    cells: list[str | Text] = [f"{one.number}", "\n".join(line for line in lines if line)]
    cells.append(_moment(one.opened_ns))
    if is_wide:
        cells.append(_moment(one.closed_ns) if one.closed_ns else ABSENT)
    gain = one.gain
    cells += [f"{one.n_lots}", price(one.price, decimals=2)]
    cells.append(Text(money(gain), style="green" if gain > 0.0 else "red" if gain < 0.0 else ""))
    if has_edges:
        cells += [money(one.detected), money(one.realised()) if one.closed_ns else ABSENT]
    else:
        cells.append(money(one.mid_gain))
    if is_wide:
        cells += [money(one.fees), money(one.margin)]
    if is_widest:
        pin = f"{money(one.pin_low)} to {money(one.pin_high)}" if one.n_pinned else ABSENT
        cells.append(pin)
    cells.append(one.reason or "open")
    return cells


def _render_account(result: OptionsResult, console: Console) -> None:
    account = result.account
    if not account.equity:
        return
    start, end = account.start_cash, account.equity[-1]
    high, mid = account.high_equity[-1], result.mid_equity[-1]
    interval = f" to {money(high - start)} ({plural(account.n_ambiguous, 'settlement')} pinned)"
    lines = [
        f"gain {money(end - start)}{interval if high != end else ''} on {money(start)}; "
        f"at the middle of the quotes {money(mid - start)}",
        f"fees {money(account.fees)}, dividends {money(account.dividends)}, borrow fees "
        f"{money(account.borrow_fees)}, interest {money(result.interest)}; most margin "
        f"{money(max(result.margin))}, {plural(result.calls, 'margin call')}",
    ]
    found = daily_figures(result)
    if found is not None:
        trades = found.trades
        lines.append(
            f"Sharpe {sharpe_words(found)}, worst drawdown "
            f"{percent(found.max_drawdown)}, win rate {percent(trades.win_rate)} of "
            f"{plural(len(account.trades), 'closed package')}"
        )
    refused = {why: n for why, n in result.refusals.items() if n}
    if refused:
        lines.append("not filled: " + ", ".join(f"{why} {n:,}" for why, n in refused.items()))
    if result.skipped and not result.packages:
        why = (f"{reason} ({plural(n, 'chain')})" for reason, n in result.skipped.items())
        lines.append("nothing to enter: " + ", ".join(why))
    for line in lines:
        console.print(Text(line), highlight=False)


def _day(ts_ns: int) -> str:
    return from_ns(ts_ns).date().isoformat()


def _moment(ts_ns: int) -> str:
    return from_ns(ts_ns).strftime("%Y-%m-%d\n%H:%M")
