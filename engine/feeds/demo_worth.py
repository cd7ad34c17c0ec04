"""What strikes, dividends and borrow are worth today: the demo's own reading of SCANNER section 2.

Labels need edges that no scanner code had a hand in, so nothing here is shared with
`engine.market.terms`.
"""

from __future__ import annotations

import math

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
        self._known: dict[int, list[tuple[float, int, float]]] = {}
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

    def called(self, expiry: int, amount: float) -> float:
        """Return the least that `amount` is worth when a short call is assigned; inf if European.

        Its stock is short for a night, and the dividend of the morning after is owed.
        """
        found = [
            self._worth(amount, t) - self._fee * gap / 365.0 - owed
            for t, gap, owed in self._mornings(expiry)
        ]
        return min(found, default=math.inf)

    def put(self, expiry: int, amount: float, strike: float) -> float:
        """Return the least that `amount` is worth when a short put is assigned; inf if European.

        Its strike is paid a night before another is received, for interest at the highest rate.
        """
        mornings = self._mornings(expiry)
        end, curve = self._listing.taus[expiry], self._carry.borrow
        longest = max([gap for _, gap, _ in mornings], default=0) / 365.0
        nodes = [node / 365.0 for node in curve.days if node / 365.0 < end]
        rate = max(0.0, *(curve.rate(t) for t in [longest, end, *nodes]))
        found = [
            self._worth(amount - strike * (math.exp(rate * gap / 365.0) - 1.0), t)
            for t, gap, _ in mornings
        ]
        return min(found, default=math.inf)

    def rolled(self, expiry: int) -> float:
        """Return what `called` gives for nothing, counting a dividend of the day after expiry."""
        if not self.is_american:
            return 0.0
        end = self._listing.taus[expiry]
        day = self._calendar.next_session(self._listing.expiries[expiry].date)
        gap = self._calendar.nights_to_settlement(day)
        after = years_between(self._listing.as_of_ns, self._calendar.open_ns(day))
        late = math.fsum(out for ex, _, out in self._flows if end < ex <= after)
        worst = min(0.0, self.called(expiry, 0.0))
        return min(worst, -late - self._fee * gap / 365.0) if late else worst

    def apart(self, expiry: int) -> float:
        """Return the most that a dollar paid, any day up to expiry, exceeds one received before."""
        if not self.is_american:
            return 0.0
        worst, least = 0.0, 1.0
        for t, _, _ in self._mornings(expiry):
            least = min(least, self.receipt(t))
            worst = max(worst, self.payment(t) - least)
        return max(worst, self.payment(self._listing.taus[expiry]) - least)

    def _worth(self, amount: float, t: float) -> float:
        return amount * (self.receipt(t) if amount >= 0.0 else self.payment(t))

    def _mornings(self, expiry: int) -> list[tuple[float, int, float]]:
        """Return (years, days to the next session, dividends) of every morning after an assignment.

        Today's counts at once, with the longer of the two nights that follow.
        """
        if not self.is_american:
            return []
        if expiry not in self._known:
            calendar, today = self._calendar, self._calendar.session_date(self._listing.as_of_ns)
            day = calendar.next_session(today)
            gaps = [calendar.nights_to_settlement(d) for d in (today, day)]
            found = [(0.0, max(gaps), 0.0)]
            while day <= self._listing.expiries[expiry].date:
                t = years_between(self._listing.as_of_ns, calendar.open_ns(day))
                owed = math.fsum(out for ex, _, out in self._flows if ex == t)
                found.append((t, calendar.nights_to_settlement(day), owed))
                day = calendar.next_session(day)
            self._known[expiry] = found
        return self._known[expiry]
