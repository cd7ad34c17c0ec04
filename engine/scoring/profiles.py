"""Weighted composites that traders of conversion and collar scanners know, by name.

They order, like the score; they decide nothing. Each is a sum of parts from 0 to 1 with weights
that sum to 1. The first set is for arbitrages (profit, liquidity, spread, time), the second for
synthetics (reward over risk, liquidity, time, quality of the quotes).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.market.chain import OptionChain
from engine.market.combo import STOCK, Leg
from engine.strategies.view import View


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the four parts, summing to 1."""

    gain: float
    liquidity: float
    spread: float
    time: float


ARBITRAGE = {
    "balanced": Weights(0.50, 0.25, 0.15, 0.10),
    "profit": Weights(0.70, 0.15, 0.10, 0.05),
    "liquidity": Weights(0.35, 0.35, 0.20, 0.10),
    "conservative": Weights(0.40, 0.30, 0.20, 0.10),
}
SYNTHETIC = {
    "syn-conservative": Weights(0.30, 0.30, 0.25, 0.15),
    "syn-aggressive": Weights(0.65, 0.15, 0.10, 0.10),
    "syn-balanced": Weights(0.45, 0.25, 0.15, 0.15),
    "syn-liquidity": Weights(0.25, 0.45, 0.15, 0.15),
}


def composite(
    view: View, profile: str, legs: tuple[Leg, ...], days: float, gain: float, best_gain: float
) -> float:
    """Return the composite of an arbitrage whose return on capital is `gain`, best `best_gain`."""
    kernels, weights = view.backend.scoring, ARBITRAGE[profile]
    return _sum(weights, kernels.profit_part(gain, best_gain), *_parts(view, legs, days))


def synthetic_composite(
    view: View, profile: str, legs: tuple[Leg, ...], days: float, reward: float, risk: float
) -> float:
    """Return the composite of a bounded risk."""
    kernels, weights = view.backend.scoring, SYNTHETIC[profile]
    return _sum(weights, kernels.reward_part(reward, risk), *_parts(view, legs, days))


def _sum(weights: Weights, gain: float, liquidity: float, spread: float, time: float) -> float:
    return (
        weights.gain * gain
        + weights.liquidity * liquidity
        + weights.spread * spread
        + weights.time * time
    )


def _parts(view: View, legs: tuple[Leg, ...], days: float) -> tuple[float, float, float]:
    kernels, chain = view.backend.scoring, view.chain
    quotes = [leg.quote for leg in legs if leg.quote >= 0]
    return (
        kernels.liquidity_part(_least(chain.volume, quotes), _least(chain.open_interest, quotes)),
        kernels.spread_part(
            _relative_spread(leg for leg in legs if leg.right == "C"),
            _relative_spread(leg for leg in legs if leg.right == "P"),
            _relative_spread(leg for leg in legs if leg.kind == STOCK),
        ),
        kernels.time_part(days),
    )


def _least(column: Sequence[float], quotes: list[int]) -> float:
    """Return the least known value of the legs; 0 when one is not known."""
    if not len(column) or any(math.isnan(column[quote]) for quote in quotes):
        return 0.0
    return min(column[quote] for quote in quotes)


def _relative_spread(legs: Iterable[Leg]) -> float:
    """Return the mean of (ask - bid) / mid of some legs, 0 without any."""
    spreads = [
        (leg.ask - leg.bid) / (0.5 * (leg.ask + leg.bid)) for leg in legs if leg.ask + leg.bid > 0.0
    ]
    return math.fsum(spreads) / len(spreads) if spreads else 0.0


def probability_above(chain: OptionChain, expiry: int, level: float, discount: float) -> float:
    """Return the probability that the surface gives to a settlement above `level`.

    The slope of the call prices between the two strikes around `level`, undiscounted; nan where
    they are not quoted. Source: Breeden and Litzenberger 1978.
    """
    rows = [row for row in chain.rows(expiry) if chain.bid[row] > 0.0 and chain.ask[row] > 0.0]
    for low, high in pairwise(rows):
        if chain.strike[low] <= level <= chain.strike[high]:
            fall = 0.5 * (chain.bid[low] + chain.ask[low] - chain.bid[high] - chain.ask[high])
            slope = fall / (chain.strike[high] - chain.strike[low]) / discount
            return max(0.0, min(1.0, slope))
    return math.nan
