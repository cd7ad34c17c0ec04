"""Checks of the hour: trading sessions, half days, and when the broker restarts."""

from __future__ import annotations

from engine.clock import NS_PER_SECOND, from_ns
from engine.execution.case import Case
from engine.market.calendar import zone_named


def session(case: Case) -> str:
    """Check the hours of the exchange, without the first and the last moments."""
    calendar, today, limits = case.calendar, case.today, case.limits
    if not calendar.is_session(today):
        return f"the exchange is closed today, {today}"
    opens, closes = calendar.open_ns(today), calendar.close_ns(today)
    first = opens + round(limits.open_quiet_s * NS_PER_SECOND)
    last = closes - round(limits.close_quiet_s * NS_PER_SECOND)
    if first <= case.now_ns < last:
        return ""
    zone = zone_named(calendar.zone)
    at, start, end = (
        f"{from_ns(ts_ns).astimezone(zone):%H:%M:%S}" for ts_ns in (case.now_ns, first, last)
    )
    half = ", a half day" if calendar.is_early_close(today) else ""
    return f"it is {at} at the exchange: new packages from {start} to {end}{half}"


def restart_window(case: Case) -> str:
    """Check the times at which the broker restarts, and some time before."""
    quiet = case.limits.restart_quiet_s
    for window in case.windows:
        left = window.seconds_until(case.now_ns)
        if left <= 0.0:
            return f"the broker may restart now ({window})"
        if left <= quiet:
            return f"the broker may restart in {left:,.0f} s ({window}): not within {quiet:,.0f} s"
    return ""
