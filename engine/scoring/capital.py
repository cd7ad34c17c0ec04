"""Margin and capital of a combo, per share, as brokers state it (SCANNER section 6)."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.market.chain import OptionChain
from engine.market.combo import FUTURE, OPTION, Leg
from engine.strategies.family import cost
from engine.strategies.margins import STOCK_INITIAL, intrinsic
from engine.strategies.registry import family_named


def margin(family: str, legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    """Return the margin per share of one package of `family`.

    Raises
    ------
    ValueError
        If no family is called so: an unknown margin is not 0.
    """
    return float(family_named(family).margin(legs, unit, spot))


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
    if not futures or family_named(family).fixes_width:
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
