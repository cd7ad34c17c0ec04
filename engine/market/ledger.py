"""What dividends and borrow fee amount to, and the dates on which a strike may change hands."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from engine.clock import years_between
from engine.market.calendar import Calendar
from engine.market.carry import PROJECTED, Carry
from engine.market.chain import OptionChain


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
        return self.dividends(moment, is_eve=is_eve) + self._fee * moment

    def dividends(self, moment: float, *, is_eve: bool = False) -> float:
        """Return the dividends owed by then."""
        return sum(f.owed for f in self._flows if f.ex < moment or (f.ex == moment and not is_eve))

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


def branches(rows: Sequence[Sequence[tuple[float, float]]]) -> Branches:
    """Return columns of (discount, value) pairs given by expiry."""
    first = array("q", [0])
    for row in rows:
        first.append(first[-1] + len(row))
    pairs = [pair for row in rows for pair in row]
    return Branches(first, array("d", (d for d, _ in pairs)), array("d", (v for _, v in pairs)))


def dates_of(rows: Sequence[Sequence[tuple[float, float, float, float]]]) -> Dates:
    """Return columns of (order, discount, dividends received, owed) rows given by expiry."""
    first = array("q", [0])
    for row in rows:
        first.append(first[-1] + len(row))
    flat = [date for row in rows for date in row]
    order, discount, div_in, owed = (array("d", (d[k] for d in flat)) for k in range(4))
    return Dates(first, order, discount, div_in, owed)


def early_dates(chain: OptionChain, carry: Carry, ex_dates: list[float], e: int) -> list[float]:
    """Return when a put may be assigned before expiry: now, ex-dates and nodes of the curve."""
    tau = chain.tau(e)
    nodes = {day / 365.0 for day in carry.lend.days if 0.0 < day / 365.0 < tau}
    return [0.0, *sorted(nodes.union(t for t in ex_dates if t <= tau))]
