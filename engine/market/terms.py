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
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import add, truediv

from engine.clock import years_between
from engine.market.assignment_days import (
    PAYMENT,
    RECEIPT,
    falls_somewhere,
    worst_days,
    worst_discounts,
)
from engine.market.calendar import Calendar, calendar_named
from engine.market.carry import Carry, RateCurve
from engine.market.chain import OptionChain, Underlying
from engine.market.fees import FeeSchedule
from engine.market.late_notice import LateNotice, late_notice, no_notice
from engine.market.ledger import (
    Branches,
    Dates,
    Ledger,
    branches,
    dividend_flows,
    early_and_last,
    no_branches,
    put_dates,
    settlements,
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
    width_pay, width_receive
        The same on whatever day it is at worst, where assignment may make it any day.
    stock_pay, stock_receive
        What a share costs and brings today, net of fees.
    div_in, div_out
        Dividends received by long and owed by short stock up to settlement.
    div_future
        Dividends received, compounded to settlement at the lending rate (for implied rates).
    stock_borrow
        Fee of short stock up to settlement.
    late
        What late notice of an assignment may cost; nothing if European.
    hold
        Early branches of long stock against a short call (eves of ex-dates; where forward rates
        are negative, now and the days on which a receipt is worth least).
    owe
        Early branches of short stock against a short put (now, ex-dates, nodes of the curve and
        the days between them that can be worse, see `assignment_days`).
    take
        When a long call covering short stock is best exercised early (now, eves).
    give
        When a long put on long stock is best exercised early (now, ex-dates).
    receipts, payments
        Dates of the strikes of jelly rolls: through a sold call (now, eves, days), through a sold
        put (now, ex-dates, nodes, days, nearer settlements).
    """

    tau: array[float]
    lend: array[float]
    borrow: array[float]
    width_pay: array[float]
    width_receive: array[float]
    stock_pay: array[float]
    stock_receive: array[float]
    div_in: array[float]
    div_out: array[float]
    div_future: array[float]
    stock_borrow: array[float]
    late: LateNotice
    hold: Branches
    owe: Branches
    take: Branches
    give: Branches
    receipts: Dates
    payments: Dates


def at_spot(terms: Terms, spot: Underlying, fees: FeeSchedule) -> Terms:
    """Return `terms` with what a share costs and brings at another quote of it."""
    pay, receive = _stock_prices(spot, fees, len(terms.tau))
    return replace(terms, stock_pay=pay, stock_receive=receive)


def _stock_prices(spot: Underlying, fees: FeeSchedule, n: int) -> tuple[array[float], array[float]]:
    """Return what a share costs and brings today, once for each of `n` expiries."""
    pay = array("d", [spot.ask + fees.stock_fee(spot.ask)]) * n
    return pay, array("d", [spot.bid - fees.stock_fee(spot.bid)]) * n


def chain_terms(
    chain: OptionChain, carry: Carry, fees: FeeSchedule, *, count_projected: bool = False
) -> Terms:
    """Return the terms of `chain` under `carry`. O(expiries x dividends).

    Projected dividends count as payments in full; as receipts only if `count_projected`.
    """
    if not chain.quoting.is_linear:
        return _inverse_terms(chain, carry)
    calendar = calendar_named(chain.calendar)
    spot = chain.underlying
    flows = dividend_flows(chain, carry, calendar, count_projected)
    ledger = Ledger(chain, carry, flows)
    now, lending, borrowing = chain.ts_ns, carry.lend, carry.borrow
    taus = array("d", [years_between(now, expiry.settles_ns) for expiry in chain.expiries])
    n = len(taus)
    lend, borrow = array("d", lending.discounts(taus)), array("d", borrowing.discounts(taus))
    zeros = array("d", [0.0]) * n
    received = paid = kept = zeros
    stock_borrow = array("d", [ledger.fee * tau for tau in taus])
    gone = ledger.gone(taus)
    owed = array("d", ledger.owed(taus, gone))
    if flows:
        received = array("d", [ledger.received[k] for k in gone])
        paid = array("d", [ledger.dividends[k] for k in gone])
        kept = array("d", map(truediv, [ledger.kept[k] for k in gone], lend))
    div_in, div_out = received, paid
    if carry.index_yield:
        stream = [spot.mid * (1.0 - math.exp(-carry.index_yield * tau)) for tau in taus]
        div_out = array("d", map(add, div_out, stream))
        if count_projected:
            div_in = array("d", map(add, div_in, stream))
    late = no_notice(n)
    hold = owe = take = give = no_branches(n)
    width_pay, width_receive = lend, borrow
    stock_pay, stock_receive = _stock_prices(spot, fees, n)
    receipts = settlements(taus, borrow, received, owed)
    payments = settlements(taus, lend, received, owed)
    if not chain.is_european:
        width_pay = worst_discounts(calendar, now, lending, PAYMENT, taus)
        width_receive = worst_discounts(calendar, now, borrowing, RECEIPT, taus)
        ex_dates = sorted({flow.ex for flow in flows})
        is_uneven = carry.borrow_fee > 0.0 or not (lending.is_plain and borrowing.is_plain)
        eves, calls, days = ex_dates, ex_dates, list[float]()
        if is_uneven:
            eves, calls, days = _assignment_days(chain, carry, calendar, ex_dates, taus)
        puts = put_dates(carry, ex_dates, days)
        # An ex-date at the moment of expiry still counts, a node of the curve does not.
        n_puts = [max(1, bisect_left(puts, tau) + (tau in ex_dates)) for tau in taus]
        now_and_eves = [bisect_right(ex_dates, tau) + 1 for tau in taus]
        n_calls = [bisect_right(calls, tau) + 1 for tau in taus] if is_uneven else now_and_eves
        late = late_notice(chain, calendar, carry, flows, taus)
        got = ledger.received
        if eves:
            # Long stock is called away on an eve, before the dividend.
            n_eves = [bisect_right(eves, tau) for tau in taus]
            kept_then = [got[k] for k in ledger.gone(eves, is_eve=True)]
            hold = branches(n_eves, [*zip(borrowing.discounts(eves), kept_then, strict=True)])
        # Short stock is put back on a day, or covered by exercise on an eve.
        passed = ledger.gone(puts)
        paid_then, owed_then = lending.discounts(puts), ledger.owed(puts, passed)
        owe = branches(n_puts, [*zip(paid_then, owed_then, strict=True)])
        before = ledger.owed(ex_dates, ledger.gone(ex_dates, is_eve=True))
        covered = zip(lending.discounts(ex_dates), before, strict=True)
        take = branches(now_and_eves, [(1.0, 0.0), *covered])
        after = [got[k] for k in ledger.gone(ex_dates)]
        delivered = zip(borrowing.discounts(ex_dates), after, strict=True)
        give = branches(now_and_eves, [(1.0, 0.0), *delivered])
        # A call is assigned on the eve, just before anything else on the ex-date.
        gone = ledger.gone(calls, is_eve=True)
        on_eves = zip(
            [moment - 1e-9 for moment in calls], borrowing.discounts(calls),
            [got[k] for k in gone], ledger.owed(calls, gone), strict=True,
        )  # fmt: skip
        receipts = early_and_last(n_calls, [(-1.0, 1.0, 0.0, 0.0), *on_eves], receipts)
        on_days = [*zip(puts, paid_then, [got[k] for k in passed], owed_then, strict=True)]
        if is_uneven:
            # The far put of a roll may be assigned as soon as the near options have settled.
            on_days = sorted([*on_days, *payments.rows()])
            orders = [order for order, *_ in on_days]
            n_puts = [max(1, bisect_left(orders, tau) + (tau in ex_dates)) for tau in taus]
        payments = early_and_last(n_puts, on_days, payments)
    return Terms(
        tau=taus,
        lend=lend,
        borrow=borrow,
        width_pay=width_pay, width_receive=width_receive,
        stock_pay=stock_pay, stock_receive=stock_receive,
        div_in=div_in,
        div_out=div_out,
        div_future=kept,
        stock_borrow=stock_borrow,
        late=late,
        hold=hold, owe=owe, take=take, give=give, receipts=receipts, payments=payments,
    )  # fmt: skip


def _assignment_days(
    chain: OptionChain,
    carry: Carry,
    calendar: Calendar,
    ex_dates: list[float],
    taus: Sequence[float],
) -> tuple[list[float], list[float], list[float]]:
    """Return when calls on stock held, calls of a roll and puts may be worst to have sold.

    Eves of ex-dates are among the first two; the last are days besides `put_dates`.
    """
    ends = [(chain.strike[a], chain.strike[b - 1])
            for a, b in pairwise(chain.first) if a < b]  # fmt: skip
    if not ends:
        return ex_dates, ex_dates, []
    strikes = min(low for low, _ in ends), max(high for _, high in ends)
    fee = carry.borrow_fee * chain.underlying.bid

    def days(curve: RateCurve, side: int, fee: float) -> list[float]:
        return worst_days(calendar, chain.ts_ns, curve, side, fee, strikes, ex_dates, taus)

    held = days(carry.borrow, RECEIPT, 0.0)
    if falls_somewhere(carry.borrow, taus[-1]):
        held.append(0.0)
    rolled = days(carry.borrow, RECEIPT, fee)
    return (
        sorted({*held, *ex_dates}), sorted({*rolled, *ex_dates}), days(carry.lend, PAYMENT, fee)
    )  # fmt: skip


def _inverse_terms(chain: OptionChain, carry: Carry) -> Terms:
    """Return the terms of a coin-settled chain; an absent future makes its expiry's terms nan."""
    n = len(chain.expiries)
    zeros = array("d", bytes(8 * n))
    tau = array("d", (years_between(chain.ts_ns, x.settles_ns) for x in chain.expiries))
    pays = array("d", (carry.lend.discount(t) for t in tau))
    receives = array("d", (carry.borrow.discount(t) for t in tau))
    bids = chain.forward_bid or array("d", [math.nan] * n)
    asks = chain.forward_ask or array("d", [math.nan] * n)
    lend, borrow = _per_forward(pays, bids), _per_forward(receives, asks)
    none = no_branches(n)
    never = Dates(array("l", [0] * (n + 1)), *(array("d") for _ in range(4)))
    return Terms(
        tau=tau,
        lend=lend, borrow=borrow, width_pay=lend, width_receive=borrow,
        stock_pay=pays,
        stock_receive=receives,
        div_in=zeros, div_out=zeros, div_future=zeros, stock_borrow=zeros,
        late=no_notice(n),
        hold=none, owe=none, take=none, give=none, receipts=never, payments=never,
    )  # fmt: skip


def _per_forward(discount: array[float], forward: array[float]) -> array[float]:
    return array(
        "d",
        (d / f if f > 0.0 else math.nan for d, f in zip(discount, forward, strict=True)),
    )
