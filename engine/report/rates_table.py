"""The rates that pay every day, for people and for machines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from engine.plural import plural
from engine.report.document import SCHEMA_VERSION, binds_object, instant, leg_object, ticket_object
from engine.report.grid import add_columns, grid, show
from engine.report.money import signed_money
from engine.report.wording import ABSENT, chain_words, money, percent
from engine.scoring.financing import AMERICAN_BOX, BOX, LEND, RateQuote
from engine.scoring.loan import Loan

if TYPE_CHECKING:
    from rich.console import Console

    from engine.market.chain import OptionChain

_STYLE = "bold green"
_WIDE = 90


def render_rates(chain: OptionChain, quotes: Sequence[RateQuote], console: Console) -> None:
    """Print what lending and borrowing yields by expiry, beside your own and the policy rate."""
    console.print(Text(chain_words(chain)))
    if not quotes:
        console.print(Text(_nothing(chain), style="bold"))
        console.print()
        return
    is_wide = console.width >= _WIDE
    table = grid()
    add_columns(table, "until\ndays", "through\nstrikes", align="left")
    add_columns(table, "lends\nat mid", "owes\nat mid", "yours", "policy", "one lot now\nlater")
    if is_wide:
        add_columns(table, "margin\ncapital", "lots")
    last = None
    for one in quotes:
        until = f"{one.expiry}" if one.expiry != last else ""
        last = one.expiry
        series = f" {one.trading_class}" if one.trading_class not in ("", chain.symbol) else ""
        is_good = one.gain > 0.0
        rate = Text(percent(one.rate), style=_STYLE if is_good else "")
        rate.append(f"\n{percent(one.mid_rate)}", style="dim")
        lends = one.side == LEND
        table.add_row(
            _pair(until + (series if until else ""), f"{one.days:,.0f} days" if until else ""),
            _pair(f"{'long ' if lends else 'short '}box" if one.kind == BOX else one.kind,
                  strikes_of(one)),
            rate if lends else Text(""), Text("") if lends else rate,
            percent(one.yours), percent(one.policy),
            _pair(signed_money(one.today), signed_money(one.later)),
            *((_pair(money(one.binds.margin), money(one.binds.total)), f"{one.lots:,}")
              if is_wide else ()),
        )  # fmt: skip
    show(table, console)
    console.print()
    better = sum(int(one.better) for one in quotes)
    if better:
        console.print(
            Text(f"{plural(better, 'box')} pay more than the middle of all: odd quotes, left out "
                 "here; parity scan lists what they lock.", style="dim")
        )  # fmt: skip
    if not chain.is_european:
        console.print(Text(f"No short box: {AMERICAN_BOX}.", style="dim"))
    for risk in dict.fromkeys(risk for one in quotes for risk in one.risks):
        console.print(Text(f"Risk: {risk}.", style="dim"))
    console.print(
        Text("Rates per year, continuously compounded, after fees; green is better than yours.",
             style="dim")
    )  # fmt: skip
    console.print()


def _nothing(chain: OptionChain) -> str:
    if not chain.quoting.is_linear:
        return "No rates: a box in coins pays coins, no fixed amount of dollars."
    return "No rates: no expiry has two strikes whose four quotes are usable."


def strikes_of(one: RateQuote) -> str:
    """Return the strikes of a way to lend or borrow: ``5000/6000``."""
    strikes = sorted({leg.strike for leg in one.legs if leg.strike == leg.strike})
    return "/".join(f"{strike:.10g}" for strike in strikes)


def _pair(first: str, second: str) -> Text:
    text = Text(first)
    if second:
        text.append(f"\n{second}", style="dim")
    return text


def rates_document(chains: Sequence[tuple[OptionChain, Sequence[RateQuote]]]) -> dict[str, Any]:
    """Return the rates of some chains as one object."""
    return {
        "schema_version": SCHEMA_VERSION,
        "chains": [
            {
                "symbol": chain.symbol,
                "time": instant(chain.ts_ns),
                "source": chain.source,
                "style": chain.style,
                "no_short_box": None if chain.is_european else AMERICAN_BOX,
                "rates": [rate_object(one) for one in quotes],
            }
            for chain, quotes in chains
        ],
    }


def rate_object(one: RateQuote) -> dict[str, Any]:
    """Return one way to lend or to borrow."""
    return {
        "kind": one.kind, "side": one.side, "expiry": one.expiry.isoformat(),
        "trading_class": one.trading_class or None, "days": one.days, "rate": _known(one.rate),
        "mid_rate": _known(one.mid_rate), "yours": _known(one.yours),
        "policy": _known(one.policy), "gain": _known(one.gain), "lots": one.lots,
        "today": _known(one.today), "later": _known(one.later), "binds": binds_object(one.binds),
        "better": one.better, "risks": list(one.risks),
        "legs": [leg_object(leg) for leg in one.legs],
    }  # fmt: skip


def render_loan(chain: OptionChain, loan: Loan, console: Console) -> None:
    """Print what a loan pays, what it costs, its order and what could go wrong."""
    from engine.report.order import render_order_of

    one = loan.quote
    lends = one.side == LEND
    verb = "Lend" if lends else "Borrow"
    console.print(Text(chain_words(chain), style="dim"))
    console.print(
        Text(f"{verb} {money(abs(loan.today))} until {one.expiry} at {percent(loan.rate)}",
             style="bold").append(
            f"  ({plural(loan.lots, 'box')} {strikes_of(one)}, id {loan.opportunity.id})",
            style="not bold")
    )  # fmt: skip
    what = f"about {percent(abs(loan.rate - loan.quote.policy))} from the policy rate"
    beside = f"; {what}" if loan.quote.policy == loan.quote.policy else ""
    gain = loan.rate - one.yours if lends else one.yours - loan.rate
    word = "better" if gain >= 0.0 else "worse"
    rows = [
        ("now", f"{signed_money(loan.today)} at the touch, fees paid"),
        ("later", f"{signed_money(loan.later)} on {one.expiry}, at every price of {chain.symbol}"
         if chain.is_european else f"{signed_money(loan.later)} by {one.expiry}"),
        ("interest", money(abs(loan.later) - abs(loan.today))),
        ("rate", f"{percent(loan.rate)} at the touch, {percent(one.mid_rate)} at the middle"),
        ("yours", f"{percent(one.yours)}: this is {percent(abs(gain))} a year {word}{beside}"),
        ("worst case", _worst_words(chain, loan)),
        ("margin", f"{money(loan.opportunity.binds.margin)}; it binds "
         f"{money(loan.opportunity.capital)}" if loan.opportunity.binds else ABSENT),
        ("undo now", f"{money(loan.close_today)}: the spread, and fees both ways"),
        ("roll", f"{money(loan.roll)} for the same into {loan.next_expiry}: half a spread and fees"
         if loan.next_expiry else "no later expiry is quoted"),
    ]  # fmt: skip
    if not loan.is_near:
        rows.insert(0, ("asked", f"{money(loan.amount)}: boxes of this expiry come no nearer"))
    if not loan.is_shown:
        rows.append(("size", f"only {one.lots:,} shown at these prices, of {loan.lots:,}"))
    table = grid()
    add_columns(table, "", align="left")
    table.add_column("", min_width=40)
    for row in rows:
        table.add_row(*row)
    table.show_header = False
    show(table, console)
    console.print()
    limit = f"The limit makes {percent(loan.wanted)}"
    console.print(Text(f"{limit} a year or {'more' if lends else 'less'}, fees paid.", style="dim"))
    render_order_of(loan.ticket, loan.opportunity.symbol, chain, console)
    for risk in one.risks:
        console.print(Text(f"risk    {risk}"))


def _worst_words(chain: OptionChain, loan: Loan) -> str:
    proof = loan.opportunity.proof
    if chain.is_european and proof is not None and abs(proof.best - proof.minimum) < 1e-6:
        return f"the same: {plural(proof.n_states, 'state')} played out, none differs"
    if proof is None or not math.isfinite(proof.minimum):
        return "no limit"
    per = chain.contract_value * loan.lots
    return f"{signed_money(proof.minimum * per)} worth today at your rates: {proof.worst.event}"


def loan_document(chain: OptionChain, loan: Loan) -> dict[str, Any]:
    """Return a loan as one object."""
    from engine.report.document import opportunity_object

    return {
        "schema_version": SCHEMA_VERSION,
        "symbol": chain.symbol, "time": instant(chain.ts_ns), "amount": loan.amount,
        "until": loan.until.isoformat(), "lots": loan.lots, "today": _known(loan.today),
        "later": _known(loan.later), "rate": _known(loan.rate), "wanted": _known(loan.wanted),
        "is_shown": loan.is_shown, "close_today": _known(loan.close_today),
        "roll": _known(loan.roll),
        "next_expiry": loan.next_expiry.isoformat() if loan.next_expiry else None,
        "quote": rate_object(loan.quote), "ticket": ticket_object(loan.ticket),
        "opportunity": opportunity_object(loan.opportunity),
    }  # fmt: skip


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
