"""Sessions between the dates of a ledger on which an assignment can be worse than on any of them.

A strike K that changes hands at t is worth ``D(t) K`` today, and short stock has cost ``b t`` by
then. Between two dividends and two nodes of the curve nothing else moves, so only
``g(t) = D(t) K + b t`` decides. Where g is monotone for every strike, or convex (for a payment, of
which the counterparty seeks the greatest), an end of the piece is worst and no session is needed:
so it is on a flat curve. With ``D = exp(-x(t))``, ``x = r(t) t`` and the zero rate r linear in t
with slope c, ``g'' = D K (x'^2 - 2 c)``: convex wherever the slope is at most half the square of
the forward rate x'. Elsewhere the worst session is one that is no better than its neighbours.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise

from engine.clock import NS_PER_DAY, years_between
from engine.market.calendar import Calendar
from engine.market.carry import RateCurve

RECEIPT = -1
PAYMENT = 1

Range = tuple[float, float]


def opens_between(calendar: Calendar, now: int, start: float, end: float) -> list[float]:
    """Return, in years from `now`, the openings of the sessions strictly between two moments."""
    day = calendar.session_date(now + int(start * 365.0 * NS_PER_DAY)) - timedelta(days=1)
    opens: list[float] = []
    while True:
        day = calendar.next_session(day)
        moment = years_between(now, calendar.open_ns(day))
        if moment >= end:
            return opens
        if moment > start:
            opens.append(moment)


def worst_days(
    calendar: Calendar,
    now: int,
    curve: RateCurve,
    side: int,
    fee: float,
    strikes: Range,
    ex_dates: Sequence[float],
    taus: Sequence[float],
) -> list[float]:
    """Return the sessions and nodes that may be the worst for a strike between two ex-dates.

    Parameters
    ----------
    side
        PAYMENT of a strike, the greatest of ``D(t) K + fee t`` being worst, or RECEIPT, the least.
    fee
        What short stock costs per year.
    strikes
        The lowest and the highest strike.
    ex_dates, taus
        Ex-dates and settlements in years from `now`, rising. The sessions on both sides of a
        settlement are kept: a position that ends there knows no later session.

    Notes
    -----
    O(nodes + ex-dates) where no session is needed, else O(sessions).
    """
    end = taus[-1]
    if fee == 0.0 and curve.is_plain:
        return []
    nodes = [day / 365.0 for day in curve.days if 0.0 < day / 365.0 < end]
    is_whole = curve.is_plain and not nodes and end > 0.0
    # If one end of the whole is worst for every strike, so it is of any piece.
    if is_whole and _is_plain(curve, 0.0, end, side, fee, strikes):
        return []
    cuts = sorted({0.0, end, *nodes, *(ex for ex in ex_dates if ex < end)})
    found: list[float] = []
    points = [0.0]
    for a, b in pairwise(cuts):
        if not _is_plain(curve, a, b, side, fee, strikes):
            points += opens_between(calendar, now, a, b)
        points.append(b)
        if b in ex_dates or b == end:
            found += _extremes(curve, points, side, fee, strikes, taus)
            points = [b]
    return found


def falls_somewhere(curve: RateCurve, end: float) -> bool:
    """Return whether a forward rate of `curve` is negative before `end`."""
    if curve.is_plain:
        return False
    cuts = [0.0, *(day / 365.0 for day in curve.days if 0.0 < day / 365.0 < end), end]
    return any(_forwards(curve, a, b)[0] < 0.0 for a, b in pairwise(cuts))


def worst_discounts(
    calendar: Calendar, now: int, curve: RateCurve, side: int, taus: Sequence[float]
) -> array[float]:
    """Return what 1 is worth at worst if it may change hands on any day up to each of `taus`.

    The greatest discount for a PAYMENT, which is 1 where rates do not fall below 0; the least for
    a RECEIPT, which is then that of the last day. O(expiries), else O(sessions).
    """
    worst = array("d", curve.discounts(taus))
    if curve.is_plain:
        if side == PAYMENT:
            for e, tau in enumerate(taus):
                if tau > 0.0:
                    worst[e] = max(worst[e], 1.0)
        return worst
    if not taus:
        return worst
    pick = max if side == PAYMENT else min
    days = [0.0] if side == PAYMENT else []
    if falls_somewhere(curve, taus[-1]):
        nodes = [day / 365.0 for day in curve.days]
        days = sorted({0.0, *opens_between(calendar, now, 0.0, taus[-1]), *nodes})
    for e, tau in enumerate(taus):
        worst[e] = pick([worst[e], *(curve.discount(day) for day in days if day < tau)])
    return worst


def _forwards(curve: RateCurve, a: float, b: float) -> tuple[float, float, float]:
    """Return the least and greatest forward rate between two moments of one piece, and slope."""
    slope = (curve.rate(b) - curve.rate(a)) / (b - a)
    first, last = curve.rate(a) + slope * a, curve.rate(b) + slope * b
    return min(first, last), max(first, last), slope


def _is_plain(curve: RateCurve, a: float, b: float, side: int, fee: float, strikes: Range) -> bool:
    """Return whether one end of the piece is worst for every strike."""
    low, high, slope = _forwards(curve, a, b)
    if low >= 0.0:
        if fee <= strikes[0] * low * curve.discount(b):
            return True
        if fee >= strikes[1] * high * curve.discount(a):
            return True
    nearest = max(low, -high, 0.0)
    return side == PAYMENT and 2.0 * slope <= nearest * nearest


def _extremes(
    curve: RateCurve,
    points: Sequence[float],
    side: int,
    fee: float,
    strikes: Range,
    taus: Sequence[float],
) -> Iterable[float]:
    """Return which inner `points` are worst among their neighbours for some strike in range."""
    discounts = [curve.discount(t) for t in points]
    for k in range(1, len(points) - 1):
        before, t, after = points[k - 1 : k + 2]
        gone, left = discounts[k - 1] - discounts[k], discounts[k] - discounts[k + 1]
        if side == PAYMENT:
            is_worst = _has_strike(gone, fee * (t - before), left, fee * (after - t), strikes)
        else:
            is_worst = _has_strike(left, fee * (after - t), gone, fee * (t - before), strikes)
        # What the discount alone makes worst counts where no fee is owed.
        is_turn = side * gone <= 0.0 <= side * left and gone != left
        if is_worst or is_turn or bisect_left(taus, before) < bisect_left(taus, after):
            yield t


def _has_strike(a: float, most: float, b: float, least: float, strikes: Range) -> bool:
    """Return whether a strike K in range has ``K a <= most`` and ``K b >= least``, both >= 0."""
    low, high = strikes
    if a > 0.0:
        high = min(high, most / a)
    if b > 0.0:
        low = max(low, least / b)
    elif b < 0.0 or least > 0.0:
        return False
    return low <= high
