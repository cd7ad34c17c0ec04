"""Checks of orders that complete or unwind a half-filled package.

What unwinds reduces risk and is never held back by a limit: it is only checked that it is for our
account and for no more than what is held, beyond which it would open something. What completes
opens a leg: it is held to the limits of a new order as well, and where one refuses it, the package
is unwound instead. Completing may use the part of the order rates that is reserved for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from engine.execution import rate_checks
from engine.execution.exposure import Exposure
from engine.execution.limits import Limits
from engine.execution.orders import Order
from engine.market.combo import STOCK

_HAIR = 1e-9


class Correction(NamedTuple):
    """An order that brings a package to its end.

    `account` is the one that is traded, `held` what the package has of the order's contract and
    `wanted` what it should have when it is whole, both in contracts or shares and 0 for combos;
    `touch` what the order's contract costs now per share, positive; nan is not known.
    """

    order: Order
    account: str
    is_unwind: bool
    held: float
    wanted: float
    touch: float


def account(limits: Limits, one: Correction, exposure: Exposure, now_ns: int) -> str:
    """Check whose order it is."""
    given = one.order.account
    return "" if given == one.account else f"it is for account {given[:20]!r}, not {one.account}"


def most(limits: Limits, one: Correction, exposure: Exposure, now_ns: int) -> str:
    """Check that no more is traded than the package holds, or lacks."""
    if not one.order.is_single:
        return ""
    quantity = one.order.quantity(0)
    room = -one.held if one.is_unwind else one.wanted - one.held
    if quantity * room > 0.0 and abs(quantity) <= abs(room) + _HAIR:
        return ""
    what = "held" if one.is_unwind else "missing"
    return f"{quantity:+g} of {one.order.combo.legs[0][1].name}: {abs(room):g} are {what}"


def quantity(limits: Limits, one: Correction, exposure: Exposure, now_ns: int) -> str:
    """Check contracts, or shares, of each leg."""
    for place, (_, contract) in enumerate(one.order.combo.legs):
        n = abs(one.order.quantity(place))
        allowed = limits.max_shares if contract.kind == STOCK else limits.max_contracts
        if n > allowed:
            return f"{n:,.0f} of {contract.name}: at most {allowed:,} in one order"
    return ""


def notional(limits: Limits, one: Correction, exposure: Exposure, now_ns: int) -> str:
    """Check what a single contract trades at the order's limit."""
    order = one.order
    if not order.is_single:
        return ""
    per_price = 1.0 if order.combo.legs[0][1].kind == STOCK else order.multiplier
    usd = abs(order.quantity(0) * order.limit) * per_price
    allowed = limits.max_order_usd
    return "" if usd <= allowed + _HAIR else f"it trades ${usd:,.2f}: at most ${allowed:,.2f}"


def collar(limits: Limits, one: Correction, exposure: Exposure, now_ns: int) -> str:
    """Check the limit against what the contract costs now."""
    if not one.order.is_single:
        return ""
    sign = 1.0 if one.order.combo.legs[0][0] > 0 else -1.0
    worse = one.order.limit - sign * one.touch
    if worse <= limits.collar_market + _HAIR:
        return ""
    if worse != worse:
        return "what the leg costs now is not known"
    return f"the limit is {worse:.4f} beyond what the leg costs: at most {limits.collar_market:.4f}"


def _rate(
    check: Callable[[Limits, Exposure, int, int, int], str],
) -> Callable[[Limits, Correction, Exposure, int], str]:
    # The order itself is journalled already, and counted.
    return lambda limits, one, exposure, now_ns: check(limits, exposure, now_ns, 0, 0)


ALWAYS = (("account", account), ("quantity", most))
COMPLETING = (
    ("quantity", quantity), ("notional", notional), ("collar-market", collar),
    ("order-rate-second", _rate(rate_checks.second)),
    ("order-rate-minute", _rate(rate_checks.minute)), ("order-rate-day", _rate(rate_checks.day)),
)  # fmt: skip


def refusals(
    limits: Limits, one: Correction, exposure: Exposure, now_ns: int
) -> tuple[tuple[str, str], ...]:
    """Return why a correction is not sent, as codes and sentences; empty if it may be."""
    checks = ALWAYS if one.is_unwind else ALWAYS + COMPLETING
    said = ((code, check(limits, one, exposure, now_ns)) for code, check in checks)
    return tuple((code, text) for code, text in said if text)


Corrections = Callable[[Correction, Exposure, int], tuple[tuple[str, str], ...]]
"""Return why a correction is not sent at a wall time, as codes and sentences."""


def no_limits(one: Correction, exposure: Exposure, now_ns: int) -> tuple[tuple[str, str], ...]:
    """Refuse only what is never right: another account, and more than is held."""
    said = ((code, check(Limits(), one, exposure, now_ns)) for code, check in ALWAYS)
    return tuple((code, text) for code, text in said if text)
