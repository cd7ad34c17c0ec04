"""One path of a single-expiry position, told forward in dated cash flows, by the rules in words.

Nothing here knows a recursion: who is assigned when, and where the spot ends, are given; the flows
follow day by day and are valued one by one. The verifier must never promise more than any path
pays, and no less than the worst of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import product

from engine.clock import years_between
from engine.market.calendar import US
from engine.market.carry import Carry
from engine.market.combo import STOCK, Leg

# An instant: its time, then whether it lies before (0) or after (1) the dividend of that time.
Instant = tuple[int, int, date]


@dataclass(slots=True)
class Path:
    """The cash of one path: present value so far, shares held, open quantities by leg."""

    carry: Carry
    now: int
    first_bid: float
    shares: float
    open: dict[Leg, float]
    value: float = 0.0

    def pay(self, at: int, amount: float) -> None:
        curve = self.carry.borrow if amount > 0 else self.carry.lend
        self.value += amount * curve.discount(years_between(self.now, at))

    def wait(self, start: int, end: int) -> None:
        if self.shares < 0:
            years = years_between(start, end)
            self.value += self.shares * self.carry.borrow_fee * self.first_bid * years

    def go_ex(self, dividends: Sequence[object]) -> None:
        for dividend in dividends:
            at = US.open_ns(dividend.pay_date)  # type: ignore[attr-defined]
            amount = dividend.amount  # type: ignore[attr-defined]
            if self.shares > 0:
                self.pay(at, self.shares * amount * (1 - self.carry.withholding))
            else:
                self.pay(at, self.shares * amount)


def instants(carry: Carry, now: int, end: int) -> list[Instant]:
    """Today, both sides of every ex-date, every session."""
    return sorted({*events(carry, now, end), *sessions(now, end)})


@cache
def sessions(now: int, end: int) -> list[Instant]:
    """The opening of every session after now, when the strikes of its morning are paid."""
    day, found = US.next_session(US.session_date(now)), []
    while US.open_ns(day) < end:
        found.append((US.open_ns(day), 1, day))
        day = US.next_session(day)
    return found


def events(carry: Carry, now: int, end: int) -> list[Instant]:
    """Today, both sides of every ex-date."""
    found = {(now, 1, US.session_date(now))}
    for dividend in carry.dividends:
        at = US.open_ns(dividend.ex_date)
        if now < at <= end:
            found |= {(at, 0, dividend.ex_date), (at, 1, dividend.ex_date)}
    return sorted(found)


def night(now: int, instant: Instant) -> float:
    """The years from when strikes change hands to the next settlement, now the longer of two."""
    at, _, day = instant
    days = US.nights_to_settlement(US.previous_session(day + timedelta(days=1)))
    if at == now:
        days = max(days, US.nights_to_settlement(US.next_session(day)))
    return days / 365


def interest_of_a_night(carry: Carry, years: float) -> float:
    return math.exp(carry.borrow.rate(years) * years) - 1


def follow(
    legs: Sequence[Leg], carry: Carry, now: int, first_bid: float, spot: float,
    assigned: Mapping[Leg, Instant],
) -> float:  # fmt: skip
    """Return the present value of `legs` when `assigned` happens and the spot ends at `spot`.

    Bought options are exercised only to answer an assignment that leaves stock open.
    """
    options = [leg for leg in legs if leg.kind != STOCK]
    end = options[0].settles_ns
    shares = float(sum(leg.side * leg.ratio for leg in legs if leg.kind == STOCK))
    path = Path(
        carry, now, first_bid, shares, {leg: float(leg.side * leg.ratio) for leg in options}
    )
    for leg in legs:
        path.value -= leg.ratio * (leg.side * leg.price + leg.fee)
    clock = now
    for instant in instants(carry, now, end):
        at, side, _ = instant
        path.wait(clock, at)
        clock = at
        today = [leg for leg, when in assigned.items() if when == instant and path.open[leg] < 0]
        ex = [d for d in carry.dividends if US.open_ns(d.ex_date) == at and at > now]
        if side == 0:
            _assign(path, today, instant, ex)
        else:
            _assign(path, today, instant, [])
    path.wait(clock, end)
    last = path.shares * spot
    for leg, quantity in path.open.items():
        gain = spot - leg.strike if leg.right == "C" else leg.strike - spot
        last += quantity * max(gain, 0.0)
    path.pay(end, last)
    return path.value


def _assign(path: Path, legs: Sequence[Leg], instant: Instant, ex: Sequence[object]) -> None:
    before, strikes, financed = path.shares, 0.0, 0.0
    for leg in sorted(legs, key=lambda leg: leg.right):
        count = -path.open[leg]
        path.open[leg] = 0.0
        if leg.right == "C":
            strikes += count * leg.strike
            path.shares -= count
        else:
            strikes -= count * leg.strike
            uncovered = count - min(count, max(0.0, -path.shares))
            financed += uncovered * leg.strike
            path.shares += count
    path.go_ex(ex)
    years = night(path.now, instant)
    # What calls leave short is so until late exercise settles.
    short = max(0.0, -path.shares) - max(0.0, -before)
    path.value -= max(0.0, short) * path.carry.borrow_fee * path.first_bid * years
    # The next morning: whatever is more, in either direction, than was held before is closed.
    strikes_of_puts = 0.0
    while path.shares < min(before, 0.0):
        calls = [leg for leg in path.open if leg.right == "C" and path.open[leg] > 0]
        if not calls:
            path.value = -math.inf
            return
        best = min(calls, key=lambda leg: leg.strike)
        path.open[best] -= 1
        path.shares += 1
        strikes -= best.strike
    while path.shares > max(before, 0.0):
        puts = [leg for leg in path.open if leg.right == "P" and path.open[leg] > 0]
        path.shares -= 1
        if puts:
            best = max(puts, key=lambda leg: leg.strike)
            path.open[best] -= 1
            strikes_of_puts += best.strike
    if strikes_of_puts:
        strikes_of_puts -= financed * interest_of_a_night(path.carry, years)
    if legs:
        path.pay(instant[0], strikes + strikes_of_puts)


def schedules(
    legs: Sequence[Leg], carry: Carry, now: int, *, apart: bool = False
) -> Iterator[dict[Leg, Instant]]:
    """Ways of assigning each sold option, or never: puts at any instant, calls not on ex-dates.

    Every way over the events, and on every session every set at once; with `apart`, every way
    over the sessions too.
    """
    sold = [leg for leg in legs if leg.kind != STOCK and leg.side < 0]
    end = max(leg.settles_ns for leg in legs)
    every = events(carry, now, end)
    quiet = [i for i in sessions(now, end) if (i[0], 0, i[2]) not in every]
    if apart:
        every = [*every, *quiet]
    choices = [
        [None] + [i for i in every if leg.right == "P" or i[1] == 0 or i[0] == now or i in quiet]
        for leg in sold
    ]
    together = ([(None, day)] * len(sold) for day in quiet)
    for ways in (choices, *together):
        for chosen in product(*ways):
            yield {leg: i for leg, i in zip(sold, chosen, strict=True) if i is not None}
