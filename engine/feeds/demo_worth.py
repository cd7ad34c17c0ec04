"""What strikes, dividends and borrow are worth today: the demo's own reading of SCANNER section 2.

Labels need edges that no scanner code had a hand in, so nothing here is shared with
`engine.market.terms`.
"""

from __future__ import annotations

import math
from datetime import timedelta

from engine.clock import years_between
from engine.feeds.demo_listing import Listing
from engine.market.calendar import calendar_named
from engine.market.carry import DECLARED
from engine.market.chain import AMERICAN


class Worth:
    """Present values per share under a listing's carry; expiries by index, times in years.

    Receipts are valued with the borrowing curve, payments with the lending curve. A projected
    dividend counts as a payment, never as a receipt. `stock_bid` prices the borrow fee;
    `with_dividends` and `with_borrow` leave one of them out, as a naive scanner would.
    """

    def __init__(
        self,
        listing: Listing,
        stock_bid: float,
        *,
        with_rates: bool = True,
        with_dividends: bool = True,
        with_borrow: bool = True,
    ) -> None:
        carry = listing.carry if with_rates else listing.carry.without_rates()
        self._carry = carry
        self._listing = listing
        self._calendar = calendar_named(listing.calendar)
        self._fee = carry.borrow_fee * stock_bid if with_borrow else 0.0
        self.is_american = listing.kind.style == AMERICAN
        # (ex-date, worth when received, worth when owed)
        self._flows: list[tuple[float, float, float]] = []
        now = listing.as_of_ns
        for dividend in carry.dividends if with_dividends else ():
            ex = years_between(now, self._calendar.open_ns(dividend.ex_date))
            pay = years_between(now, self._calendar.open_ns(dividend.pay_date))
            if ex <= 0.0:
                continue
            kept = dividend.amount * (1.0 - carry.withholding) * carry.borrow.discount(pay)
            self._flows.append(
                (
                    ex,
                    kept if dividend.status == DECLARED else 0.0,
                    dividend.amount * carry.lend.discount(pay),
                )
            )

    def payment(self, t: float) -> float:
        """Return what a payment of 1 at `t` costs today."""
        return self._carry.lend.discount(t)

    def receipt(self, t: float) -> float:
        """Return what a receipt of 1 at `t` is worth today."""
        return self._carry.borrow.discount(t)

    def received(self, t: float, *, eve: bool = False) -> float:
        """Return the dividends of long stock up to `t`, or up to the eve of `t`."""
        total = 0.0
        for ex, kept, _ in self._flows:
            if ex < t or (ex == t and not eve):
                total += kept
        return total

    def owed(self, t: float, *, eve: bool = False) -> float:
        """Return the dividends and the borrow fee of short stock up to `t`, or to its eve."""
        total = self._fee * t
        for ex, _, out in self._flows:
            if ex < t or (ex == t and not eve):
                total += out
        return total

    def ex_dates(self, t: float) -> list[float]:
        """Return the ex-dates up to `t`."""
        return [ex for ex, _, _ in self._flows if ex <= t]

    def rate_nodes(self, t: float) -> list[float]:
        """Return the nodes of the lending curve before `t`."""
        return [day / 365.0 for day in self._carry.lend.days if 0.0 < day / 365.0 < t]

    def late_call(self, expiry: int, *, roll: bool = False) -> float:
        """Return the dividend that late notice of a short call may cost; 0 if European.

        A call covered by a later one (`roll`) may also be assigned at expiry with the next
        session an ex-date.
        """
        if not self.is_american:
            return 0.0
        end = self._listing.taus[expiry]
        if roll:
            day = self._calendar.next_session(self._listing.expiries[expiry].date)
            end = years_between(self._listing.as_of_ns, self._calendar.open_ns(day))
        return max([out for ex, _, out in self._flows if ex <= end], default=0.0)

    def late_put(self, expiry: int) -> float:
        """Return the interest per unit of strike that late notice of a short put may cost."""
        if not self.is_american:
            return 0.0
        day = self._calendar.session_date(self._listing.as_of_ns)
        nights = 1
        while day <= self._listing.expiries[expiry].date:
            if self._calendar.is_session(day):
                nights = max(nights, self._calendar.nights_to_settlement(day))
            day += timedelta(days=1)
        gap = nights / 365.0
        end = self._listing.taus[expiry]
        curve = self._carry.borrow
        nodes = [node / 365.0 for node in curve.days if node / 365.0 < end]
        rate = max(curve.rate(t) for t in [gap, end, *nodes])
        return math.exp(max(rate, 0.0) * gap) - 1.0
