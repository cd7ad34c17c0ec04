"""Longer bars from shorter ones, by session: an hour of a share is counted from the open.

A bar of the result takes what closed after the one before it and up to its own stamp. The last of a
session closes with it, however short it is; what traded outside of sessions is left out. A market
that never closes is cut by the clock, UTC: days at midnight, weeks before Monday.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from engine.clock import NS_PER_DAY
from engine.market.bars import Bars
from engine.trading.intervals import DAY

if TYPE_CHECKING:
    from engine.market.calendar import Calendar

# 1970-01-01 was a Thursday.
_FIRST_MONDAY = 4 * NS_PER_DAY
_MONDAY, _SATURDAY = 0, 5


def weekday(time_ns: int) -> int:
    """Return 0 for a Monday, UTC.

    >>> weekday(0)
    3
    """
    return (time_ns // NS_PER_DAY + 3) % 7


def is_always_open(bars: Bars) -> bool:
    """Tell whether bars are of a market that never closes: it has some of a Saturday or Sunday.

    A bar counts by the instant before its stamp. Without seven days of bars there is no telling,
    and hours of the night decide.
    """
    stamps = bars.time_ns
    if any(weekday(stamp - 1) >= _SATURDAY for stamp in stamps):
        return True
    if not stamps or stamps[-1] - stamps[0] >= 7 * NS_PER_DAY:
        return False
    hours = {(stamp - 1) % NS_PER_DAY // (NS_PER_DAY // 24) for stamp in stamps}
    return len(hours) >= 20


def resampled(bars: Bars, interval_ns: int, calendar: Calendar | None) -> Bars:
    """Return bars of `interval_ns` from shorter ones; without a calendar the market never closes.

    O(bars).
    """
    ends = _by_clock(bars, interval_ns) if calendar is None else _by_session(
        bars, interval_ns, calendar
    )  # fmt: skip
    stamps = array("q")
    columns = tuple(array("d") for _ in range(5))
    opened, high, low, close, volume = columns
    for row, end in enumerate(ends):
        if end < 0:
            continue
        if not stamps or end != stamps[-1]:
            stamps.append(end)
            opened.append(bars.open[row])
            high.append(bars.high[row])
            low.append(bars.low[row])
            close.append(bars.close[row])
            volume.append(bars.volume[row])
            continue
        high[-1] = max(high[-1], bars.high[row])
        low[-1] = min(low[-1], bars.low[row])
        close[-1] = bars.close[row]
        volume[-1] += bars.volume[row]
    return Bars(stamps, opened, high, low, close, volume)


def _by_clock(bars: Bars, interval_ns: int) -> list[int]:
    since = _FIRST_MONDAY if interval_ns > DAY else 0
    return [since - (since - stamp) // interval_ns * interval_ns for stamp in bars.time_ns]


def _by_session(bars: Bars, interval_ns: int, calendar: Calendar) -> list[int]:
    """Return the stamp of the longer bar that each bar belongs to, -1 for none."""
    ends = []
    opens = closes = 0
    for stamp in bars.time_ns:
        if not opens < stamp <= closes:
            day = calendar.session_date(stamp - 1)
            if not calendar.is_session(day):
                ends.append(-1)
                continue
            opens, closes = calendar.open_ns(day), calendar.close_ns(day)
            if not opens < stamp <= closes:
                ends.append(-1)
                opens = closes = 0
                continue
        if interval_ns < DAY:
            ends.append(min(closes, opens - (opens - stamp) // interval_ns * interval_ns))
        elif interval_ns == DAY:
            ends.append(closes)
        else:  # the days of several sessions, counted from a Monday, end at midnight
            ends.append(_FIRST_MONDAY - (_FIRST_MONDAY - stamp) // interval_ns * interval_ns)
    return ends
