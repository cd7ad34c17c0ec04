"""Checks of the stock behind the options: borrow, dividends, early assignment, pin, expiry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from engine.execution.case import Case, name_of
from engine.market.combo import Leg

_HAIR = 1e-9


def restricted(case: Case) -> str:
    """Check symbols that are not traded."""
    if case.plan.symbol not in case.limits.restricted:
        return ""
    return f"{case.plan.symbol} is on the list of symbols that are not traded"


def not_shortable(case: Case) -> str:
    """Check whether the shares that are sold short can be borrowed, and at what fee."""
    shares, facts = case.short_shares, case.facts
    if not shares:
        return ""
    part = case.limits.max_shortable_fraction
    if math.isnan(facts.shortable):
        return f"how many shares of {case.plan.symbol} can be borrowed is not known"
    if shares > facts.shortable * part + _HAIR:
        return (
            f"{shares:,.0f} shares of {case.plan.symbol} to borrow, {facts.shortable:,.0f} can be: "
            f"at most {part:.0%} of them"
        )
    if not facts.borrow_fee <= case.limits.max_borrow_fee + _HAIR:
        return (
            f"borrowing {case.plan.symbol} costs {facts.borrow_fee:.2%} a year: at most "
            f"{case.limits.max_borrow_fee:.2%}"
        )
    return ""


def early_assignment(case: Case) -> str:
    """Check the time value of every American option that is sold in the money."""
    if not case.is_american:
        return ""
    least, spot = case.limits.min_time_value, _spot(case)
    for leg in case.sold_options:
        inside = spot - leg.strike if leg.right == "C" else leg.strike - spot
        left = leg.price - inside
        if not (inside <= 0.0 or left >= least - _HAIR):
            return (
                f"{name_of(leg, case.plan.symbol)} is {inside:.2f} in the money with a time value "
                f"of {left:.4f}: at least {least:.4f}, or it is assigned at once"
            )
    return ""


def ex_dividend(case: Case) -> str:
    """Check the sessions until the stock goes ex-dividend, where an American call is sold."""
    n = case.limits.ex_dividend_sessions
    calls = [leg for leg in case.sold_options if leg.right == "C"]
    if not (n and calls and case.is_american):
        return ""
    if not case.facts.knows_dividends:
        return f"a call of {case.plan.symbol} is sold, and its dividends are not known"
    if not case.facts.dividends:
        return ""
    today = last = case.today
    for _ in range(n):
        last = case.calendar.next_session(last)
    for dividend in case.facts.dividends:
        if today < dividend.ex_date <= last and _is_held_then(calls, dividend.ex_date):
            return (
                f"{case.plan.symbol} goes ex-dividend ({dividend.amount:g}) on "
                f"{dividend.ex_date}, and a sold call may be exercised before: nothing new "
                f"{'on the session' if n == 1 else f'{n} sessions'} before"
            )
    return ""


def _is_held_then(legs: Sequence[Leg], day: date) -> bool:
    return any(leg.expiry is None or leg.expiry >= day for leg in legs)


def expiry(case: Case) -> str:
    """Check the days to the last trading day of the nearest leg."""
    first, least = case.plan.first_expiry, case.limits.min_days_to_expiry
    if first is None:
        return ""
    days = (first - case.today).days
    if days >= max(least, 0):
        return ""
    return f"the nearest leg expires in {days} days ({first}): at least {least}"


def pin(case: Case) -> str:
    """Check sold options that expire soon with the stock near their strike."""
    limits, spot = case.limits, _spot(case)
    for leg in case.sold_options:
        days = (leg.expiry - case.today).days if leg.expiry else 0
        away = abs(spot - leg.strike)
        if days <= limits.pin_days and not away > limits.pin_width * spot:
            return (
                f"{name_of(leg, case.plan.symbol)} expires in {days} days, the stock is {away:.2f} "
                f"from its strike: more than {limits.pin_width * spot:.2f}"
            )
    return ""


def _spot(case: Case) -> float:
    spot = case.facts.spot
    return case.plan.spot if math.isnan(spot) else spot
