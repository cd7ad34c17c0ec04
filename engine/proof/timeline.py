"""The moments of a position's life at which something can happen, with what it costs to wait."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from engine.clock import years_between
from engine.market.calendar import Calendar, calendar_named
from engine.market.carry import DECLARED, Carry, Dividend, RateCurve
from engine.market.chain import OptionChain
from engine.proof.claims import Position

# Kinds of moment, in their order within one instant.
TODAY = 0
DAY = 2
EVE = 3
EX = 4
EXPIRY = 5
AFTER_EXPIRY = 6


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment and the way to it.

    Attributes
    ----------
    kind
        TODAY; DAY, any other session; EVE of an ex-date, whose strikes are
        dated at the ex-date; EX, after the dividend has gone; EXPIRY of a series; AFTER_EXPIRY,
        if others live on.
    day
        Calendar date; of an EVE the ex-date.
    lend, borrow
        Discount factors of payments and of receipts dated at this moment.
    night
        Interest per unit of cash paid for an assigned put until late exercise settles.
    overnight
        Fee per share of stock that an assigned call leaves short until late exercise settles.
    received, paid
        Present value per share, held long or short since the previous moment, of dividends
        received, and of dividends and borrow fee paid.
    series
        Which series settles, -1 for none.
    """

    kind: int
    day: date
    lend: float
    borrow: float
    night: float
    overnight: float
    received: float
    paid: float
    series: int

    def present(self, amount: float) -> float:
        """Return the value today of the net flow `amount` of this moment's settlement."""
        return amount * (self.borrow if amount >= 0.0 else self.lend)

    def forward(self, value: float) -> float:
        """Return present `value` as an amount of this moment: the inverse of `present`."""
        return value / (self.borrow if value >= 0.0 else self.lend)


def timeline(
    chain: OptionChain,
    position: Position,
    carry: Carry,
    *,
    count_projected: bool,
    is_early: bool,
    is_certain: bool = False,
) -> tuple[Moment, ...]:
    """Return the moments of `position` in order, the last settlement last.

    With `is_early`, options can be assigned and exercised today, on every session, on every eve,
    after every ex-date and after a nearer expiry; without, only settlements remain. Several
    dividends of one ex-date share its moments. `is_certain` says that the stock held between
    settlements is known today. O(moments + dividends).
    """
    now, end = chain.ts_ns, position.settles_ns[-1]
    has_carry = chain.quoting.has_carry
    ahead = _ahead(chain.calendar, now, carry.lend, carry.borrow)
    calendar = ahead.calendar
    dividends = _counted(carry, calendar, now, end) if has_carry else []
    stops = [
        (max(ns, now), EXPIRY, day, k)
        for k, (ns, day) in enumerate(zip(position.settles_ns, position.days, strict=True))
    ]
    has_short_put = any(c.right < 0 and c.quantity < 0 for c in position.claims)
    if is_early:
        stops.append((now, TODAY, calendar.session_date(now), -1))
        for ex_ns, dividend in dividends:
            stops += [(ex_ns, EVE, dividend.ex_date, -1), (ex_ns, EX, dividend.ex_date, -1)]
        if has_short_put:
            stops += [(ns, AFTER_EXPIRY, day, -1) for ns, kind, day, _ in stops
                      if kind == EXPIRY and ns < end]  # fmt: skip
        if any(claim.quantity < 0.0 for claim in position.claims):
            taken = {ns for ns, *_ in stops}
            stops += [(ns, DAY, day, -1) for ns, day in ahead.sessions(end) if ns not in taken]
    stops = sorted(set(stops))

    fee = _yearly_cost(chain, carry.borrow_fee + carry.index_yield) if has_carry else 0.0
    income = 0.0
    if count_projected and has_carry:
        income = _yearly_cost(chain, carry.index_yield) * (1.0 - carry.withholding)
    moments: list[Moment] = []
    pending = list(dividends)
    before, settled = now, 1.0
    for ns, kind, day, series in stops:
        lend, borrow = ahead.discounts(ns)
        waited = years_between(before, ns)
        received = income * waited * borrow
        # A fee that is sure to come is not discounted; else it is as much as a settlement's flow.
        paid = fee * waited * settled if waited > 0.0 else 0.0
        while pending and (pending[0][0], EX) <= (ns, kind):
            _, dividend = pending.pop(0)
            pays = years_between(now, calendar.open_ns(dividend.pay_date))
            paid += dividend.amount * carry.lend.discount(pays)
            if dividend.status == DECLARED or count_projected:
                kept = dividend.amount * (1.0 - carry.withholding)
                received += kept * carry.borrow.discount(pays)
        years = ahead.night(kind, day) if is_early and kind != EXPIRY else 0.0
        night = math.expm1(carry.borrow.rate(years) * years) if years else 0.0
        moment = Moment(kind, day, lend, borrow, night, fee * years if years else 0.0,
                        received, paid, series)  # fmt: skip
        moments.append(moment)
        before = ns
        if kind == EXPIRY and not is_certain:
            settled = lend
    return tuple(moments)


