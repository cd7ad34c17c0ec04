"""What a listed expiry date means: last trading day, AM or PM settlement, style."""

from __future__ import annotations

from datetime import date, timedelta

from engine.market.calendar import Calendar
from engine.market.chain import AMERICAN, COIN, EQUITY, EUROPEAN, INDEX, Expiry

# Cboe and Nasdaq index options. The monthly class of these settles on the opening prices of the
# third Friday; their weekly classes, and every other index, settle at the close.
AM_MONTHLY = {"SPX": "SPXW", "NDX": "NDXP", "RUT": "RUTW", "DJX": "DJX"}
AM_ALWAYS = frozenset({"VIX"})
PM_INDICES = frozenset(
    {"SPXW", "NDXP", "RUTW", "XSP", "XND", "MRUT", "OEX", "XEO"}
)  # fmt: skip
INDICES = frozenset(AM_MONTHLY) | AM_ALWAYS | PM_INDICES
AMERICAN_INDICES = frozenset({"OEX"})

# Deribit's coin-settled underlyings; its other coins have linear contracts only.
INVERSE_COINS = frozenset({"BTC", "ETH"})


def kind_of(symbol: str) -> str:
    """Return EQUITY, INDEX or COIN for an underlying's symbol."""
    if symbol in INDICES:
        return INDEX
    return COIN if symbol in INVERSE_COINS else EQUITY


def style_of(symbol: str) -> str:
    """Return the exercise style a symbol's listed options have where a file does not say."""
    if kind_of(symbol) == EQUITY or symbol in AMERICAN_INDICES:
        return AMERICAN
    return EUROPEAN


def expiry_of(listed: date, symbol: str, calendar: Calendar, trading_class: str = "") -> Expiry:
    """Return the expiry listed as `listed` (a Saturday before 2015) for `symbol`.

    Without `trading_class` an index series on its monthly date is the AM-settled one, any other
    the PM-settled weekly. `Expiry.date` is the session on which the series settles.

    Source: Cboe and Nasdaq contract specifications of the index options named in this module.
    """
    session = calendar.last_trading_day(listed)
    settlement = "PM"
    if symbol in AM_MONTHLY:
        weekly = AM_MONTHLY[symbol]
        is_monthly = session == calendar.last_trading_day(_third_friday(listed))
        if not trading_class:
            trading_class = symbol if is_monthly else weekly
        if is_monthly and trading_class == symbol:
            settlement = "AM"
    elif symbol in AM_ALWAYS:
        settlement = "AM"
    return Expiry(calendar.settlement_ns(session, settlement), session, settlement, trading_class)


def _third_friday(day: date) -> date:
    first = day.replace(day=1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)
