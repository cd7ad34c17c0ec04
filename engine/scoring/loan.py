"""A loan through a box: so much until a day, the contracts to trade, their limit, and what is left.

European boxes pay their width whatever happens, so what is owed or received is known to the cent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from engine.config import ScanSettings
from engine.errors import UsageError
from engine.market.calendar import calendar_named
from engine.market.chain import OptionChain
from engine.proof.verifier import verify
from engine.scoring.breakdown import breakdown
from engine.scoring.financing import (
    AMERICAN_BOX,
    BORROW,
    BOX,
    LEND,
    RateQuote,
    Synthetic,
    box_quote,
    middle_rate,
    rate_of,
    synthetics,
)
from engine.scoring.opportunity import Opportunity
from engine.scoring.proposal import Passed, propose, rank, usd_of
from engine.scoring.tickets import CENT, Ticket, make_ticket, net_price, round_down
from engine.strategies.view import View

# A box better than the middle of all by more than this a year rests on a quote that is off.
_CONSISTENT = 0.0025
# How far the amount may be missed, as a fraction, where the widths of boxes leave a choice.
_NEAR = 0.10


@dataclass(frozen=True, slots=True)
class Loan:
    """What to trade to lend or to borrow an amount until an expiry.

    Attributes
    ----------
    amount, until
        What was asked for.
    quote
        The box, its rates at the touch and in the middle, after fees per contract.
    lots
        Boxes to trade.
    opportunity
        The same as a position with its proof at your own rates.
    ticket
        The order; its limit is at `wanted`.
    wanted
        The rate that the limit makes, order minimums paid.
    today, later
        Currency: what is paid or brought at the touch, and at expiry.
    rate
        At the touch with order minimums.
    is_shown
        Whether the displayed sizes are enough.
    close_today
        What undoing it at once would cost: the spread and the fees.
    roll
        What boxes for the amount of `later` cost above the middle when this one has settled: half
        a spread and fees, at today's quotes of the expiry after this one; nan where there is none.
    next_expiry
        Of that one.
    """

    amount: float
    until: date
    quote: RateQuote
    lots: int
    opportunity: Opportunity
    ticket: Ticket
    wanted: float
    today: float
    later: float
    rate: float
    is_shown: bool
    close_today: float
    roll: float
    next_expiry: date | None

    @property
    def is_near(self) -> bool:
        """Whether it is the amount that was asked for, but for what widths of boxes leave."""
        over = abs(self.today) / self.amount - 1.0
        return 0.0 <= (-over if self.quote.side == LEND else over) <= _NEAR


def make_loan(
    view: View,
    settings: ScanSettings,
    amount: float,
    until: date,
    side: str,
    wanted: float = math.nan,
) -> Loan:
    """Return the box that lends or borrows about `amount` at the best rate until `until`.

    The last expiry at or before `until` is taken; of its boxes the best rate after all fees among
    those whose amount is near what was asked (a lender gives no more, a borrower gets no less,
    where the widths allow it).

    Parameters
    ----------
    wanted
        The rate that the limit shall make; nan is that of the touch.

    Raises
    ------
    UsageError
        If it cannot be done: American options to borrow through, no expiry, no quotes.
    """
    chain = view.chain
    _check(chain, amount, side)
    e = _expiry(view, until)
    rows = synthetics(view, e)
    rows_and_lots = _best(view, e, rows, amount, side, settings)
    if rows_and_lots is None:
        raise UsageError(
            f"{chain.symbol}: no box of {chain.expiries[e].date} has usable quotes on all four legs"
        )
    low, high, lots = rows_and_lots
    quote = box_quote(view, e, (low, high), side, settings)
    one = _position(view, e, quote, lots, settings)
    tau = view.terms.tau[e]
    sign = 1.0 if side == LEND else -1.0
    per = chain.contract_value * lots
    assert one.cash is not None
    today, later = one.cash.today, quote.later * lots
    rate = rate_of(abs(today), abs(later), tau) if sign * today < 0.0 else math.inf
    fees = one.cash.fees / per
    width = abs(quote.later) / chain.contract_value
    net = net_price(quote.legs)
    if math.isnan(wanted):
        bound, wanted = net, rate
    else:
        bound = sign * width * math.exp(-wanted * tau) - fees
    ticket = _ticket(view, one, settings, net, bound)
    roll, after = _roll(view, e, side, abs(later), settings)
    spread = math.fsum(leg.ratio * (leg.ask - leg.bid) for leg in quote.legs)
    return Loan(
        amount, until, quote, lots, one, ticket, wanted, today, later, rate, lots <= quote.lots,
        spread * per + 2.0 * one.cash.fees, roll, after,
    )  # fmt: skip


def _check(chain: OptionChain, amount: float, side: str) -> None:
    if side not in (LEND, BORROW):
        raise ValueError(f"a loan lends or borrows, not {side!r}")
    if not 0.0 < amount < math.inf:
        raise UsageError(f"an amount is a number above 0, not {amount:g}")
    if not chain.quoting.is_linear:
        raise UsageError(f"{chain.symbol}: a box in coins pays coins, no fixed amount of dollars")
    if side == BORROW and not chain.is_european:
        raise UsageError(f"{chain.symbol}: {AMERICAN_BOX}")


def _expiry(view: View, until: date) -> int:
    """Return the last expiry at or before a day, with options quoted."""
    chain = view.chain
    usable = [e for e in range(len(chain.expiries))
              if view.terms.tau[e] * 365.0 >= 1.0 and len(synthetics(view, e)) > 1]  # fmt: skip
    found = [e for e in usable if chain.expiries[e].date <= until]
    if not found:
        known = [chain.expiries[e].date for e in usable]
        first = f"the first is {min(known)}" if known else "none has two strikes quoted"
        raise UsageError(f"{chain.symbol}: no expiry at or before {until}: {first}")
    return found[-1]


def _best(
    view: View,
    e: int,
    rows: Sequence[Synthetic],
    amount: float,
    side: str,
    settings: ScanSettings,
) -> tuple[int, int, int] | None:
    """Return the rows of the best box and how many of it: near the amount first, then by rate."""
    tau, per, fees = view.terms.tau[e], view.chain.contract_value, settings.fees
    middle = middle_rate(rows, tau)
    best: tuple[tuple[bool, float, float], int, int, int] | None = None
    for i, low in enumerate(rows):
        for high in rows[i + 1 :]:
            width = high.strike - low.strike
            price = low.cost - high.credit if side == LEND else low.credit - high.cost
            if not price > 0.0:
                continue
            count = amount / (price * per)
            lots = max(1, math.floor(count + 1e-9) if side == LEND else math.ceil(count - 1e-9))
            minimums = 4.0 * max(0.0, fees.order_minimum - fees.tiers[-1][1] * lots) / (per * lots)
            net = price + minimums if side == LEND else price - minimums
            rate = rate_of(net, width, tau)
            ahead = rate - middle if side == LEND else middle - rate
            if rate != rate or ahead > _CONSISTENT:
                continue
            over = net * per * lots / amount - 1.0
            gain = rate if side == LEND else -rate
            # A lender gives no more than he has, a borrower gets no less than he needs.
            is_near = 0.0 <= (-over if side == LEND else over) <= _NEAR
            key = (is_near, gain if is_near else -abs(over), -float(lots))
            if best is None or key > best[0]:
                best = key, low.row, high.row, lots
    return None if best is None else best[1:]


def _position(
    view: View, e: int, quote: RateQuote, lots: int, settings: ScanSettings
) -> Opportunity:
    """Return the box as a position, proven at your own rates: what it is worth to you."""
    chain = view.chain
    terms = breakdown(view, BOX, quote.legs, 1)
    edge = math.fsum(amount for _, amount in terms)
    position = Passed(BOX, quote.legs, 1, edge, view.terms.tau[e] * 365.0, float(lots), 0.0)
    position = replace(position, usd=usd_of(view, position, float(lots), settings))
    one = propose(view, rank(view, position, settings), settings)
    proof = verify(chain, quote.legs, 1, settings.carry, count_projected=False, may_carry=False)
    return replace(one, proof=proof)


def _ticket(
    view: View, one: Opportunity, settings: ScanSettings, net: float, bound: float
) -> Ticket:
    """Return the ticket whose limit makes the wanted rate."""
    chain = view.chain
    tick = max(chain.tick, CENT)
    ticket = make_ticket(
        one.legs, one.edge, 1, one.lots, settings.fees, min_edge=0.0, min_edge_usd=0.0,
        multiplier=chain.multiplier, dollars=chain.dollars, tick=tick,
    )  # fmt: skip
    least = one.edge - (bound - net)
    return replace(ticket, bound=bound, limit=round_down(bound, tick), least_edge=least)


def _roll(
    view: View, e: int, side: str, amount: float, settings: ScanSettings
) -> tuple[float, date | None]:
    """Return what boxes of the next expiry for `amount` cost above their middle, and its day."""
    today = calendar_named(view.chain.calendar).session_date(view.chain.ts_ns)
    for after in range(e + 1, len(view.chain.expiries)):
        day = view.chain.expiries[after].date
        rows = synthetics(view, after)
        if day > view.chain.expiries[e].date > today and len(rows) > 1:
            found = _best(view, after, rows, amount, side, settings)
            if found is None:
                continue
            quote = box_quote(view, after, found[:2], side, settings)
            half = math.fsum(0.5 * leg.ratio * (leg.ask - leg.bid) + leg.ratio * leg.fee
                             for leg in quote.legs)  # fmt: skip
            return half * view.chain.contract_value * found[2], day
    return math.nan, None
