"""How many bars a year has: what every annualised figure is scaled by."""

from __future__ import annotations

from datetime import timedelta

from engine.clock import NS_PER_DAY
from engine.market.calendar import Calendar

# The usual round numbers: sessions of an exchange, days of a market that never closes.
SESSIONS, DAYS = 252.0, 365.0


def periods_per_year(interval_ns: int, calendar: Calendar) -> float:
    """Return the bars of a year for bars of `interval_ns` in the sessions of `calendar`.

    252 sessions for an exchange, 365 days for a market that never closes. Bars shorter than a day
    count by session, a last short one as one: hours of a US share come to 7 a session, 1,764 a
    year. Bars of several days count by calendar days, rounded: 52 weeks, 12 months.

    Raises
    ------
    ValueError
        If the interval is not positive.

    >>> from engine.market.calendar import CRYPTO, US
    >>> hour = NS_PER_DAY // 24
    >>> periods_per_year(NS_PER_DAY, US), periods_per_year(hour, US), periods_per_year(hour, CRYPTO)
    (252.0, 1764.0, 8760.0)
    >>> periods_per_year(7 * NS_PER_DAY, US)
    52.0
    """
    if interval_ns <= 0:
        raise ValueError(f"an interval must be positive, not {interval_ns} ns")
    sessions = DAYS if calendar.is_weekend_open else SESSIONS
    if interval_ns < NS_PER_DAY:
        open_ns = (calendar.closes - calendar.opens) // timedelta(microseconds=1) * 1000
        return sessions * -(-open_ns // interval_ns)
    if interval_ns == NS_PER_DAY:
        return sessions
    return float(max(1, round(DAYS * NS_PER_DAY / interval_ns)))
