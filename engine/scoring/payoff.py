"""What a position pays by the price of the underlying: at expiry, and in present value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from engine.market.combo import OPTION, STOCK, Leg
from engine.scoring.greeks import model_price, vol_of
from engine.scoring.horizons import Market
from engine.strategies.family import cost
from engine.strategies.margins import intrinsic

# A slope this small is rounding.
_FLAT = 1e-12


def payoff_at(legs: Sequence[Leg], level: float) -> float:
    """Return what a package of legs of one expiry pays there at a price, per share."""
    return math.fsum(
        leg.side * leg.ratio * (intrinsic(leg, level) if leg.kind == OPTION else level)
        for leg in legs
    )


def payoff_range(legs: Sequence[Leg]) -> tuple[float, float]:
    """Return the least and the most that legs of one expiry pay there; infinite without limit.

    Payoffs are straight between strikes. O(legs^2).
    """
    levels = [0.0, *sorted({leg.strike for leg in legs if leg.kind == OPTION})]
    pays = [payoff_at(legs, level) for level in levels]
    rise = sum(int(leg.side * leg.ratio) for leg in legs if leg.right != "P")
    low = -math.inf if rise < 0 else min(pays)
    return low, math.inf if rise > 0 else max(pays)


def profit_at(market: Market, legs: Sequence[Leg], level: float) -> float:
    """Return the profit per share and package where the underlying stands at a first settlement.

    Present value after prices, fees, dividends and the fee of short stock. Legs of one expiry pay
    what they pay; what lives on is taken at today's volatilities, as if it were European. nan where
    payoffs are not straight.
    """
    if not market.horizons:
        return math.nan
    first = market.horizons[0]
    near = [leg for leg in legs if leg.kind != OPTION or leg.settles_ns == first.settles_ns]
    far = [leg for leg in legs if leg.kind == OPTION and leg.settles_ns != first.settles_ns]
    amount = payoff_at(near, level)
    for leg in far:
        horizon = market.of(leg)
        grown = horizon.forward / first.forward * level if first.forward > 0.0 else level
        value = model_price(
            leg, max(grown, 0.0), horizon.tau - first.tau, horizon.discount / first.discount,
            vol_of(leg, horizon),
        )  # fmt: skip
        amount += leg.side * leg.ratio * value
    held = math.fsum(leg.side * leg.ratio for leg in legs if leg.kind == STOCK)
    carried = held * (first.received if held > 0.0 else first.owed)
    return first.present(amount) + carried - cost(tuple(legs), 1)


def levels_of(market: Market, legs: Sequence[Leg], count: int = 41) -> list[float]:
    """Return rising prices at which a profit is worth showing: every strike, the spot, a grid.

    The grid reaches half the distance of the strikes beyond them, no less than a tenth of the spot.
    """
    strikes = sorted({leg.strike for leg in legs if leg.kind == OPTION})
    low, high = min(*strikes, market.spot), max(*strikes, market.spot)
    beyond = max(0.5 * (high - low), 0.1 * market.spot)
    low, high = max(0.0, low - beyond), high + beyond
    step = (high - low) / (count - 1)
    return sorted({*strikes, market.spot, *(low + step * k for k in range(count))})


def breakevens(market: Market, legs: Sequence[Leg]) -> tuple[float, ...]:
    """Return the prices at which the profit changes its sign; none for what always pays.

    Exact for one expiry, whose profit is straight between strikes and 0; else by bisection between
    the levels of a grid.
    """
    if not market.horizons:
        return ()
    levels = levels_of(market, legs)
    # Beyond the last strike it is straight: as far as a change of sign could matter.
    levels = sorted({0.0, *levels, 10.0 * levels[-1]})
    profits = [profit_at(market, legs, level) for level in levels]
    found = []
    for (a, b), (x, y) in zip(pairwise(levels), pairwise(profits), strict=True):
        if x == 0.0:
            found.append(a)
        elif (x < 0.0) != (y < 0.0) and y != 0.0:
            found.append(_crossing(market, legs, a, b, x))
    return tuple(found)


def _crossing(market: Market, legs: Sequence[Leg], a: float, b: float, at_a: float) -> float:
    for _ in range(80):
        middle = 0.5 * (a + b)
        if (profit_at(market, legs, middle) < 0.0) == (at_a < 0.0):
            a = middle
        else:
            b = middle
    return 0.5 * (a + b)
