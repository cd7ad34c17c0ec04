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
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from engine.clock import years_between
from engine.market.calendar import Calendar, calendar_named
from engine.market.carry import PROJECTED, Carry
from engine.market.chain import OptionChain
from engine.market.fees import FeeSchedule


@dataclass(frozen=True, slots=True)
class Branches:
    """Early branches by expiry: those of expiry e are ``first[e] .. first[e + 1] - 1``."""

    first: array[int]
    discount: array[float]
    value: array[float]


@dataclass(frozen=True, slots=True)
class Dates:
    """Dates on which a strike may change hands, by expiry, the settlement last.

    `order` sorts receipts against payments in time (a call is assigned on the eve, before a put
    on the ex-date), `discount` is that of the receipt or payment, `div_in` and `owed` what long
    stock has received and short stock has cost (dividends and borrow fee) until then.
    """

    first: array[int]
    order: array[float]
    discount: array[float]
    div_in: array[float]
    owed: array[float]


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


@dataclass(frozen=True, slots=True)
class _Flow:
    """One dividend in years from now, and its worth today received, owed, received at lending."""

    ex: float
    received: float
    owed: float
    kept: float


def _flows(chain: OptionChain, carry: Carry, calendar: Calendar, count: bool) -> list[_Flow]:
    flows = []
    for dividend in carry.dividends:
        ex = years_between(chain.ts_ns, calendar.open_ns(dividend.ex_date))
        if ex <= 0.0:
            continue
        pay = years_between(chain.ts_ns, calendar.open_ns(dividend.pay_date))
        amount = dividend.amount
        is_counted = count or dividend.status != PROJECTED
        owed = amount * carry.lend.discount(pay)
        net = (1.0 - carry.withholding) if is_counted else 0.0
        flows.append(_Flow(ex, net * amount * carry.borrow.discount(pay), owed, net * owed))
    return flows


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


class _Ledger:
    """What dividends and borrow fee amount to until any moment of one chain."""

    def __init__(self, chain: OptionChain, carry: Carry, flows: Sequence[_Flow]) -> None:
        self._flows = flows
        self._lend = carry.lend
        self._borrow = carry.borrow
        self._fee = carry.borrow_fee * chain.underlying.bid

    def received(self, moment: float, *, is_eve: bool = False) -> float:
        """Return the dividends received by then; on an eve, those of the ex-date are not."""
        return sum(
            f.received for f in self._flows if f.ex < moment or (f.ex == moment and not is_eve)
        )

    def owed(self, moment: float, *, is_eve: bool = False) -> float:
        """Return dividends and borrow fee owed by then."""
        dividends = sum(
            f.owed for f in self._flows if f.ex < moment or (f.ex == moment and not is_eve)
        )
        return dividends + self._fee * moment

    def hold(self, moment: float) -> tuple[float, float]:
        """Return the branch of long stock called away on the eve of `moment`."""
        return self._borrow.discount(moment), self.received(moment, is_eve=True)

    def owe(self, moment: float) -> tuple[float, float]:
        """Return the branch of short stock put back at `moment`."""
        return self._lend.discount(moment), self.owed(moment)

    def take(self, moment: float) -> tuple[float, float]:
        """Return the branch of short stock covered by exercise on the eve of `moment`."""
        return self._lend.discount(moment), self.owed(moment, is_eve=True)

    def give(self, moment: float) -> tuple[float, float]:
        """Return the branch of long stock delivered by exercise at `moment`."""
        return self._borrow.discount(moment), self.received(moment)


def _branches(rows: Sequence[Sequence[tuple[float, float]]]) -> Branches:
    first = array("q", [0])
    for row in rows:
        first.append(first[-1] + len(row))
    pairs = [pair for row in rows for pair in row]
    return Branches(first, array("d", (d for d, _ in pairs)), array("d", (v for _, v in pairs)))


def _dates(rows: Sequence[Sequence[tuple[float, float, float, float]]]) -> Dates:
    first = array("q", [0])
    for row in rows:
        first.append(first[-1] + len(row))
    flat = [date for row in rows for date in row]
    order, discount, div_in, owed = (array("d", (d[k] for d in flat)) for k in range(4))
    return Dates(first, order, discount, div_in, owed)


def _early_dates(chain: OptionChain, carry: Carry, ex_dates: list[float], e: int) -> list[float]:
    """Return when a put may be assigned before expiry: now, ex-dates and nodes of the curve."""
    tau = chain.tau(e)
    nodes = {day / 365.0 for day in carry.lend.days if 0.0 < day / 365.0 < tau}
    return [0.0, *sorted(nodes.union(t for t in ex_dates if t <= tau))]


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
    flows = _flows(chain, carry, calendar, count_projected)
    nights = _nights(chain, calendar)
    ledger = _Ledger(chain, carry, flows)
    lend, borrow = carry.lend, carry.borrow
    ex_dates = sorted({flow.ex for flow in flows})
    taus = [chain.tau(e) for e in range(len(chain.expiries))]
    is_american = not chain.is_european
    eves = [[t for t in ex_dates if t <= tau and is_american] for tau in taus]
    puts = [
        _early_dates(chain, carry, ex_dates, e) if is_american else [] for e in range(len(taus))
    ]
    stream = [
        spot.mid * (1.0 - math.exp(-carry.index_yield * tau)) if carry.index_yield else 0.0
        for tau in taus
    ]
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
        div_in=array(
            "d",
            (ledger.received(t) + (s if count_projected else 0.0) for t, s in zip(taus, stream, strict=True)),
        ),
        div_out=array(
            "d", (sum(f.owed for f in flows if f.ex <= t) + s for t, s in zip(taus, stream, strict=True))
        ),
        div_future=array(
            "d", (sum(f.kept for f in flows if f.ex <= t) / lend.discount(t) for t in taus)
        ),
        stock_borrow=array("d", (carry.borrow_fee * spot.bid * t for t in taus)),
        late_call=array("d", (x if is_american else 0.0 for x in late)),
        late_roll=array("d", (x if is_american else 0.0 for x in roll)),
        night=array("d", (x if is_american else 0.0 for x in night)),
        hold=_branches([[ledger.hold(t) for t in row] for row in eves]),
        owe=_branches([[ledger.owe(t) for t in row] for row in puts]),
        take=_branches(
            [[(1.0, 0.0), *map(ledger.take, row)] if is_american else [] for row in eves]
        ),
        give=_branches(
            [[(1.0, 0.0), *map(ledger.give, row)] if is_american else [] for row in eves]
        ),
        receipts=_dates(
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
        payments=_dates(
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
        lend=array("d", (d / f if f > 0.0 else math.nan for d, f in zip(pays, bids, strict=True))),
        borrow=array("d", (d / f if f > 0.0 else math.nan for d, f in zip(receives, asks, strict=True))),
        stock_pay=pays,
        stock_receive=receives,
        div_in=zeros, div_out=zeros, div_future=zeros, stock_borrow=zeros,
        late_call=zeros, late_roll=zeros, night=zeros,
        hold=none, owe=none, take=none, give=none, receipts=never, payments=never,
    )  # fmt: skip
