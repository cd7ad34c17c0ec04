"""What a chain's carry means for each of its expiries, in the columns that kernels read.

A receipt in the future is valued with the borrowing curve, a payment with the lending curve
(SCANNER section 2). Early exercise enters as *branches*: dates on which the strike may be paid
instead of at expiry, each a line ``discount * strike + value``. A European chain has none.

An inverse chain is the same thing in coins: holding a coin replaces the stock and a long future
turns a strike K into K/F coins, so K is discounted with D/F and the "stock" costs one
discounted coin.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from datetime import timedelta

from engine.clock import years_between
from engine.market.calendar import Calendar, calendar_named
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.market.fees import FeeSchedule
from engine.market.ledger import (
    Branches,
    Dates,
    Ledger,
    branches,
    dates_of,
    dividend_flows,
    early_dates,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """Columns by expiry, per share and in present value today.

    Attributes
    ----------
    tau
        Years to settlement, ACT/365.
    lend, borrow
        What a payment and a receipt of 1 at settlement are worth (per strike, for inverse chains).
    stock_pay, stock_receive
        What a share costs and brings today, net of fees.
    div_in, div_out
        Dividends received by long and owed by short stock up to settlement.
    div_future
        Dividends received, compounded to settlement at the lending rate (for implied rates).
    stock_borrow
        Fee of short stock up to settlement.
    late_call
        Largest dividend that late notice of assignment can cost a short call; 0 if European.
    late_roll
        The same counting an ex-date on the session after expiry, when the cover expires later.
    night
        Interest on one strike unit over the longest settlement gap, for a short put.
    hold
        Early branches of long stock against a short call (eves of ex-dates).
    owe
        Early branches of short stock against a short put (now, ex-dates, nodes of the curve).
    take
        When a long call covering short stock is best exercised early (now, eves).
    give
        When a long put on long stock is best exercised early (now, ex-dates).
    receipts, payments
        Dates of the strikes of jelly rolls: through a sold call (now, eves), through a sold put
        (now, ex-dates, nodes).
    """

    tau: array[float]
    lend: array[float]
    borrow: array[float]
    stock_pay: array[float]
    stock_receive: array[float]
    div_in: array[float]
    div_out: array[float]
    div_future: array[float]
    stock_borrow: array[float]
    late_call: array[float]
    late_roll: array[float]
    night: array[float]
    hold: Branches
    owe: Branches
    take: Branches
    give: Branches
    receipts: Dates
    payments: Dates


def _nights(chain: OptionChain, calendar: Calendar) -> list[int]:
    """Return, by expiry, the longest gap in days from a session to the next, up to expiry."""
    longest, found = [], 0
    day = calendar.session_date(chain.ts_ns)
    for expiry in chain.expiries:
        # No exchange was closed for longer than this pattern within half a year of any day.
        while day <= expiry.date and found < 4:
            if calendar.is_session(day):
                found = max(found, calendar.nights_to_settlement(day))
            day += timedelta(days=1)
        longest.append(max(found, 1))
    return longest


def chain_terms(
    chain: OptionChain, carry: Carry, fees: FeeSchedule, *, count_projected: bool = False
) -> Terms:
    """Return the terms of `chain` under `carry`. O(expiries x dividends).

    Projected dividends count as payments in full; as receipts only if `count_projected`.
    """
    if chain.is_inverse:
        return _inverse_terms(chain, carry)
    calendar = calendar_named(chain.calendar)
    spot = chain.underlying
    flows = dividend_flows(chain, carry, calendar, count_projected)
    nights = _nights(chain, calendar)
    ledger = Ledger(chain, carry, flows)
    lend, borrow = carry.lend, carry.borrow
    ex_dates = sorted({flow.ex for flow in flows})
    taus = [chain.tau(e) for e in range(len(chain.expiries))]
    is_american = not chain.is_european
    eves = [[t for t in ex_dates if t <= tau and is_american] for tau in taus]
    puts = [early_dates(chain, carry, ex_dates, e) if is_american else [] for e in range(len(taus))]
    stream = [
        spot.mid * (1.0 - math.exp(-carry.index_yield * tau)) if carry.index_yield else 0.0
        for tau in taus
    ]
    counted = stream if count_projected else [0.0] * len(taus)
    late, roll, night = [], [], []
    for e, expiry in enumerate(chain.expiries):
        after = years_between(chain.ts_ns, calendar.open_ns(calendar.next_session(expiry.date)))
        late.append(max((f.owed for f in flows if f.ex <= taus[e]), default=0.0))
        roll.append(max((f.owed for f in flows if f.ex <= after), default=0.0))
        gap = nights[e] / 365.0
        nodes = [day / 365.0 for day in borrow.days if day / 365.0 < taus[e]]
        highest = max(borrow.rate(t) for t in (gap, taus[e], *nodes))
        night.append(math.exp(max(highest, 0.0) * gap) - 1.0)
    n = len(taus)
    return Terms(
        tau=array("d", taus),
        lend=array("d", map(lend.discount, taus)),
        borrow=array("d", map(borrow.discount, taus)),
        stock_pay=array("d", [spot.ask + fees.stock_fee(spot.ask)] * n),
        stock_receive=array("d", [spot.bid - fees.stock_fee(spot.bid)] * n),
        div_in=array("d", (ledger.received(t) + x for t, x in zip(taus, counted, strict=True))),
        div_out=array("d", (ledger.dividends(t) + x for t, x in zip(taus, stream, strict=True))),
        div_future=array(
            "d", (sum(f.kept for f in flows if f.ex <= t) / lend.discount(t) for t in taus)
        ),
        stock_borrow=array("d", (carry.borrow_fee * spot.bid * t for t in taus)),
        late_call=array("d", (x if is_american else 0.0 for x in late)),
        late_roll=array("d", (x if is_american else 0.0 for x in roll)),
        night=array("d", (x if is_american else 0.0 for x in night)),
        hold=branches([[ledger.hold(t) for t in row] for row in eves]),
        owe=branches([[ledger.owe(t) for t in row] for row in puts]),
        take=branches(
            [[(1.0, 0.0), *map(ledger.take, row)] if is_american else [] for row in eves]
        ),
        give=branches(
            [[(1.0, 0.0), *map(ledger.give, row)] if is_american else [] for row in eves]
        ),
        receipts=dates_of(
            [
                # A call is assigned on the eve, just before anything else on the ex-date; a fee
                # for short stock makes today worse than later.
                ([(-1.0, 1.0, 0.0, 0.0)] if is_american else [])
                + [
                    (t - 1e-9, borrow.discount(t), ledger.received(t, is_eve=True),
                     ledger.owed(t, is_eve=True))
                    for t in row
                ]
                + [(tau, borrow.discount(tau), ledger.received(tau), ledger.owed(tau))]
                for row, tau in zip(eves, taus, strict=True)
            ]
        ),
        payments=dates_of(
            [
                [
                    (t, lend.discount(t), ledger.received(t), ledger.owed(t))
                    for t in (*row, tau)
                ]
                for row, tau in zip(puts, taus, strict=True)
            ]
        ),
    )  # fmt: skip


def _inverse_terms(chain: OptionChain, carry: Carry) -> Terms:
    """Return the terms of a coin-settled chain; an absent future makes its expiry's terms nan."""
    n = len(chain.expiries)
    zeros = array("d", [0.0] * n)
    tau = array("d", (chain.tau(e) for e in range(n)))
    pays = array("d", (carry.lend.discount(t) for t in tau))
    receives = array("d", (carry.borrow.discount(t) for t in tau))
    bids = chain.forward_bid or array("d", [math.nan] * n)
    asks = chain.forward_ask or array("d", [math.nan] * n)
    none = Branches(array("q", [0] * (n + 1)), array("d"), array("d"))
    never = Dates(array("q", [0] * (n + 1)), *(array("d") for _ in range(4)))
    return Terms(
        tau=tau,
        lend=_per_forward(pays, bids),
        borrow=_per_forward(receives, asks),
        stock_pay=pays,
        stock_receive=receives,
        div_in=zeros, div_out=zeros, div_future=zeros, stock_borrow=zeros,
        late_call=zeros, late_roll=zeros, night=zeros,
        hold=none, owe=none, take=none, give=none, receipts=never, payments=never,
    )  # fmt: skip


def _per_forward(discount: array[float], forward: array[float]) -> array[float]:
    return array(
        "d",
        (d / f if f > 0.0 else math.nan for d, f in zip(discount, forward, strict=True)),
    )
