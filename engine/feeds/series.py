"""What a listed expiry date means: last trading day, AM or PM settlement."""

from __future__ import annotations

from datetime import date, timedelta

from engine.feeds.names import AM_ALWAYS, AM_MONTHLY
from engine.market.calendar import Calendar
from engine.market.chain import Expiry


def expiry_of(listed: date, symbol: str, calendar: Calendar, trading_class: str = "") -> Expiry:
    """Return the expiry listed as `listed` (a Saturday before 2015) for `symbol`.

    Without `trading_class` an index series on its monthly date is the AM-settled one, any other
    the PM-settled weekly. `Expiry.date` is the session on which the series settles.

    Source: Cboe and Nasdaq contract specifications of the index options named in
    `engine.feeds.names`.
    """
    session = calendar.last_trading_day(listed)
    settlement = "PM"
    if symbol in AM_MONTHLY:
        weekly = AM_MONTHLY[symbol]
        is_monthly = is_monthly_date(listed, calendar)
        if not trading_class:
            trading_class = symbol if is_monthly else weekly
        if is_monthly and trading_class == symbol:
            settlement = "AM"
    elif symbol in AM_ALWAYS:
        settlement = "AM"
    return Expiry(calendar.settlement_ns(session, settlement), session, settlement, trading_class)


def is_monthly_date(listed: date, calendar: Calendar) -> bool:
    """Return whether a series listed as `listed` is the monthly one, of the third Friday."""
    session = calendar.last_trading_day(listed)
    return session == calendar.last_trading_day(_third_friday(listed))


def _third_friday(day: date) -> date:
    first = day.replace(day=1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)
