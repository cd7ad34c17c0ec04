"""Order tickets: what to send, at which limit, which money moves when, and what may go wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.text import Text

from engine.market.combo import OPTION, STOCK
from engine.plural import plural
from engine.report.document import SCHEMA_VERSION, cash_object, instant, leg_object, ticket_object
from engine.report.grid import add_columns, grid, show
from engine.report.money import back_days, back_words, signed_money
from engine.report.wording import family_words, money, price, series_words
from engine.scoring.opportunity import Opportunity
from engine.scoring.proposal import CONDITION_TEXT
from engine.scoring.tickets import Ticket

if TYPE_CHECKING:
    from rich.console import Console

    from engine.market.chain import OptionChain
    from engine.scanner.survey import Scan, Survey

FLAG_TEXT = {
    "pin-risk": "the spot is near a sold strike and expiry is near: whether it is assigned is not "
    "known before the next morning; close it before the cut-off",
    "assignment-likely": "a sold option is about to be exercised by its holder",
    "short-stock": "the stock is sold short: its lender may recall it, or raise the fee",
    "locked-market": "a bid equals an ask: the quote may be about to move",
    "age-unknown": "nobody says how old the quotes are",
    "size-unknown": "nobody says how much is behind the quotes",
    "special-dividend": "a special dividend adjusts the contracts within its life",
    "spin-off": "a spin-off adjusts the contracts within its life",
}
"""What each flag says in full."""


def homes_of(survey: Survey, *, selected: bool) -> list[tuple[Scan, Opportunity]]:
    """Return the rows that tickets are printed of, with their scans: listed, or taken together."""
    if selected:
        return [(scan, one) for scan in survey.scans for one in scan.result.selection.orders]
    homes = {id(one): scan for scan in survey.scans for one in scan.result.opportunities}
    return [(homes[id(one)], one) for one in survey.opportunities]


def render_tickets(rows: Iterable[tuple[Scan, Opportunity]], console: Console) -> None:
    """Print a ticket for each row."""
    count = 0
    for scan, one in rows:
        count += 1
        head = Text(f"{one.grade} {family_words(one.family)} {one.id}", style="bold")
        console.print(head.append(f"  {one.symbol}, edge {money(one.edge_usd)}", style="not bold"))
        render_order(one, scan, console)
    if not count:
        console.print(Text("No order: nothing passed every gate.", style="bold"))


def tickets_text(rows: Iterable[tuple[Scan, Opportunity]]) -> str:
    """Return the tickets as one JSON object for a script."""
    found = [ticket_document(scan, one) for scan, one in rows if one.ticket]
    whole = {"schema_version": SCHEMA_VERSION, "tickets": found}
    return json.dumps(whole, indent=2, allow_nan=False) + "\n"


def ticket_document(scan: Scan, one: Opportunity) -> dict[str, Any]:
    """Return the ticket of one row, with everything that names its contracts."""
    assert one.ticket is not None
    chain = scan.result.chain
    ticket = ticket_object(one.ticket)
    for told, leg in zip(ticket["legs"], one.ticket.legs, strict=True):
        about = leg_object(leg.leg)
        told.update({name: about[name] for name in ("kind", "trading_class", "expiry", "right",
                                                    "strike", "bid", "ask", "size")})  # fmt: skip
        told["symbol"] = one.symbol
        told["multiplier"] = 1.0 if leg.leg.kind == STOCK else chain.multiplier
        ids = chain.contract_ids
        told["contract_id"] = (ids[leg.leg.quote] or None) if ids and leg.leg.quote >= 0 else None
    return {
        "id": one.id, "key": one.key, "time": instant(one.ts_ns), "symbol": one.symbol,
        "family": one.family, "class": one.grade, "currency": chain.currency, **ticket,
        "edge_usd": one.edge_usd, "cash": cash_object(one.cash) if one.cash else None,
        "conditions": list(one.conditions), "flags": list(one.flags),
    }  # fmt: skip


TICKET_COLUMNS = (
    "id", "symbol", "family", "quantity", "limit", "net", "tif", "leg_by_leg", "action", "ratio",
    "kind", "right", "strike", "expiry", "trading_class", "contract_id", "price",
)  # fmt: skip
"""Of a flat table of tickets, a row per leg."""


def ticket_rows(scan: Scan, one: Opportunity) -> list[dict[str, Any]]:
    """Return the legs of one ticket as flat rows by `TICKET_COLUMNS`."""
    if one.ticket is None:
        return []
    whole = ticket_document(scan, one)
    return [{name: leg.get(name, whole.get(name)) for name in TICKET_COLUMNS}
            for leg in whole["legs"]]  # fmt: skip


def render_order(one: Opportunity, scan: Scan, console: Console) -> None:
    """Print what to send for one row, when money moves and what could go wrong."""
    ticket = one.ticket
    if ticket is None:
        return
    render_order_of(ticket, one.symbol, scan.result.chain, console)
    for line in (*_money_lines(one, ticket, scan.result.chain), *risk_lines(one, scan)):
        console.print(Text(line), soft_wrap=False)
    console.print()


def render_order_of(ticket: Ticket, symbol: str, chain: OptionChain, console: Console) -> None:
    """Print an order and its legs."""
    decimals = 2 if chain.quoting.is_linear else chain.quoting.decimals
    console.print(Text(_order_words(ticket, decimals), style="bold green"))
    table = grid()
    add_columns(table, "", align="left")
    add_columns(table, "ratio")
    add_columns(table, "contract", "expiry", align="left")
    add_columns(table, "at", "size")
    for leg in ticket.legs:
        name = f"{leg.leg.right} {leg.leg.strike:.10g}" if leg.leg.kind == OPTION else leg.leg.kind
        size = "?" if math.isnan(leg.leg.size) else f"{leg.leg.size:,.10g}"
        table.add_row(
            leg.action, f"{leg.ratio:,}", f"{symbol} {name}", series_words(leg.leg, symbol),
            price(leg.leg.price, decimals=decimals), size,
        )  # fmt: skip
    show(table, console)


def _order_words(ticket: Ticket, decimals: int) -> str:
    """Return the order in one line, as it would be said to a broker."""
    limit, net = (price(value, decimals=decimals) for value in (ticket.limit, ticket.net))
    what = plural(ticket.quantity, "combo")
    side = "pay" if ticket.limit >= 0.0 else "receive"
    if ticket.leg_by_leg:
        return (
            f"LEG BY LEG ({ticket.leg_by_leg}): {what}, {side} no "
            f"{'more' if ticket.limit >= 0.0 else 'less'} than "
            f"{price(abs(ticket.limit), decimals=decimals)} net; at the touch {net}"
        )
    hint = (
        f" (receive {price(-ticket.limit, decimals=decimals)} or more)" if ticket.limit < 0 else ""
    )
    return f"BUY {what} at limit {limit}{hint}, {ticket.tif}, one order; at the touch {net}"


def _money_lines(one: Opportunity, ticket: Ticket, chain: OptionChain) -> list[str]:
    cash = one.cash
    if cash is None:
        return []
    lines = [f"now     {signed_money(cash.today)} at the touch, of it fees {money(cash.fees)}"]
    days = " to ".join(back_days(cash))
    later = f"later   {back_words(cash)} by {days}"
    if cash.is_present:
        later += " (worth today at worst)"
    elif not chain.is_european or any(leg.kind == STOCK for leg in one.legs):
        later += " (before dividends and borrow)"
    lines.append(later)
    left = money(one.edge_usd - (ticket.limit - ticket.net) * ticket.multiplier * ticket.quantity)
    lines.append(f"edge    {money(one.edge_usd)} at the touch, {left} at the limit, worth today")
    if one.binds is not None:
        parts = one.binds
        lines.append(
            f"binds   {money(one.capital)}: cash {money(parts.cash)}, "
            f"margin {money(parts.margin)}, at least {money(parts.floor)}; "
            f"for a notice overnight {money(parts.notice)}"
        )
    return lines


def risk_lines(one: Opportunity, scan: Scan) -> list[str]:
    """Return what could go wrong with a row, a sentence each."""
    lines = [f"if not  {CONDITION_TEXT.get(name, name)}" for name in one.conditions]
    if one.dividend_limit == one.dividend_limit:
        most = ("whatever it is" if one.dividend_limit > 1e9
                else f"up to a dividend of {money(one.dividend_limit)} a share")  # fmt: skip
        lines.append(f"holds   {most}")
    lines += [f"risk    {FLAG_TEXT.get(name, name.replace('-', ' '))}" for name in one.flags]
    is_sold = any(leg.kind == OPTION and leg.side < 0 for leg in one.legs)
    if is_sold and not scan.result.chain.is_european:
        lines.append(
            "risk    sold options may be assigned on any day, with notice the next morning; "
            "the edge counts that at its worst"
        )
    if one.leg_out_loss > 0.0 and len(one.legs) > 1:
        lines.append(
            f"risk    {money(one.leg_out_loss)} if only some legs fill and are closed again "
            f"(chance that all fill: {one.fill_probability:.0%})"
        )
    return lines
