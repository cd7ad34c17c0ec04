"""Greeks of a position: each option by Black and Scholes at the volatility of its own middle.

The spot less the present value of what the stock pays stands for the price of the stock, so cash
dividends are in. American options are taken as European: near the money that is little, deep in it
the volatility says what early exercise is worth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.market.combo import OPTION, STOCK, Leg
from engine.scoring.horizons import Horizon, Market
from kernels_pure.implied import implied_vol
from kernels_pure.pricing import bs_greeks, bs_price


@dataclass(frozen=True, slots=True)
class Greeks:
    """Derivatives of a position's value in currency; nan where they are not known.

    Attributes
    ----------
    delta, gamma
        By the price of the underlying: shares, and shares per unit of price.
    vega
        Per 1.00 of volatility, of all expiries alike.
    theta
        Per year that passes.
    rho
        Per 1.00 of the rate, of all terms alike, the price of the underlying held.
    """

    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


def greeks_of(market: Market, legs: Sequence[Leg], shares: float) -> Greeks:
    """Return the Greeks of legs, `shares` (multiplier times packages) of each ratio. O(legs)."""
    if not market.horizons:
        return Greeks(*[math.nan] * 5)
    rows: list[list[float]] = []
    for leg in legs:
        held = leg.side * leg.ratio * shares
        if leg.kind == STOCK:
            rows.append([held, 0.0, 0.0, 0.0, 0.0])
        elif leg.kind == OPTION:
            rows.append([held * value for value in _leg_greeks(leg, market.of(leg))])
    return Greeks(*(math.fsum(column) for column in zip(*rows, strict=True)))


def vol_of(leg: Leg, horizon: Horizon) -> float:
    """Return the volatility implied by the middle of a leg's quote; 0 where it has none.

    A price at or below what the option is worth for certain implies none. One without both sides is
    taken at the side that is traded.
    """
    price = 0.5 * (leg.bid + leg.ask) if leg.bid > 0.0 and leg.ask > 0.0 else leg.price
    rate, spot = _terms(horizon)
    vol, status = implied_vol(price, spot, leg.strike, horizon.tau, rate, 0.0, _right(leg))
    return vol if status == 0 and vol > 0.0 else 0.0


def model_price(leg: Leg, forward: float, tau: float, discount: float, vol: float) -> float:
    """Return what an option is worth `tau` years before its expiry, given a forward."""
    certain = discount * max(0.0, _right(leg) * (forward - leg.strike))
    if not (tau > 0.0 and vol > 0.0 and forward > 0.0):
        return certain
    rate = -math.log(discount) / tau
    return float(bs_price(forward * discount, leg.strike, tau, rate, 0.0, vol, _right(leg)))


def _leg_greeks(leg: Leg, horizon: Horizon) -> tuple[float, float, float, float, float]:
    rate, spot = _terms(horizon)
    vol = vol_of(leg, horizon)
    if not vol > 0.0:
        # No time value: it is the forward, or nothing.
        is_held = _right(leg) * (horizon.forward - leg.strike) > 0.0
        delta = float(_right(leg)) if is_held else 0.0
        strike = delta * leg.strike * horizon.discount
        return delta, 0.0, 0.0, -strike * rate, strike * horizon.tau
    return bs_greeks(spot, leg.strike, horizon.tau, rate, 0.0, vol, _right(leg))


def _terms(horizon: Horizon) -> tuple[float, float]:
    """Return the rate of a horizon, and what its forward is worth today."""
    discount = horizon.discount
    rate = -math.log(discount) / horizon.tau if horizon.tau > 0.0 else 0.0
    return rate, horizon.forward * discount


def _right(leg: Leg) -> int:
    return 1 if leg.right == "C" else -1
