"""The breakdown of an edge: every term of it, named, in the order in which money moves.

The legs' prices and fees come first, then what the combo is worth at worst. The breakdown is made
from the legs and the terms of the chain, not from the kernel's result, and must sum to it.
"""

from __future__ import annotations

import math

from engine.market.combo import FUTURE, STOCK, Leg
from engine.strategies.family import Facts, Line
from engine.strategies.registry import family_named
from engine.strategies.view import View


def breakdown(view: View, family: str, legs: tuple[Leg, ...], unit: int) -> tuple[Line, ...]:
    """Return every term of the edge of a combo, per share.

    Raises
    ------
    ValueError
        If no family is called so.
    """
    kind = family_named(family)
    lines: list[Line] = []
    for leg in legs:
        if leg.kind == FUTURE:
            continue
        name = "stock" if leg.kind == STOCK else f"{leg.right} {leg.strike:g} {leg.expiry}"
        verb = "buy" if leg.side > 0 else "sell"
        lines.append((f"{verb} {leg.ratio} {name}", -leg.side * leg.ratio * leg.price / unit))
        lines.append((f"fees of {name}", -leg.ratio * leg.fee / unit))
    facts = Facts.of(view, legs, unit)
    futures = [leg for leg in legs if leg.kind == FUTURE]
    if futures and not kind.fixes_width:
        # Holding the coin is in the future, not among the legs.
        e, terms = facts.expiry[0], view.terms
        is_long = futures[0].side > 0
        amount = -terms.stock_pay[e] if is_long else terms.stock_receive[e]
        lines.append(("one coin at expiry", amount))
    lines += kind.worth(facts)
    return tuple(line for line in lines if line[1] != 0.0 and not math.isnan(line[1]))
