"""Which money moves when: what a position costs today, and what comes back of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from engine.market.chain import OptionChain
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.market.fees import FeeSchedule
from engine.scoring.payoff import payoff_range
from engine.strategies.family import cost


@dataclass(frozen=True, slots=True)
class Cash:
    """The money of all lots in currency: positive comes in, negative goes out.

    Attributes
    ----------
    today
        At the touch, after `fees`; a short sale of stock brings its price.
    fees
        Commissions and fees of all orders, minimums included.
    low, high
        What comes back at expiry at worst and at best, before dividends and the fee of short stock;
        early assignment may bring it sooner. Where legs settle on several days, or in coins, `low`
        is the worst that all of it is worth today, and `high` is not known.
    is_present
        Whether `low` is such a present value.
    first, last
        Between which days it comes.
    """

    today: float
    fees: float
    low: float
    high: float
    is_present: bool
    first: date | None
    last: date | None

    @property
    def is_fixed(self) -> bool:
        """Whether the same comes back at every price."""
        return abs(self.high - self.low) <= 1e-9 * max(1.0, abs(self.low))


def cash_of(
    chain: OptionChain,
    legs: tuple[Leg, ...],
    unit: int,
    edge: float,
    lots: float,
    schedule: FeeSchedule,
) -> Cash:
    """Return what `lots` packages, worth `edge` per share at worst, pay and bring. O(legs^2)."""
    per = chain.contract_value * lots
    fees = math.fsum(
        order_fees(leg, schedule, chain.contract_value, lots) for leg in legs
    )  # fmt: skip
    paid = math.fsum(leg.side * leg.ratio * leg.price for leg in legs if leg.kind != FUTURE)
    days = sorted(leg.expiry for leg in legs if leg.kind == OPTION and leg.expiry)
    is_straight = chain.quoting.is_linear and len({leg.settles_ns for leg in legs
                                                   if leg.kind == OPTION}) == 1  # fmt: skip
    low, high = (cost(legs, 1) + edge * unit) * per, math.nan
    if is_straight:
        low, high = (amount * per for amount in payoff_range(legs))
    return Cash(
        -paid * per - fees, fees, low, high, not is_straight,
        days[0] if days else None, days[-1] if days else None,
    )  # fmt: skip


def order_fees(leg: Leg, schedule: FeeSchedule, value: float, lots: float) -> float:
    """Return the fees of one leg's order in currency, at least its minimum.

    `value` is what a price of 1 is worth per ratio: the multiplier.
    """
    if leg.kind == FUTURE:
        return 0.0
    paid = leg.fee * value * leg.ratio * lots
    if leg.kind == STOCK:
        return max(paid, schedule.stock_minimum)
    beside = schedule.exchange * leg.ratio * lots
    return max(paid, schedule.order_minimum + beside)
