"""Why an expiry holds no arbitrage: state prices that put every quote between its bid and ask."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.errors import UsageError
from engine.nearest import hint
from engine.plural import plural
from engine.report.grid import add_columns, grid, show
from engine.report.wording import ABSENT, price
from engine.scanner.search import make_view
from engine.strategies.programme import ProgrammeResult, solve_programme

if TYPE_CHECKING:
    from rich.console import Console

    from engine.backend import Backend
    from engine.scanner.survey import Scan
    from engine.strategies.view import View

WHY_NOT = "why-not"
STATES_SHOWN = 15
_NOTHING = 1e-9


def render_why_not(scans: Sequence[Scan], day: str, console: Console, backend: Backend) -> None:
    """Print the programme's answer for every European expiry, or for those of `day` (ISO).

    Raises
    ------
    UsageError
        If no chain has an expiry of that day.
    """
    known = {expiry.date.isoformat() for scan in scans for expiry in scan.result.chain.expiries}
    if day and day not in known:
        raise UsageError(f"no expiry on {day}: {hint(day, sorted(known))}")
    for scan in scans:
        chain = scan.result.chain
        if not is_judged(scan):
            kind = "American" if chain.quoting.is_linear else "coin-settled"
            line = f"{chain.symbol}: not judged; the profit programme is for European options in"
            console.print(f"{line} cash, these are {kind}", highlight=False)
            continue
        view = make_view(chain, scan.settings, backend)
        for e, expiry in enumerate(chain.expiries):
            if day in ("", expiry.date.isoformat()):
                render_expiry(view, e, scan, console, is_short=not day)


def is_judged(scan: Scan) -> bool:
    """Whether the profit programme can say anything about a chain."""
    return scan.result.chain.is_european and scan.result.chain.quoting.is_linear


def render_expiry(view: View, e: int, scan: Scan, console: Console, *, is_short: bool) -> None:
    """Print what the programme finds in expiry index `e`; only the verdict if `is_short`."""
    chain, expiry = view.chain, view.chain.expiries[e]
    found = solve_programme(view, e, shortable=scan.settings.carry.shortable)
    series = expiry.trading_class if expiry.trading_class != chain.symbol else ""
    line = Text(f"{chain.symbol} {expiry.date} {series}".rstrip(), style="bold")
    if found is None or math.isnan(found.value):
        console.print(line.append(": the programme has no answer", style="yellow not bold"))
    elif found.value > _NOTHING:
        worth = f": locked in {price(found.value)} x {chain.multiplier:g} at the displayed sizes"
        console.print(line.append(worth, style="green not bold"))
        if not is_short:
            _render_positions(view, found, console)
    else:
        told = ": nothing can be locked in; these state prices explain every quote"
        if is_short:
            told = f": nothing can be locked in ({WHY_NOT}:{expiry.date} shows the state prices)"
        console.print(line.append(told, style="not bold"))
        if not is_short:
            _render_prices(view, found, console)
            console.print()


def _render_positions(view: View, found: ProgrammeResult, console: Console) -> None:
    chain = view.chain
    for quote, amount in found.positions:
        if abs(amount) <= _NOTHING:
            continue  # what rounding leaves in the tableau
        strike = chain.strike[chain.row_of(quote)]
        words = f"  {amount:+.6g} {chain.right_of(quote)} {strike:.10g}"
        console.print(words, highlight=False)
    if abs(found.stock) > _NOTHING:
        console.print(f"  {found.stock:+.6g} x {chain.multiplier:g} shares", highlight=False)


def _render_prices(view: View, found: ProgrammeResult, console: Console) -> None:
    chain, terms, e = view.chain, view.terms, found.expiry
    console.print(
        f"  a certain $1 is worth {found.discount:.6f}: you borrow at {terms.borrow[e]:.6f}, "
        f"lend at {terms.lend[e]:.6f}",
        highlight=False,
    )
    if view.has_stock:
        brings = terms.stock_receive[e] - terms.div_out[e] - terms.stock_borrow[e]
        costs = terms.stock_pay[e] - terms.div_in[e]
        console.print(
            f"  a share at expiry is worth {found.stock_value:.4f}: shorting brings {brings:.4f}, "
            f"buying costs {costs:.4f}",
            highlight=False,
        )
    table = grid()
    add_columns(table, "state", "price", "call bid", "worth", "ask", "put bid", "worth", "ask")
    rows = dict(zip((chain.strike[row] for row in chain.rows(e)), chain.rows(e), strict=True))
    paid = [k for k, state_price in enumerate(found.state_prices) if state_price > _NOTHING]
    for k in sorted(sorted(paid, key=lambda k: -found.state_prices[k])[:STATES_SHOWN]):
        state = found.states[k]
        cells = [f"{state:,.10g}", f"{found.state_prices[k]:.6f}"]
        worths = (found.call_value(state), found.put_value(state))
        for shift, worth in zip((0, chain.n_rows), worths, strict=True):
            quote = shift + rows[state] if state in rows else -1
            cells += _between(view, quote, worth)
        table.add_row(*cells)
    if found.tail_price > _NOTHING:
        beyond = f"beyond {found.states[-1]:,.10g}"
        table.add_row(beyond, f"{found.tail_price:.6f}", *[""] * 6)
    show(table, console)
    left = len(paid) - STATES_SHOWN
    if left > 0:
        console.print(Text(f"  and {plural(left, 'state')} of lower price", style="dim"))
    console.print(
        Text("  bids and asks after fees; - cannot be traded or fails a gate", style="dim")
    )


def _between(view: View, quote: int, worth: float) -> list[str]:
    """Return net bid, worth and net ask of a quote; what cannot be traded is absent."""
    if quote < 0:
        return ["", price(worth), ""]
    bid, ask = view.usable_receive[quote], view.usable_pay[quote]
    return [price(bid) if bid > 0.0 else ABSENT, price(worth), price(ask)]
