"""Margin of a position, per share, as brokers state it (SCANNER section 6)."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.market.chain import OptionChain
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.scoring.legs import cost

STOCK_INITIAL = 0.50
"""Initial margin of stock, long or short, as a fraction of its price (Regulation T)."""


def margin(family: str, legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    """Return the margin per share of one package of `family`."""
    if family == "package":
        return _package_margin(legs, spot) / unit
    stock = [leg for leg in legs if leg.kind == STOCK]
    shorts = [leg for leg in legs if leg.kind == OPTION and leg.side < 0]
    if stock:
        in_the_money = math.fsum(intrinsic(leg, spot) * leg.ratio for leg in shorts)
        return (STOCK_INITIAL * spot * stock[0].ratio + in_the_money) / unit
    strikes = sorted({leg.strike for leg in legs if leg.kind == OPTION})
    width = strikes[-1] - strikes[0] if strikes else 0.0
    if family == "box":
        lower_call = next(leg for leg in legs if leg.right == "C" and leg.strike == strikes[0])
        if lower_call.side > 0:
            return 0.0
        return max(1.02 * _cost_to_close(legs), width)
    if family == "vertical_width":
        return width
    if family == "upper_bound":
        return math.fsum(leg.strike * leg.ratio for leg in shorts) / unit
    if family == "jelly_roll":
        far = max(shorts, key=lambda leg: leg.settles_ns)
        return naked(far, spot)
    return 0.0


def _package_margin(legs: tuple[Leg, ...], spot: float) -> float:
    """Return the margin of a package of any legs of one expiry, not per share. O(legs^2).

    What its worst payoff at expiry owes, long legs netted, and no less than 1.02 times the cost
    to close: what the same legs need as a box or a vertical. Beside stock, what a conversion or
    reversal needs, the proceeds of a short sale being held against what is owed.
    """
    owed = max(0.0, -worst_payoff(legs))
    held = math.fsum(leg.side * leg.ratio for leg in legs if leg.kind == STOCK)
    if not held:
        return max(1.02 * _cost_to_close(legs), owed) if owed > 0.0 else 0.0
    in_the_money = math.fsum(
        intrinsic(leg, spot) * leg.ratio for leg in legs if leg.kind == OPTION and leg.side < 0
    )
    proceeds = max(0.0, -held) * spot
    return STOCK_INITIAL * spot * abs(held) + max(in_the_money, owed - proceeds)


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


def capital_per_share(family: str, legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    """Return the larger of margin and cash outlay, per share."""
    return max(margin(family, legs, unit, spot), cost(legs, unit), 0.0)


def coins_per_share(chain: OptionChain, family: str, legs: tuple[Leg, ...], unit: int) -> float:
    """Return the larger of margin and outlay of a coin-settled position, in coins per share.

    A strike is what its future makes of it; that future binds as stock does, but for a box,
    whose width is all it owes.
    """
    priced = tuple(
        replace(leg, strike=leg.strike / forward_price(chain, leg.settles_ns))
        for leg in legs
        if leg.kind == OPTION
    )
    needed = capital_per_share(family, priced, unit, 1.0)
    futures = [leg for leg in legs if leg.kind == FUTURE]
    if not futures or family == "box":
        return needed
    held = math.fsum(STOCK_INITIAL * leg.ratio * leg.notional / leg.price for leg in futures)
    held += math.fsum(intrinsic(leg, 1.0) * leg.ratio for leg in priced if leg.side < 0)
    return max(needed, held / unit)


def forward_price(chain: OptionChain, settles_ns: int) -> float:
    """Return the future that strikes of a coin-settled expiry are divided by to be in coins.

    Its bid, which makes the most of them; the spot where there is none.
    """
    for expiry, bid in zip(chain.expiries, chain.forward_bid, strict=False):
        if expiry.settles_ns == settles_ns and bid > 0.0:
            return bid
    return chain.underlying.mid


def intrinsic(leg: Leg, spot: float) -> float:
    """Return what exercising the option would bring now."""
    return max(0.0, spot - leg.strike if leg.right == "C" else leg.strike - spot)


def naked(leg: Leg, spot: float) -> float:
    """Return the margin of an uncovered short option: premium + max(20 % S - OTM, 10 %)."""
    out_of_the_money = max(0.0, leg.strike - spot if leg.right == "C" else spot - leg.strike)
    base = spot if leg.right == "C" else leg.strike
    return leg.price + max(0.20 * spot - out_of_the_money, 0.10 * base)


def _cost_to_close(legs: tuple[Leg, ...]) -> float:
    """Return what buying back the shorts and selling the longs would cost now, per share."""
    return math.fsum(leg.ratio * (leg.ask if leg.side < 0 else -leg.bid) for leg in legs)
