"""A brute-force judge of American combos: every session, every number of contracts assigned.

Written from the cash flows in words; nothing of `engine.proof` is in it. On a session n the market
may have any number of each sold option exercised. Strikes change hands on session n + 1, where the
holder, who hears of it that morning, exercises what he has of the same right, best strike first;
these strikes settle on n + 2. So a delivered call leaves the stock short for a night, at its fee,
and without the dividend of n + 1; a put is paid a night before it brings its own strike.

Flat curves only. Receipts are worth what borrowing costs, payments what lending brings.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from datetime import date
from functools import cache

from engine.clock import NS_PER_DAY
from engine.market.calendar import US
from engine.market.carry import Carry

NS_PER_YEAR = 365 * NS_PER_DAY


@dataclass(frozen=True)
class Option:
    """Contracts of one option, negative when sold; `ends` is its last trading day."""

    right: str
    strike: float
    count: int
    ends: date


@dataclass(frozen=True)
class Night:
    """What an assignment costs whose strikes change hands at `at`, by the share.

    `lends` and `borrows` discount payments and receipts; `fee` is that of short stock until the
    next settlement, `owed` the dividends missed, `interest` that on a strike paid a night early.
    """

    at: int
    day: date
    lends: float
    borrows: float
    fee: float
    owed: float
    interest: float

    def present(self, amount: float) -> float:
        return amount * (self.borrows if amount >= 0.0 else self.lends)


def nights(now: int, last: date, carry: Carry, bid: float) -> list[Night]:
    """Every session on which strikes may change hands, up to `last`; now at first."""
    found: list[Night] = []
    today = US.session_date(now)
    day = US.next_session(today)
    first_gap = (day - today).days

    def night(at: int, day: date, gap: int, *, is_now: bool) -> Night:
        years = (at - now) / NS_PER_YEAR
        lend, borrow = carry.lend.rates[0], carry.borrow.rates[0]
        owed = 0.0
        for one in carry.dividends:
            if one.ex_date == day and not is_now:
                pays = (US.open_ns(one.pay_date) - now) / NS_PER_YEAR
                owed += one.amount * math.exp(-lend * pays)
        return Night(
            at, day, math.exp(-lend * years), math.exp(-borrow * years),
            carry.borrow_fee * bid * gap / 365.0, owed, math.exp(borrow * gap / 365.0) - 1.0,
        )  # fmt: skip

    gap = (US.next_session(day) - day).days
    found.append(night(now, today, max(gap, first_gap), is_now=True))
    while day <= last:
        gap = (US.next_session(day) - day).days
        found.append(night(US.open_ns(day), day, gap, is_now=False))
        day = US.next_session(day)
    return found


def worst(options: list[Option], now: int, carry: Carry, bid: float, stock: int = 0) -> float:
    """Return the least that options, and long stock, are worth, prices apart.

    Exact where all end together; where bought ones live on, no more than they are worth.
    """
    # What lives on is exercised then, if nothing better is known.
    last = min(option.ends for option in options)
    days = nights(now, last, carry, bid)
    end = US.close_ns(last)
    years = (end - now) / NS_PER_YEAR
    lends = math.exp(-carry.lend.rates[0] * years)
    borrows = math.exp(-carry.borrow.rates[0] * years)
    dividends = [
        (one.ex_date, one.amount * (1.0 - carry.withholding), one.pay_date)
        for one in carry.dividends
        if US.open_ns(one.ex_date) <= end and US.open_ns(one.ex_date) > now
    ]

    def settled(held: tuple[int, ...], shares: int) -> float:
        levels = {0.0, *(option.strike for option in options)}
        slope = shares + sum(
            count for count, one in zip(held, options, strict=True) if one.right == "C"
        )
        if slope < 0:
            return -math.inf
        least = min(
            shares * level
            + sum(
                count * max(0.0, (level - one.strike) * (1 if one.right == "C" else -1))
                for count, one in zip(held, options, strict=True)
            )
            for level in levels
        )
        return least * (borrows if least >= 0.0 else lends)

    def received(shares: int, k: int) -> float:
        """The dividend of the day on which strikes of `days[k]` change hands."""
        total = 0.0
        for ex, amount, pay in dividends:
            if shares > 0 and k > 0 and days[k - 1].day < ex <= days[k].day:
                years = (US.open_ns(pay) - now) / NS_PER_YEAR
                total += shares * amount * math.exp(-carry.borrow.rates[0] * years)
        return total

    @cache
    def value(k: int, held: tuple[int, ...], shares: int) -> float:
        if k == len(days):
            return settled(held, shares)
        night, least = days[k], value(k + 1, held, shares) + received(shares, k)
        sold = [i for i, count in enumerate(held) if count < 0]
        for taken in itertools.product(*(range(-held[i] + 1) for i in sold)):
            if not any(taken):
                continue
            rest, flow, calls, puts, left = list(held), 0.0, 0, 0, shares
            for i, count in zip(sold, taken, strict=True):
                rest[i] += count
                if options[i].right == "C":
                    flow += count * options[i].strike
                    calls += count
                else:
                    flow -= count * options[i].strike
                    puts += count
            # What is delivered both ways on one day needs no answer.
            both = min(calls, puts)
            calls, puts = calls - both, puts - both
            own = min(calls, left)
            left, calls = left - own, calls - own
            cost = calls * (night.fee + night.owed)
            dear = sorted(
                (options[i].strike for i, count in zip(sold, taken, strict=True)
                 for _ in range(count) if options[i].right == "P"), reverse=True,
            )  # fmt: skip
            flow -= sum(dear[:puts]) * night.interest
            for wanted, right, sign in ((calls, "C", 1.0), (puts, "P", -1.0)):
                mine = [i for i, one in enumerate(options) if one.right == right and rest[i] > 0]
                mine.sort(key=lambda i: sign * options[i].strike)
                for i in mine:
                    count = min(rest[i], wanted)
                    rest[i] -= count
                    wanted -= count
                    flow -= sign * count * options[i].strike
                if wanted and right == "C":
                    flow = -math.inf
            if flow == -math.inf:
                return -math.inf
            after = value(k + 1, tuple(rest), left) + received(left, k)
            least = min(least, night.present(flow) - cost + after)
        return least

    return value(0, tuple(option.count for option in options), stock)
