"""What late notice of an assignment may cost: what families of one expiry share."""

from __future__ import annotations

from engine.market.combo import Leg
from engine.strategies.family import Facts


def late_notice(facts: Facts, leg: Leg) -> float:
    """Return what late notice of a sold option costs, per share, where its cover is its equal."""
    e, late = facts.expiry[0], facts.terms.late
    return late.call[e] if leg.right == "C" else late.put[e] * leg.strike


def apart(facts: Facts, e: int) -> float:
    """Return what a sold option between two longs may lose when these are used up one by one.

    What the first brings and what the second costs, weighted they are the same, may fall on
    different days: a dollar received is then worth less than one paid.
    """
    options = facts.options
    body = next(leg.strike for leg in options if leg.side < 0)
    first, second = (leg.strike for leg in options if leg.side > 0)
    return distance(first, body, second) * facts.terms.late.apart[e]


def distance(first: float, body: float, second: float) -> float:
    """Return the distance to one strike around `body` times its weight; 0 where none is around."""
    low, high = min(first, second), max(first, second)
    if not low < body < high:
        return 0.0
    return (body - low) * (high - body) / (high - low)


def spread_called(facts: Facts, amount: float) -> float:
    """Return the least that `amount` is worth when the sold call of one expiry is assigned."""
    return facts.terms.late.calls.called(facts.expiry[0], amount)


def spread_put(facts: Facts, amount: float, strike: float) -> float:
    """Return the same of a sold put of `strike`; inf where none is ever assigned."""
    return facts.terms.late.puts.put(facts.expiry[0], amount, strike)
