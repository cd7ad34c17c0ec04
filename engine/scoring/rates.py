"""The rate at which a package lends or borrows, and best cases: figures beside an edge."""

from __future__ import annotations

import math

from engine.market.combo import OPTION, STOCK, Leg
from engine.strategies.family import Facts, cost
from engine.strategies.registry import family_named
from engine.strategies.view import View


def implied_rate(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the rate implied by a package that exchanges cash today for cash at expiry.

    Conversions and long boxes lend (inf when they cost nothing), reversals and short boxes
    borrow; nan for the other families. Dividends are compounded to expiry at the lending rate.
    """
    if not view.chain.quoting.has_carry:
        return math.nan
    return family_named(family).rate(Facts.of(view, legs))


def plain_edge(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the figure that scanners without financing show for stock families; nan otherwise.

    ``C_b - P_a - (S_a - Kp)`` for conversions and collars, the mirror for the reverse forms,
    intrinsic value less price for a single option: no rates, no dividends, no fees.
    """
    stock = [leg for leg in legs if leg.kind == STOCK]
    if not stock or not family_named(family).has_plain_edge:
        return math.nan
    strikes = [leg.strike for leg in legs if leg.kind == OPTION]
    paid = math.fsum(leg.side * leg.price for leg in legs)
    if stock[0].side > 0:
        return min(strikes) - paid
    return -max(strikes) - paid


def max_profit(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the best case of a collar without financing: the width above its plain edge.

    nan for other families.
    """
    if math.isnan(best_edge(view, family, legs)):
        return math.nan
    low, high = sorted(leg.strike for leg in legs if leg.kind == OPTION)
    return high - low + plain_edge(view, family, legs)


def min_roi(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the plain edge of a collar on what it costs, or brings; nan for other families."""
    paid = 0.0 if math.isnan(best_edge(view, family, legs)) else abs(cost(legs, 1))
    return plain_edge(view, family, legs) / paid if paid > 0.0 else math.nan


def best_edge(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the best case of a collar or reverse collar per share; nan for other families."""
    return family_named(family).best(Facts.of(view, legs))
