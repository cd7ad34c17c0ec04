"""Checks of prices: against the floor, the market as it is now, and the quotes' own soundness.

A net price may be negative or zero; so every distance is in dollars per share, never a fraction of
the price.
"""

from __future__ import annotations

import math

from engine.execution.case import Case, name_of, net_of

_HAIR = 1e-9


def collar_fair(case: Case) -> str:
    """Check the limit against the floor, and the edge against what a market leaves lying about."""
    plan, most = case.plan, case.limits.collar_fair
    if not plan.limit <= plan.floor + _HAIR:
        return f"the limit {plan.limit:.4f} is above the floor {plan.floor:.4f}: it could lose"
    part = plan.edge / _spot(case)
    if not part <= most + _HAIR:
        return (
            f"an edge of {plan.edge:.4f} a share is {part:.2%} of the stock: above {most:.2%} "
            "it is taken for a fault of the data"
        )
    return ""


def collar_market(case: Case) -> str:
    """Check the limit against what the legs cost now."""
    away, most = case.plan.limit - case.net, case.limits.collar_market
    if abs(away) <= most + _HAIR:
        return ""
    where = "above" if away > 0 else "below"
    return (
        f"the limit {case.plan.limit:.4f} is {abs(away):.4f} {where} what the legs cost now, "
        f"{case.net:.4f}: at most {most:.4f}"
    )


def edge(case: Case) -> str:
    """Check the edge of the lots sent, in dollars."""
    least = case.limits.min_edge_usd
    if case.plan.edge_usd >= least - _HAIR:
        return ""
    return f"the edge is ${case.plan.edge_usd:,.2f} for the lots sent: at least ${least:,.2f}"


def edge_gone(case: Case) -> str:
    """Check the edge at what the legs cost now."""
    plan = case.plan
    now = plan.edge - (case.net - net_of(plan.legs)) / plan.unit
    least = case.limits.min_edge_kept * plan.edge
    if now >= least - _HAIR and now > 0.0:
        return ""
    return (
        f"the edge is {now:.4f} a share now, it was {plan.edge:.4f}: at least {max(least, 0.0):.4f}"
    )


def stale_quote(case: Case) -> str:
    """Check the age of every leg's quote."""
    most = case.limits.max_quote_age_s
    for leg in case.legs:
        age = case.age(leg)
        if not age <= most + _HAIR:
            old = "of unknown age" if math.isnan(age) else f"{age:.2f} s old"
            return f"the quote of {name_of(leg, case.plan.symbol)} is {old}: at most {most:g} s"
    return ""


def one_sided(case: Case) -> str:
    """Check that there are both sides of every leg's quote."""
    for leg in case.legs:
        missing = "" if leg.ask > 0.0 else "ask"
        if not leg.bid > 0.0 and (leg.side < 0 or not case.limits.allow_one_sided):
            missing = "bid"
        if missing:
            return f"{name_of(leg, case.plan.symbol)} has no {missing}"
    return ""


def crossed(case: Case) -> str:
    """Check that no bid is above its ask."""
    for leg in case.legs:
        if leg.bid > leg.ask > 0.0:
            name = name_of(leg, case.plan.symbol)
            return f"{name}: the bid {leg.bid:g} is above the ask {leg.ask:g}"
    return ""


def halted(case: Case) -> str:
    """Check that the market trades."""
    return f"{case.plan.symbol} is halted" if case.facts.is_halted else ""


def delayed(case: Case) -> str:
    """Check that quotes are live."""
    is_refused = case.facts.is_delayed and not case.limits.allow_delayed
    return f"the quotes of {case.plan.symbol} are delayed" if is_refused else ""


def conditions(case: Case) -> str:
    """Check that nothing must hold besides prices."""
    if case.limits.allow_conditions or not case.plan.conditions:
        return ""
    return f"it holds only if: {'; '.join(case.plan.conditions)}"


def _spot(case: Case) -> float:
    spot = case.facts.spot
    return case.plan.spot if math.isnan(spot) else spot
