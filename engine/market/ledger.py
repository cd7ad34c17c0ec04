"""What dividends and borrow fee amount to, and the dates on which a strike may change hands."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from engine.clock import years_between
from engine.market.calendar import Calendar
from engine.market.carry import PROJECTED, Carry
from engine.market.chain import OptionChain

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
        if ex <= 0.0 or dividend.is_adjusted_for:
            continue
        pay = years_between(chain.ts_ns, calendar.open_ns(dividend.pay_date))
        amount = dividend.amount
        is_counted = count or dividend.status != PROJECTED
        owed = amount * carry.lend.discount(pay)
        net = (1.0 - carry.withholding) if is_counted else 0.0
        flows.append(Flow(ex, net * amount * carry.borrow.discount(pay), owed, net * owed))
    return flows


class Ledger:
    """What dividends and borrow fee amount to until any moment of one chain.

    `received`, `dividends` and `kept` are the dividends received by long stock, owed by short
    stock, and received but valued with the lending curve, by how many have gone ex.
    """

    def __init__(self, chain: OptionChain, carry: Carry, flows: Sequence[Flow]) -> None:
        ordered = sorted(flows, key=lambda flow: flow.ex)
        self._ex = [flow.ex for flow in ordered]
        self.received = _running([flow.received for flow in ordered])
        self.dividends = _running([flow.owed for flow in ordered])
        self.kept = _running([flow.kept for flow in ordered])
        self.fee = carry.borrow_fee * chain.underlying.bid

    def gone(self, moments: Iterable[float], *, is_eve: bool = False) -> list[int]:
        """Return how many dividends have gone ex by each moment; on its eve, not yet there."""
        count, ex = bisect_left if is_eve else bisect_right, self._ex
        return [count(ex, moment) for moment in moments]

    def owed(self, moments: Iterable[float], gone: Iterable[int]) -> list[float]:
        """Return dividends and borrow fee owed by moments when so many dividends have gone."""
        dividends, fee = self.dividends, self.fee
        return [dividends[k] + fee * moment for moment, k in zip(moments, gone, strict=True)]


def _running(amounts: Sequence[float]) -> list[float]:
    """Return the sums of the first 0, 1, 2 ... amounts, each rounded once."""
    return [math.fsum(amounts[:k]) for k in range(len(amounts) + 1)]


def branches(counts: Sequence[int], pairs: Sequence[tuple[float, float]]) -> Branches:
    """Return the branches of expiries that have the first `counts` of `pairs`, rising in time."""
    flat = list[tuple[float, float]]()
    for k in counts:
        flat += pairs[:k]
    discount, value = zip(*flat, strict=True) if flat else ((), ())
    first = array("l", accumulate(counts, initial=0))
    return Branches(first, array("d", discount), array("d", value))


def no_branches(n: int) -> Branches:
    """Return the branches of `n` expiries that have none."""
    return Branches(array("l", bytes(8 * (n + 1))), array("d"), array("d"))


def early_and_last(counts: Sequence[int], early: Sequence[Date], last: Dates) -> Dates:
    """Return, by expiry, the first `counts` of the dates `early` and the settlement in `last`."""
    flat = list[Date]()
    for k, settlement in zip(counts, last.rows(), strict=True):
        flat += early[:k]
        flat.append(settlement)
    order, discount, div_in, owed = zip(*flat, strict=True) if flat else ((), (), (), ())
    first = array("l", accumulate([k + 1 for k in counts], initial=0))
    return Dates(
        first, array("d", order), array("d", discount), array("d", div_in), array("d", owed)
    )  # fmt: skip


def settlements(
    taus: array[float], discount: array[float], div_in: array[float], owed: array[float]
) -> Dates:
    """Return the dates of a chain whose strikes change hands at settlement only."""
    return Dates(array("l", range(len(taus) + 1)), taus, discount, div_in, owed)


def put_dates(carry: Carry, ex_dates: Sequence[float], days: Sequence[float] = ()) -> list[float]:
    """Return when a put may be assigned: now, on ex-dates, `days` and nodes of the curve."""
    nodes = {day / 365.0 for day in carry.lend.days if day > 0.0}
    return [0.0, *sorted(nodes.union(ex_dates, days))]
