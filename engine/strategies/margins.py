"""Margins that families share, per share, as brokers state them (SCANNER section 6)."""

from __future__ import annotations

import math

from engine.market.combo import OPTION, STOCK, Leg

STOCK_INITIAL = 0.50
"""Initial margin of stock, long or short, as a fraction of its price (Regulation T)."""


def stock_margin(legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    """Return half the stock and what the sold options are in the money.

    0 without stock: what the future of a coin binds is told by `engine.scoring.capital`.
    """
    held = math.fsum(leg.ratio for leg in legs if leg.kind == STOCK)
    if not held:
        return 0.0
    shorts = [leg for leg in legs if leg.kind == OPTION and leg.side < 0]
    in_the_money = math.fsum(intrinsic(leg, spot) * leg.ratio for leg in shorts)
    return (STOCK_INITIAL * spot * held + in_the_money) / unit


def no_margin(legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    """Return 0: what is bought covers what is sold."""
    return 0.0


def width_of(legs: tuple[Leg, ...]) -> float:
    """Return the distance between the lowest and the highest strike."""
    strikes = [leg.strike for leg in legs if leg.kind == OPTION]
    return max(strikes) - min(strikes)


def is_long_box(legs: tuple[Leg, ...]) -> bool:
    """Tell whether four options buy the width of a box rather than sell it."""
    options = [leg for leg in legs if leg.kind == OPTION]
    low = min(leg.strike for leg in options)
    return len(options) == 4 and any(
        leg.right == "C" and leg.strike == low and leg.side > 0 for leg in options
    )


def intrinsic(leg: Leg, spot: float) -> float:
    """Return what exercising the option would bring now."""
    return max(0.0, spot - leg.strike if leg.right == "C" else leg.strike - spot)


def naked(leg: Leg, spot: float) -> float:
    """Return the margin of an uncovered short option: premium + max(20 % S - OTM, 10 %)."""
    out_of_the_money = max(0.0, leg.strike - spot if leg.right == "C" else spot - leg.strike)
    base = spot if leg.right == "C" else leg.strike
    return leg.price + max(0.20 * spot - out_of_the_money, 0.10 * base)


def cost_to_close(legs: tuple[Leg, ...]) -> float:
    """Return what buying back the shorts and selling the longs would cost now, per share."""
    return math.fsum(leg.ratio * (leg.ask if leg.side < 0 else -leg.bid) for leg in legs)


def worst_payoff(legs: tuple[Leg, ...]) -> float:
    """Return the least that options and stock of one expiry are worth there, at any price.

    Payoffs are straight between strikes; ``-inf`` when they fall without limit. O(legs^2).
    """
    slope = math.fsum(leg.side * leg.ratio for leg in legs if leg.right != "P")
    if slope < 0.0:
        return -math.inf
    levels = {0.0, *(leg.strike for leg in legs if leg.kind == OPTION)}
    return min(
        math.fsum(
            leg.side * leg.ratio * (intrinsic(leg, level) if leg.kind == OPTION else level)
            for leg in legs
        )
        for level in levels
    )
