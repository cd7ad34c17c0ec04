"""At which rates a chain lends and borrows, expiry by expiry: what is there every day.

A long box pays its width at expiry whatever happens, so it lends what it costs; a short one borrows
what it brings. A conversion lends and a reversal borrows through the stock. Rates are continuously
compounded, after fees, and executable at the touch; beside them stands what the middles would give.
A quote that is off makes boxes that pay anything: of boxes better than the middle of all only the
number is told, for `parity scan` lists them.

Source: Ronn and Ronn 1989; van Binsbergen, Diamond and Grotteria 2022 (box rates).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from engine.config import ScanSettings
from engine.market.calendar import calendar_named
from engine.market.combo import Leg
from engine.market.policy_rate import is_known, policy_rate
from engine.scoring.capital import Capital, capital_of
from engine.scoring.curves import NEAREST
from engine.scoring.legs import option_leg, stock_leg
from engine.strategies.view import View

LEND, BORROW = "lend", "borrow"
BOX, CONVERSION, REVERSAL = "box", "conversion", "reversal"
# A box better than the middle of all by more than this a year rests on a quote that is off.
_CONSISTENT = 0.0025
EARLY = "options may be assigned early: the loan may end on any day"
PIN = "near the strike at expiry nobody knows by Friday night who is assigned"
DIVIDEND = "a dividend that changes moves the rate"
RECALL = "the stock sold short may be recalled, or its fee rise"
AMERICAN_BOX = (
    "its options are American: a short box may be assigned early and then owes up to twice its "
    "width; borrow through European, cash-settled options, such as SPX or XSP"
)


@dataclass(frozen=True, slots=True)
class RateQuote:
    """One way to lend or to borrow until an expiry.

    Attributes
    ----------
    kind, side
        "box", "conversion" or "reversal"; "lend" or "borrow".
    expiry, trading_class, days
        When it ends.
    legs
        At their executable prices.
    rate, mid_rate
        Per year after fees: at the touch, and if every leg but the fees were had at its middle.
    yours, policy
        Your own rate for the same, and the policy rate of the day; nan where it is not known.
    lots
        Packages at the displayed sizes.
    today, later
        Per package in currency: what is paid (negative) or brought today, and at expiry.
    binds
        Capital of one package.
    better
        How many boxes are better than the middle of all allows: odd quotes.
    risks
        What could go wrong, in words.
    """

    kind: str
    side: str
    expiry: date
    trading_class: str
    days: float
    legs: tuple[Leg, ...]
    rate: float
    mid_rate: float
    yours: float
    policy: float
    lots: int
    today: float
    later: float
    binds: Capital
    better: int = 0
    risks: tuple[str, ...] = ()

    @property
    def gain(self) -> float:
        """By how much a year it is better than your own rate."""
        return self.rate - self.yours if self.side == LEND else self.yours - self.rate


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A strike whose four quotes are usable: what call less put costs, brings, and in the middle.

    Fees are in the first two.
    """

    row: int
    strike: float
    cost: float
    credit: float
    middle: float


def rate_quotes(view: View, settings: ScanSettings) -> tuple[RateQuote, ...]:
    """Return the best way of each kind to lend and to borrow until every expiry.

    Expiries with less than a day left are left out. O(strikes^2) for each.
    """
    found: list[RateQuote] = []
    for e in range(len(view.chain.expiries)):
        if view.terms.tau[e] * 365.0 < 1.0 or not view.chain.quoting.is_linear:
            continue
        rows = synthetics(view, e)
        found += boxes(view, e, rows, settings)
        if view.has_stock and view.chain.quoting.has_carry:
            found += _through_stock(view, e, rows, settings)
    return tuple(found)


def synthetics(view: View, e: int) -> list[Synthetic]:
    """Return the strikes of an expiry whose calls and puts have usable quotes on both sides."""
    chain, found = view.chain, []
    receive, pay = view.usable_receive, view.usable_pay
    for row in chain.rows(e):
        put = chain.n_rows + row
        cost, credit = pay[row] - receive[put], receive[row] - pay[put]
        if math.isfinite(cost) and math.isfinite(credit):
            middle = 0.5 * (chain.bid[row] + chain.ask[row] - chain.bid[put] - chain.ask[put])
            found.append(Synthetic(row, chain.strike[row], cost, credit, middle))
    return found


def rate_of(price: float, amount: float, tau: float) -> float:
    """Return the rate at which `price` grows to `amount`; inf if it costs nothing, nan for none."""
    if not (amount > 0.0 and tau > 0.0):
        return math.nan
    return math.log(amount / price) / tau if price > 0.0 else math.inf


