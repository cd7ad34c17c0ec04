"""What it costs that notice of assignment comes the next morning (SCANNER section 7).

A sold option assigned on session n changes hands on session n + 1, when notice has come; what is
exercised late in answer settles on n + 2. A delivered call leaves its stock short for that night,
at its fee and without the dividend of n + 1; a put has paid its strike a night before another
brings its own. Of an assignment today the strikes are dated now, and the night is the longer of
the two before n + 2.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from operator import mul
from typing import TypeVar

from engine.clock import NS_PER_DAY, NS_PER_SECOND, years_between
from engine.market.calendar import Calendar, calendar_named
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.market.ledger import Flow

_QUARTER = 900 * NS_PER_SECOND
_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class Notices:
    """Days on which sold options may be assigned, one of each cost, by expiry.

    Those of expiry e are ``first[e] .. first[e + 1] - 1``: of all days of the same `cost` (per
    share, in present value; of puts per unit of strike, at the time) the least discount of a
    `receive` and the greatest of a `pay`.
    """

    first: array[int]
    receive: array[float]
    pay: array[float]
    cost: array[float]

    def called(self, e: int, amount: float) -> float:
        """Return the least that `amount` is worth when a sold call is assigned; inf if never."""
        return min(
            (
                amount * (self.receive[k] if amount >= 0.0 else self.pay[k]) - self.cost[k]
                for k in range(self.first[e], self.first[e + 1])
            ),
            default=math.inf,
        )

    def put(self, e: int, amount: float, strike: float) -> float:
        """Return the least that `amount` is worth when a sold put of `strike` is assigned."""
        left = [amount - strike * cost for cost in self.cost[self.first[e] : self.first[e + 1]]]
        days = range(self.first[e], self.first[e + 1])
        return min(
            (
                rest * (self.receive[k] if rest >= 0.0 else self.pay[k])
                for k, rest in zip(days, left, strict=True)
            ),
            default=math.inf,
        )


@dataclass(frozen=True, slots=True)
class LateNotice:
    """What late notice may cost by expiry.

    Attributes
    ----------
    calls, puts
        The days on which sold ones may be assigned.
    call, put
        The most that it costs for a share, and for a unit of strike, in present value.
    roll
        Like `call`, counting a dividend of the session after the expiry.
    apart
        The most that a dollar received and one paid later are worth less than nothing.
    """

    calls: Notices
    puts: Notices
    call: array[float]
    put: array[float]
    roll: array[float]
    apart: array[float]


def no_notice(n_expiries: int) -> LateNotice:
    """Return the columns of options that are never assigned before they expire."""
    zeros = array("d", bytes(8 * n_expiries))
    never = Notices(array("l", bytes(8 * (n_expiries + 1))), *(array("d") for _ in range(3)))
    return LateNotice(never, never, zeros, zeros, zeros, zeros)


def late_notice(
    chain: OptionChain,
    calendar: Calendar,
    carry: Carry,
    flows: Sequence[Flow],
    taus: Sequence[float],
) -> LateNotice:
    """Return what late notice may cost in `chain`. O(sessions + expiries x kinds of nights)."""
    now, name, expiries = chain.ts_ns, calendar.name, chain.expiries
    if not expiries:
        return no_notice(0)
    fee, bid = 0.0, chain.underlying.bid
    # What short stock costs while it is held: as the verifier has it.
    yearly = carry.borrow_fee + carry.index_yield
    if yearly:
        # What is not bid for is not lent for less than anything.
        fee = yearly * bid / 365.0 if bid > 0.0 else math.inf
    today, opens = _nights(name, now // _QUARTER, max(expiry.date for expiry in expiries))
    nights = {years_between(now, ns): gap for ns, gap in opens if ns > now}
    owed: dict[float, float] = {}
    for flow in flows:
        owed[flow.ex] = owed.get(flow.ex, 0.0) + flow.owed
        if flow.ex not in nights:
            # A day without a session, or beyond the last one.
            day = calendar.session_date(now + round(flow.ex * 365.0 * NS_PER_DAY))
            nights[flow.ex] = _night_after(calendar, day)
    moments = sorted(nights)
    lends, borrows = carry.lend.discounts(moments), carry.borrow.discounts(moments)
    called = {(today, 0.0): (1.0, 1.0)}
    put = {today: (1.0, 1.0)}
    calls, puts = _empty(), _empty()
    columns = [array("d") for _ in range(4)]
    k, least, apart = 0, 1.0, 0.0
    for expiry, tau, lend in zip(expiries, taus, carry.lend.discounts(list(taus)), strict=True):
        while k < len(moments) and (moments[k] < tau or (moments[k] == tau and tau in owed)):
            gap = nights[moments[k]]
            _count(called, (gap, owed.get(moments[k], 0.0)), borrows[k], lends[k])
            _count(put, gap, borrows[k], lends[k])
            least = min(least, borrows[k])
            apart = max(apart, lends[k] - least)
            k += 1
        highest = _highest(carry, tau, max(put))
        costs = [fee * gap + amount for gap, amount in called]
        interest = [math.expm1(highest * gap / 365.0) for gap in put]
        _close(calls, called.values(), costs)
        _close(puts, put.values(), interest)
        after = years_between(now, _open_after(name, expiry.date))
        late = [fee * nights[ex] + owed[ex] for ex in owed if tau < ex <= after]
        columns[0].append(max(costs))
        columns[1].append(max(map(mul, interest, (pay for _, pay in put.values()))))
        columns[2].append(max(columns[0][-1], *late, -math.inf))
        columns[3].append(max(apart, lend - least))
    return LateNotice(calls, puts, *columns)


def _empty() -> Notices:
    return Notices(array("l", [0]), array("d"), array("d"), array("d"))


def _count(days: dict[_Kind, tuple[float, float]], kind: _Kind, receive: float, pay: float) -> None:
    """Count one more day of a kind: the least of its receipts, the greatest of its payments."""
    had = days.get(kind, (math.inf, -math.inf))
    days[kind] = min(had[0], receive), max(had[1], pay)


def _close(
    notices: Notices, discounts: Iterable[tuple[float, float]], costs: Iterable[float]
) -> None:
    """List the kinds of days counted so far for one more expiry."""
    for (receive, pay), cost in zip(discounts, costs, strict=True):
        notices.receive.append(receive)
        notices.pay.append(pay)
        notices.cost.append(cost)
    notices.first.append(len(notices.cost))


def _highest(carry: Carry, tau: float, gap: int) -> float:
    """Return the highest borrowing rate, 0 at least, of a night of up to `gap` days until `tau`."""
    curve = carry.borrow
    highest = curve.rates[0]
    if len(curve.days) > 1:
        nodes = (day / 365.0 for day in curve.days)
        highest = max(map(curve.rate, (gap / 365.0, tau, *(node for node in nodes if node < tau))))
    return max(highest, 0.0)


@lru_cache(maxsize=1024)
def _open_after(calendar_name: str, day: date) -> int:
    """Return when the session after `day` opens."""
    calendar = calendar_named(calendar_name)
    return calendar.open_ns(calendar.next_session(day))


def _night_after(calendar: Calendar, day: date) -> int:
    """Return the days from the last session up to `day` to the next."""
    return calendar.nights_to_settlement(calendar.previous_session(day + timedelta(days=1)))


@lru_cache(maxsize=64)
def _nights(calendar_name: str, quarter: int, last: date) -> tuple[int, list[tuple[int, int]]]:
    """Return the night of an assignment today, and (open, night) of every session up to `last`.

    Nights are in days, from the session on which strikes change hands to the next. `quarter` is
    the instant in quarters of an hour: no calendar date of a zone begins within one.
    """
    calendar = calendar_named(calendar_name)
    day = calendar.session_date(quarter * _QUARTER)
    today = _night_after(calendar, day)
    session, found = calendar.next_session(day - timedelta(days=1)), []
    while session <= last:
        following = calendar.next_session(session)
        found.append((calendar.open_ns(session), (following - session).days))
        session = following
    tomorrow = calendar.next_session(day)
    return max(today, calendar.nights_to_settlement(tomorrow)), found