def _counted(carry: Carry, calendar: Calendar, now: int, end: int) -> list[tuple[int, Dividend]]:
    dated = [
        (calendar.open_ns(dividend.ex_date), dividend)
        for dividend in carry.dividends
        if not dividend.is_adjusted_for
    ]
    return [(ns, dividend) for ns, dividend in dated if now < ns <= end]


def _yearly_cost(chain: OptionChain, rate: float) -> float:
    # The fee is charged on the first bid; without one, short stock costs more than anything.
    if rate == 0.0:
        return 0.0
    bid = chain.underlying.bid
    return rate * bid if bid > 0.0 else math.inf


class _Ahead:
    """Sessions, discount factors and nights from one instant on, found out once."""

    def __init__(self, calendar: Calendar, now: int, lend: RateCurve, borrow: RateCurve) -> None:
        self.calendar = calendar
        self._now, self._lend, self._borrow = now, lend, borrow
        self._discounts: dict[int, tuple[float, float]] = {}
        self._nights: dict[date, int] = {}
        self._sessions: list[tuple[int, date]] = []

    def discounts(self, ns: int) -> tuple[float, float]:
        """Return the discount factors of payments and of receipts dated at `ns`."""
        if ns not in self._discounts:
            tau = years_between(self._now, ns)
            self._discounts[ns] = self._lend.discount(tau), self._borrow.discount(tau)
        return self._discounts[ns]

    def sessions(self, end: int) -> list[tuple[int, date]]:
        """Return the opening of every session between now and `end`, and its day.

        On these the strikes of options assigned the day before are paid.
        """
        day = self.calendar.session_date(self._now) - timedelta(days=1)
        while not self._sessions or self._sessions[-1][0] < end:
            day = self.calendar.next_session(self._sessions[-1][1] if self._sessions else day)
            self._sessions.append((self.calendar.open_ns(day), day))
        return [session for session in self._sessions if self._now < session[0] < end]

    def night(self, kind: int, day: date) -> float:
        """Return for how many years late exercise settles after the strikes of a moment.

        Strikes of an assignment change hands on `day`; late exercise settles on the session after
        it. Of an assignment today at once: the longer of the nights before and after tomorrow.
        """
        if day not in self._nights:
            session = self.calendar.previous_session(day + timedelta(days=1))
            self._nights[day] = self.calendar.nights_to_settlement(session)
        days = self._nights[day]
        if kind == TODAY:
            tomorrow = self.calendar.next_session(day)
            days = max(days, self.calendar.nights_to_settlement(tomorrow))
        return days / 365.0


# The proofs of one scan share it; hundreds of numbers each, so a few are kept.
@lru_cache(maxsize=8)
def _ahead(calendar: str, now: int, lend: RateCurve, borrow: RateCurve) -> _Ahead:
    return _Ahead(calendar_named(calendar), now, lend, borrow)
