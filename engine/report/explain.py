"""The whole proof of one opportunity, or why something is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from engine.errors import UsageError
from engine.market.combo import FUTURE, OPTION, Leg
from engine.plural import plural
from engine.proof.states import Proof
from engine.report.grid import add_columns, grid, show
from engine.report.lookup import look_up
from engine.report.losers import near_misses
from engine.report.order import render_order
from engine.report.payoff import breakeven_words, greek_words
from engine.report.why_not import WHY_NOT, is_judged, render_expiry, render_why_not
from engine.report.wording import (
    chain_words,
    family_words,
    figure,
    leg_words,
    legs_text,
    money,
    percent,
    price,
    seconds,
    series_words,
    whole,
)
from engine.scanner.search import make_view
from engine.scoring.gate_table import gate_words
from engine.scoring.opportunity import NearMiss, Opportunity
from engine.scoring.proposal import CONDITION_TEXT
from engine.strategies.family import cost

if TYPE_CHECKING:
    from rich.console import Console

    from engine.backend import Backend
    from engine.scanner.survey import Scan, Survey

STATES_SHOWN = 12
_NEAR = "near-"


def render(survey: Survey, wanted: str, console: Console, backend: Backend) -> None:
    """Print the proof of the opportunity `wanted`, or what stops a near miss (``near-3``).

    ``why-not``, or ``why-not:EXPIRY``, prints the profit programme's answer for European chains:
    what it found, or the state prices which prove that there is nothing. An id may be cut short
    as long as it stays unique.

    Raises
    ------
    UsageError
        If nothing is called that, or more than one thing.
    """
    scans = survey.scans
    if wanted.partition(":")[0] == WHY_NOT:
        render_why_not(scans, wanted.partition(":")[2], console, backend)
        return
    if wanted.startswith(_NEAR):
        _render_near(scans, wanted, console, backend)
        return
    scan, one = look_up(scans, wanted, backend)
    decimals = scan.result.chain.quoting.decimals
    console.print(Text(chain_words(scan.result.chain), style="dim"))
    _render_verdict(one, console)
    if one.ticket is not None:
        console.print(Text("What to send, and what then happens", style="bold"))
        render_order(one, scan, console)
    _render_legs(one.legs, one.unit, one.symbol, console, decimals=decimals)
    _render_terms(one, console, decimals=decimals)
    if one.proof is not None:
        _render_states(one.proof, one.edge, console, decimals=decimals)
    _render_rank(one, scan, console)


def _render_verdict(one: Opportunity, console: Console) -> None:
    line = Text(f"{one.grade} {family_words(one.family)} {one.id}", style="bold")
    line.append(f"  {one.symbol} {legs_text(one.legs, one.symbol)}", style="not bold")
    console.print(line)
    console.print(Text(f"key {one.key}", style="dim"))
    if one.conditions:
        console.print(
            Text(
                "holds only if: " + "; ".join(CONDITION_TEXT[name] for name in one.conditions),
                style="yellow",
            )
        )
    if one.flags:
        console.print(Text("note: " + ", ".join(one.flags), style="yellow"))
    console.print()


def _render_legs(
    legs: Sequence[Leg], unit: int, symbol: str, console: Console, *, decimals: int
) -> None:
    console.print(Text("Legs", style="bold"))
    table = grid()
    add_columns(table, "leg", "expiry", align="left")
    add_columns(table, "bid", "ask", "size", "age", "fee", "cash")
    quotes = [quote for leg in legs if leg.kind != FUTURE for quote in (leg.bid, leg.ask)]
    shown = 2 if decimals > 2 and all(_is_cents(quote) for quote in quotes) else decimals
    for leg in legs:
        cash = math.nan if leg.kind == FUTURE else -cost((leg,), unit)
        bid, ask = (price(value, decimals=4 if leg.kind == FUTURE else shown)
                    for value in (leg.bid, leg.ask))  # fmt: skip
        traded = "bold green"
        table.add_row(
            leg_words(leg),
            series_words(leg, symbol),
            Text(bid, style=traded if leg.side < 0 else ""),
            Text(ask, style=traded if leg.side > 0 else ""),
            whole(leg.size),
            seconds(leg.age),
            price(leg.fee, decimals=6),
            price(cash, decimals=decimals, signed=True),
        )
    total = -cost(tuple(legs), unit)
    table.add_section()
    table.add_row(
        "in all, per share", "", "", "", "", "", "", price(total, decimals=decimals, signed=True)
    )
    show(table, console)
    console.print()


def _render_terms(one: Opportunity, console: Console, *, decimals: int) -> None:
    console.print(Text("Edge, term by term (present value per share)", style="bold"))
    table = grid()
    table.add_column("term", min_width=30)
    add_columns(table, "amount")
    for name, amount in one.terms:
        table.add_row(name, price(amount, decimals=6, signed=True))
    table.add_section()
    total = math.fsum(amount for _, amount in one.terms)
    edge = price(total if one.terms else one.edge, decimals=6, signed=True)
    table.add_row(Text("edge", style="bold"), Text(edge, style="bold"))
    show(table, console)
    console.print()


def _render_states(proof: Proof, edge: float, console: Console, *, decimals: int) -> None:
    head = f"Proof: {plural(proof.n_states, 'state')} played out from the legs alone, worst first"
    console.print(Text(head, style="bold"))
    table = grid()
    table.add_column("what happens", min_width=30)
    add_columns(table, "at", "worth today")
    add_columns(table, "", align="left")
    worst = proof.minimum
    for state in proof.states[:STATES_SHOWN]:
        is_worst = state.pv <= worst + 1e-12
        style = "bold yellow" if is_worst else ""
        table.add_row(
            Text(state.event, style=style),
            Text("any" if math.isnan(state.spot) else f"{state.spot:,.6g}", style=style),
            Text(price(state.pv, decimals=6, signed=True), style=style),
            Text("<- minimum" if state is proof.worst else "", style=style),
        )
    show(table, console)
    left = len(proof.states) - STATES_SHOWN
    if left > 0:
        console.print(Text(f"and {left:,} more of the table, none of them worse", style="dim"))
    sign = ">=" if worst >= edge - 1e-9 else "<"
    console.print(
        f"worst case {price(worst, decimals=6, signed=True)} {sign} "
        f"edge {price(edge, decimals=6, signed=True)}",
        highlight=False,
    )
    console.print()


def _render_rank(one: Opportunity, scan: Scan, console: Console) -> None:
    console.print(Text("Size, capital, score", style="bold"))
    value = scan.result.chain.contract_value
    lots = plural(one.lots, "lot")
    per_lot = f"{one.unit:,} x {value:,.10g}" if one.unit > 1 else f"{value:,.10g}"
    rows = [
        ("edge in all", f"{money(one.edge_usd)} on {lots}, each {per_lot} x edge"),
        ("capital", f"{money(one.capital)} for {one.days:,.1f} days"),
        ("Greeks", greek_words(one)),
        ("breakeven", breakeven_words(one).removeprefix("breakeven: ")),
        ("rests on", one.rests_on),
        ("excess return", f"{percent(one.annualised)} a year, financing already paid"),
        ("chance to fill", _share(one.fill_probability)),
        ("loss if legged out", money(one.leg_out_loss)),
        ("expected value", figure(one.score)),
    ]
    rows = [row for row in rows if row[1]]
    if not math.isnan(one.implied_rate):
        carry, tau = scan.settings.carry, one.days / 365.0
        yours = f"you lend at {percent(carry.lend.rate(tau))}, borrow at "
        rows.append(
            (
                "implied rate",
                f"{percent(one.implied_rate)}; {yours}{percent(carry.borrow.rate(tau))}",
            )
        )
    if not math.isnan(one.implied_borrow):
        rows.append(
            (
                "implied borrow",
                f"{percent(one.implied_borrow)} a year ends it; "
                f"you gave {percent(scan.settings.carry.borrow_fee)}",
            )
        )
    if not math.isnan(one.plain):
        rows.append(("without financing", f"{one.plain:+.4f} a share, what plain scanners show"))
    if not math.isnan(one.max_profit):
        words = f"{one.max_profit:+.4f} a share without financing"
        rows.append(("plain, at best", f"{words}, at worst {percent(one.min_roi)} of the outlay"))
    if not math.isnan(one.best):
        rows.append(("at best", f"{one.best:+.4f} a share"))
    if not math.isnan(one.ratio):
        chance = f", a profit in {one.probability:.0%} of cases" if one.probability >= 0.0 else ""
        rows.append(("reward over risk", f"{one.ratio:.2f}{chance}"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    add_columns(table, "", align="left")
    table.add_column(min_width=30)
    for row in rows:
        table.add_row(*row)
    show(table, console)


def _render_near(scans: Sequence[Scan], wanted: str, console: Console, backend: Backend) -> None:
    near = near_misses(scans)
    number = wanted[len(_NEAR) :]
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= len(near)):
        have = f"{_NEAR}1 to {_NEAR}{len(near)}" if near else "there is none"
        raise UsageError(f"no near miss is called {wanted!r}: {have}")
    scan, miss = near[int(number) - 1]
    decimals = scan.result.chain.quoting.decimals
    console.print(Text(chain_words(scan.result.chain), style="dim"))
    line = Text(f"Near miss {number}: {family_words(miss.family)}", style="bold")
    line.append(
        f"  {scan.result.chain.symbol} {legs_text(miss.legs, scan.result.chain.symbol)}",
        style="not bold",
    )
    console.print(line)
    console.print()
    _render_legs(miss.legs, _unit(miss), scan.result.chain.symbol, console, decimals=decimals)
    edge = price(miss.edge, decimals=decimals, signed=True)
    console.print(f"edge per share: {edge}", highlight=False)
    console.print(Text(f"fails at: {gate_words(miss.reason)}", style="yellow"))
    console.print(Text(f"would pass with: {miss.change}", style="cyan"))
    days = {leg.settles_ns for leg in miss.legs if leg.kind == OPTION}
    if is_judged(scan) and len(days) == 1:
        chain = scan.result.chain
        view = make_view(chain, scan.settings, backend)
        e = next(k for k, expiry in enumerate(chain.expiries) if expiry.settles_ns in days)
        console.print()
        render_expiry(view, e, scan, console, is_short=False)


def _unit(miss: NearMiss) -> int:
    """Return the short shares that a near miss counts its edge by, as the families do."""
    return max(leg.ratio for leg in miss.legs)


def _is_cents(value: float) -> bool:
    return math.isnan(value) or value == round(value, 2)


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1%}"
