"""What dividends and borrow fee amount to, and the dates on which a strike may change hands."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TypeAlias

from engine.clock import years_between
from engine.market.calendar import Calendar
from engine.market.carry import PROJECTED, Carry
from engine.market.chain import OptionChain
from engine.values import dataclass

Date: TypeAlias = tuple[float, float, float, float]
"""A date on which a strike may change hands: its order in time, discount, `div_in`, `owed`."""


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

    def rows(self) -> list[Date]:
        """Return every date as (order, discount, dividends received, owed)."""
        return list(zip(self.order, self.discount, self.div_in, self.owed, strict=True))


@dataclass(frozen=True, slots=True)
class Flow:
    """One dividend in years from now, and its worth today received, owed, received at lending."""

    ex: float
    received: float
    owed: float
    kept: float


def dividend_flows(chain: OptionChain, carry: Carry, calendar: Calendar, count: bool) -> list[Flow]:
    """Return the dividends still to come; projected ones are received only if `count`."""
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
        flows.append(Flow(ex, net * amount * carry.borrow.discount(pay), owed, net * owed))
    return flows


class Ledger:
    """What dividends and borrow fee amount to until any moment of one chain."""

    def __init__(self, chain: OptionChain, carry: Carry, flows: Sequence[Flow]) -> None:
        ordered = sorted(flows, key=lambda flow: flow.ex)
        self._ex = [flow.ex for flow in ordered]
        # By how many dividends have gone ex.
        self._received = _running([flow.received for flow in ordered])
        self._owed = _running([flow.owed for flow in ordered])
        self._kept = _running([flow.kept for flow in ordered])
        self._lend = carry.lend
        self._borrow = carry.borrow
        self._fee = carry.borrow_fee * chain.underlying.bid

    def received(self, moment: float, *, is_eve: bool = False) -> float:
        """Return the dividends received by then; on an eve, those of the ex-date are not."""
        return self._received[(bisect_left if is_eve else bisect_right)(self._ex, moment)]

    def kept(self, moment: float) -> float:
        """Return the dividends received by then, valued with the lending curve."""
        return self._kept[bisect_right(self._ex, moment)]

    def borrow_fee(self, moment: float) -> float:
        """Return the fee of short stock until then."""
        return self._fee * moment

    def owed(self, moment: float, *, is_eve: bool = False) -> float:
        """Return dividends and borrow fee owed by then."""
        return self.dividends(moment, is_eve=is_eve) + self._fee * moment

    def dividends(self, moment: float, *, is_eve: bool = False) -> float:
        """Return the dividends owed by then."""
        return self._owed[(bisect_left if is_eve else bisect_right)(self._ex, moment)]

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

    def receipt_on_eve(self, moment: float) -> Date:
        """Return the date of a call assigned on the eve of `moment`."""
        received, owed = self.received(moment, is_eve=True), self.owed(moment, is_eve=True)
        return moment - 1e-9, self._borrow.discount(moment), received, owed

    def payment(self, moment: float) -> Date:
        """Return the date of a put assigned at `moment`."""
        return moment, self._lend.discount(moment), self.received(moment), self.owed(moment)


def _running(amounts: Sequence[float]) -> list[float]:
    """Return the sums of the first 0, 1, 2 ... amounts, each rounded once."""
    return [math.fsum(amounts[:k]) for k in range(len(amounts) + 1)]


@lru_cache(maxsize=64)
def branches(counts: tuple[int, ...], pairs: tuple[tuple[float, float], ...]) -> Branches:
    """Return the branches of expiries that have the first `counts` of `pairs`, rising in time.

    Without dividends they are the same at every instant, hence the cache.
    """
    discount, value = (array("d", column) for column in zip(*pairs, strict=True))
    first = array("q", accumulate(counts, initial=0))
    discounts, values = array("d"), array("d")
    for k in counts:
        discounts += discount[:k]
        values += value[:k]
    return Branches(first, discounts, values)


def no_branches(n: int) -> Branches:
    """Return the branches of `n` expiries that have none."""
    return Branches(array("q", bytes(8 * (n + 1))), array("d"), array("d"))


def early_and_last(counts: Sequence[int], early: Sequence[Date], last: Dates) -> Dates:
    """Return, by expiry, the first `counts` of the dates `early` and the settlement in `last`."""
    flat: list[Date] = []
    for k, settlement in zip(counts, last.rows(), strict=True):
        flat += early[:k]
        flat.append(settlement)
    first = array("q", accumulate((k + 1 for k in counts), initial=0))
    return Dates(first, *(array("d", [date[k] for date in flat]) for k in range(4)))


def settlements(
    taus: array[float], discount: array[float], div_in: array[float], owed: array[float]
) -> Dates:
    """Return the dates of a chain whose strikes change hands at settlement only."""
    return Dates(array("q", range(len(taus) + 1)), taus, discount, div_in, owed)


def put_dates(carry: Carry, ex_dates: Sequence[float], days: Sequence[float] = ()) -> list[float]:
    """Return when a put may be assigned: now, on ex-dates, `days` and nodes of the curve."""
    nodes = {day / 365.0 for day in carry.lend.days if day > 0.0}
    return [0.0, *sorted(nodes.union(ex_dates, days))]