def boxes(
    view: View, e: int, rows: Sequence[Synthetic], settings: ScanSettings
) -> list[RateQuote]:  # fmt: skip
    """Return the best long and, where it is allowed, short box of an expiry."""
    tau, chain = view.terms.tau[e], view.chain
    pairs = [(low, high) for i, low in enumerate(rows) for high in rows[i + 1 :]]
    if not pairs:
        return []
    middle = middle_rate(rows, tau)
    found = []
    for side in (LEND, BORROW) if chain.is_european else (LEND,):
        ranked = []
        better = 0
        for low, high in pairs:
            width = high.strike - low.strike
            price = low.cost - high.credit if side == LEND else low.credit - high.cost
            rate = rate_of(price, width, tau)
            ahead = rate - middle if side == LEND else middle - rate
            if rate != rate or ahead > _CONSISTENT:
                better += rate == rate
                continue
            ranked.append((rate if side == LEND else -rate, low.row, high.row))
        if ranked:
            _, low_row, high_row = max(ranked)
            found.append(box_quote(view, e, (low_row, high_row), side, settings, better))
    return found


def middle_rate(rows: Sequence[Synthetic], tau: float) -> float:
    """Return the median over all boxes of the rates in the middle of their quotes."""
    rates = sorted(
        rate
        for i, low in enumerate(rows)
        for high in rows[i + 1 :]
        if math.isfinite(
            rate := rate_of(low.middle - high.middle, high.strike - low.strike, tau)
        )
    )  # fmt: skip
    return rates[len(rates) // 2] if rates else math.nan


def box_quote(
    view: View,
    e: int,
    rows: tuple[int, int],
    side: str,
    settings: ScanSettings,
    better: int = 0,
) -> RateQuote:
    """Return what the box of two rows of expiry index `e` lends or borrows at."""
    chain, n = view.chain, view.chain.n_rows
    low, high = rows
    sign = 1 if side == LEND else -1
    legs = tuple(
        option_leg(view, quote, ratio)
        for quote, ratio in ((low, sign), (high, -sign), (n + high, sign), (n + low, -sign))
    )
    width = chain.strike[high] - chain.strike[low]
    risks: list[str] = []
    if not chain.is_european:
        risks += [EARLY, PIN]
    return _quote(view, e, BOX, side, legs, width, settings, better, risks)


def _through_stock(
    view: View, e: int, rows: Iterable[Synthetic], settings: ScanSettings
) -> list[RateQuote]:
    """Return the best conversion and reversal about the money."""
    chain, terms, n = view.chain, view.terms, view.chain.n_rows
    spot = chain.underlying.mid
    near = sorted(rows, key=lambda one: (abs(one.strike - spot), one.strike))[:NEAREST]
    found = []
    for kind, side, sign in ((CONVERSION, LEND, 1), (REVERSAL, BORROW, -1)):
        ranked = []
        for one in near:
            if sign > 0:
                price, amount = terms.stock_pay[e] - one.credit, one.strike + terms.div_future[e]
            else:
                owed = terms.div_out[e] + terms.stock_borrow[e]
                price, amount = terms.stock_receive[e] - one.cost, one.strike + owed / terms.lend[e]
            rate = rate_of(price, amount, terms.tau[e])
            if math.isfinite(rate):
                ranked.append((sign * rate, one.row, amount))
        if not ranked:
            continue
        _, row, amount = max(ranked)
        legs = (
            option_leg(view, n + row, sign),
            option_leg(view, row, -sign),
            stock_leg(view, sign),
        )
        risks = [] if sign > 0 else [RECALL]
        if not chain.is_european:
            risks += [EARLY, PIN]
        if settings.carry.dividends or settings.carry.index_yield:
            risks.append(DIVIDEND)
        found.append(_quote(view, e, kind, side, legs, amount, settings, 0, risks))
    return found


def _quote(
    view: View,
    e: int,
    kind: str,
    side: str,
    legs: tuple[Leg, ...],
    amount: float,
    settings: ScanSettings,
    better: int,
    risks: Sequence[str],
) -> RateQuote:
    chain, carry = view.chain, settings.carry
    tau, expiry = view.terms.tau[e], chain.expiries[e]
    sign = 1.0 if side == LEND else -1.0
    fees = math.fsum(leg.ratio * leg.fee for leg in legs)
    touch = math.fsum(leg.side * leg.ratio * leg.price for leg in legs) + fees
    middle = math.fsum(leg.side * leg.ratio * 0.5 * (leg.bid + leg.ask) for leg in legs) + fees
    sizes = [leg.size / leg.ratio for leg in legs if leg.size == leg.size]
    day = calendar_named(chain.calendar).session_date(chain.ts_ns)
    per = chain.contract_value
    return RateQuote(
        kind, side, expiry.date, expiry.trading_class, tau * 365.0, legs,
        rate_of(sign * touch, amount, tau), rate_of(sign * middle, amount, tau),
        (carry.lend if side == LEND else carry.borrow).rate(tau),
        policy_rate(day) if is_known(day) else math.nan,
        int(min(sizes)) if sizes else 0, -touch * per, sign * amount * per,
        capital_of(chain, kind, legs, 1, 1.0), better, tuple(risks),
    )  # fmt: skip
