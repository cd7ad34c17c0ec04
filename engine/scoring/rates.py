"""The rate at which a package lends or borrows, and best cases: figures beside an edge."""

from __future__ import annotations

import math

from engine.market.combo import OPTION, STOCK, Leg
from engine.scoring.legs import cost
from engine.strategies.view import View

COLLARS = ("collar", "reverse_collar")


def implied_rate(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the rate implied by a package that exchanges cash today for cash at expiry.

    Conversions and long boxes lend (inf when they cost nothing), reversals and short boxes
    borrow; nan for the other families. Dividends are compounded to expiry at the lending rate.
    """
    if not view.chain.quoting.has_carry or family not in ("conversion", "reversal", "box"):
        return math.nan
    options = [leg for leg in legs if leg.kind == OPTION]
    e = view.chain.expiry_of(view.chain.row_of(options[0].quote))
    tau = view.chain.tau(e)
    outlay = cost(legs, 1)
    if family == "box":
        amount = max(leg.strike for leg in options) - min(leg.strike for leg in options)
    else:
        terms = view.terms
        owed = (terms.div_out[e] + terms.stock_borrow[e]) / terms.lend[e]
        amount = options[0].strike + (terms.div_future[e] if family == "conversion" else owed)
    paid = abs(outlay)
    if outlay <= 0.0 and (family == "conversion" or is_long_box(options)):
        return math.inf
    if paid == 0.0 or amount <= 0.0 or tau <= 0.0:
        return math.nan
    return math.log(amount / paid) / tau


def is_long_box(options: list[Leg]) -> bool:
    """Whether four legs buy the width of a box rather than sell it."""
    low = min(leg.strike for leg in options)
    return len(options) == 4 and any(
        leg.right == "C" and leg.strike == low and leg.side > 0 for leg in options
    )


def plain_edge(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the figure that scanners without financing show for stock families; nan otherwise.

    ``C_b - P_a - (S_a - Kp)`` for conversions and collars, the mirror for the reverse forms,
    intrinsic value less price for a single option: no rates, no dividends, no fees.
    """
    stock = [leg for leg in legs if leg.kind == STOCK]
    options = [leg for leg in legs if leg.kind == OPTION]
    if not stock or family == "upper_bound":
        return math.nan
    strikes = [leg.strike for leg in options]
    paid = math.fsum(leg.side * leg.price for leg in legs)
    if stock[0].side > 0:
        return min(strikes) - paid
    return -max(strikes) - paid


def max_profit(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the best case of a collar without financing: the width above its plain edge.

    nan for other families.
    """
    if family not in COLLARS:
        return math.nan
    low, high = sorted(leg.strike for leg in legs if leg.kind == OPTION)
    return high - low + plain_edge(view, family, legs)


def min_roi(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the plain edge of a collar on what it costs, or brings; nan for other families."""
    paid = abs(cost(legs, 1)) if family in COLLARS else 0.0
    return plain_edge(view, family, legs) / paid if paid > 0.0 else math.nan


def best_edge(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the best case of a collar or reverse collar per share; nan for other families."""
    if family not in COLLARS:
        return math.nan
    options = [leg for leg in legs if leg.kind == OPTION]
    e, terms = view.chain.expiry_of(view.chain.row_of(options[0].quote)), view.terms
    if any(leg.kind == STOCK and leg.side > 0 for leg in legs):
        top = max(leg.strike for leg in options)
        return terms.borrow[e] * top + terms.div_in[e] - cost(legs, 1)
    floor = min(leg.strike for leg in options)
    owed = terms.div_out[e] + terms.stock_borrow[e]
    return -cost(legs, 1) - terms.lend[e] * floor - owed
