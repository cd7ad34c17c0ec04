"""Checks against a trader that runs away: how often, the same again, and what the day has cost."""

from __future__ import annotations

from engine.clock import NS_PER_SECOND
from engine.execution.exposure import Exposure
from engine.execution.limits import Limits


def second(limits: Limits, exposure: Exposure, now_ns: int, n: int, reserved: int) -> str:
    """Check orders in any second."""
    sent = exposure.sent_within(1.0, now_ns)
    return _too_many(sent, n, limits.max_orders_second, reserved, "in the last second")


def minute(limits: Limits, exposure: Exposure, now_ns: int, n: int, reserved: int) -> str:
    """Check orders in any minute."""
    sent = exposure.sent_within(60.0, now_ns)
    return _too_many(sent, n, limits.max_orders_minute, reserved, "in the last minute")


def day(limits: Limits, exposure: Exposure, now_ns: int, n: int, reserved: int) -> str:
    """Check orders on this day of the exchange."""
    return _too_many(exposure.orders_today, n, limits.max_orders_day, reserved, "today")


def duplicate(limits: Limits, exposure: Exposure, now_ns: int, key: str) -> str:
    """Check when the same combo was sent."""
    start = now_ns - round(limits.duplicate_window_s * NS_PER_SECOND)
    for known, ts_ns in reversed(exposure.recent):
        # One that lies in the future was sent before the clock was set back.
        if known == key and ts_ns > start:
            ago = max(0.0, (now_ns - ts_ns) / NS_PER_SECOND)
            return (
                f"the same combo was sent {ago:.1f} s ago: at least {limits.duplicate_window_s:g} s"
            )
    return ""


def day_loss(limits: Limits, exposure: Exposure) -> str:
    """Check the loss of the day."""
    most = exposure.accepted_loss_usd + limits.max_day_loss_usd
    if exposure.day_pnl_usd > -most:
        return ""
    if exposure.day_pnl_usd != exposure.day_pnl_usd:
        return "the profit or loss of the day is not known"
    return f"the day has lost ${-exposure.day_pnl_usd:,.2f}: nothing new from ${most:,.2f} on"


def _too_many(sent: int, n: int, most: int, reserved: int, when: str) -> str:
    if sent + n <= most - reserved:
        return ""
    kept = f", {reserved} of them kept for unwinding" if reserved else ""
    orders = "1 order" if n == 1 else f"{n} orders"
    return f"{orders} more after {sent} {when}: at most {most}{kept}"
