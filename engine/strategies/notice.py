"""What late notice of an assignment may cost: what families of one expiry share."""

from __future__ import annotations

from engine.market.combo import Leg
from engine.strategies.family import Facts


def late_notice(facts: Facts, leg: Leg) -> float:
    """Return what late notice of a sold option may cost, per share of it."""
    e, terms = facts.expiry[0], facts.terms
    return terms.late_call[e] if leg.right == "C" else terms.night[e] * leg.strike
