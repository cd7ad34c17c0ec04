"""What it costs that notice of assignment comes the next morning (SCANNER section 7).

The long leg can no longer be exercised for yesterday: a short call has lost the dividend, a short
put has paid interest on its strike until the next settlement.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

from engine.clock import NS_PER_SECOND, years_between
from engine.market.calendar import Calendar, calendar_named
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.market.ledger import Flow

_QUARTER = 900 * NS_PER_SECOND


def late_calls(
    chain: OptionChain, calendar: Calendar, flows: Sequence[Flow], taus: Sequence[float]
) -> tuple[array[float], array[float]]:
    """Return the largest dividend up to expiry, and up to the open of the session after it."""
    zeros = array("d", bytes(8 * len(taus)))
    if not flows:
        return zeros, zeros
    ordered = sorted(flows, key=lambda flow: flow.ex)
    ex = [flow.ex for flow in ordered]
    largest = list(accumulate((flow.owed for flow in ordered), max, initial=0.0))
    now, name = chain.ts_ns, calendar.name
    after = [years_between(now, _open_after(name, expiry.date)) for expiry in chain.expiries]
    return (
        array("d", [largest[bisect_right(ex, tau)] for tau in taus]),
        array("d", [largest[bisect_right(ex, moment)] for moment in after]),
    )


def night_interest(
    chain: OptionChain, calendar: Calendar, carry: Carry, taus: Sequence[float]
) -> array[float]:
    """Return the interest on 1 over the longest gap between sessions up to each expiry."""
    dates = tuple(expiry.date for expiry in chain.expiries)
    curve, interest = carry.borrow, array("d")
    for tau, days in zip(taus, _nights(calendar.name, chain.ts_ns // _QUARTER, dates), strict=True):
        gap, highest = days / 365.0, curve.rates[0]
        if len(curve.days) > 1:
            nodes = (day / 365.0 for day in curve.days)
            highest = max(map(curve.rate, (gap, tau, *(node for node in nodes if node < tau))))
        interest.append(math.exp(max(highest, 0.0) * gap) - 1.0)
    return interest


@lru_cache(maxsize=1024)
def _open_after(calendar_name: str, day: date) -> int:
    """Return when the session after `day` opens."""
    calendar = calendar_named(calendar_name)
    return calendar.open_ns(calendar.next_session(day))


@lru_cache(maxsize=256)
def _nights(calendar_name: str, quarter: int, dates: tuple[date, ...]) -> tuple[int, ...]:
    """Return, by expiry, the longest gap in days from a session to the next, up to expiry.

    `quarter` is the instant in quarters of an hour: no calendar date of a zone begins within one.
    """
    calendar = calendar_named(calendar_name)
    longest, found = [], 0
    day = calendar.session_date(quarter * _QUARTER)
    for expires in dates:
        # No exchange was closed for longer than this pattern within half a year of any day.
        while day <= expires and found < 4:
            if calendar.is_session(day):
                found = max(found, calendar.nights_to_settlement(day))
            day += timedelta(days=1)
        longest.append(max(found, 1))
    return tuple(longest)
