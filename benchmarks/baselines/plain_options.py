"""Prices, Greeks and volatilities in plain Python: `math.erf`, a comprehension over the options."""

from __future__ import annotations

import math

from benchmarks.baselines.shared import (
    GREEKS,
    IMPLIED,
    PRICE,
    Columns,
    baseline,
    implied,
    mean_price,
    near_task,
)  # fmt: skip
from benchmarks.workloads.calls import column, options
from benchmarks.workloads.tasks import Task
from engine.backend import Backend

# Where Newton's steps begin and between what they are kept; as many as end any of them.
GUESS, LOWEST, HIGHEST, STEPS = 0.3, 1e-4, 5.0, 60
NEAR_PRICE = 1e-13


def prices(backend: Backend) -> Task:
    """Return Black-Scholes prices."""
    rows = list(zip(*options(), strict=True))

    def answer(_floor: float) -> tuple[float, float]:
        return 0, sum([price(*row) for row in rows]) / len(rows)

    return baseline(answer, mean_price(backend))


def greeks(backend: Backend) -> Task:
    """Return Black-Scholes prices and Greeks."""
    inputs = options()
    rows, wanted = list(zip(*inputs, strict=True)), [column(len(inputs[0])) for _ in range(6)]
    backend.pricing.greeks_chain(*inputs, *wanted)

    def columns() -> Columns:
        return list(zip(*[price_and_greeks(*row) for row in rows], strict=True))

    return near_task(columns, wanted)


def volatilities(backend: Backend) -> Task:
    """Return implied volatilities by Newton's method, halving where it leaves the bounds."""
    inputs, wanted, known = implied(backend)
    rows = list(zip(*inputs, strict=True))
    return near_task(lambda: [[volatility(*row) for row in rows]], [wanted], known)


def below(x: float) -> float:
    """Return the normal distribution function."""
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def density(x: float) -> float:
    """Return the normal density."""
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def price(
    spot: float, strike: float, tau: float, rate: float, div: float, vol: float, right: int
) -> float:
    """Return the price of one option.

    >>> round(price(100.0, 100.0, 1.0, 0.05, 0.0, 0.2, 1), 4)
    10.4506
    """
    deviation = vol * math.sqrt(tau)
    d1 = (math.log(spot / strike) + (rate - div + 0.5 * vol * vol) * tau) / deviation
    n1, n2 = below(right * d1), below(right * (d1 - deviation))
    return right * (spot * math.exp(-div * tau) * n1 - strike * math.exp(-rate * tau) * n2)


def price_and_greeks(
    spot: float, strike: float, tau: float, rate: float, div: float, vol: float, right: int
) -> tuple[float, float, float, float, float, float]:
    """Return price, delta, gamma, vega, theta and rho of one option."""
    deviation = vol * math.sqrt(tau)
    d1 = (math.log(spot / strike) + (rate - div + 0.5 * vol * vol) * tau) / deviation
    held = spot * math.exp(-div * tau)
    owed = strike * math.exp(-rate * tau) * below(right * (d1 - deviation))
    delta = right * math.exp(-div * tau) * below(right * d1)
    vega = held * density(d1) * math.sqrt(tau)
    gamma = vega / (spot * spot * deviation * math.sqrt(tau))
    theta = -0.5 * vega * vol / tau + div * spot * delta - right * rate * owed
    return spot * delta - right * owed, delta, gamma, vega, theta, right * tau * owed


def volatility(
    wanted: float, spot: float, strike: float, tau: float, rate: float, div: float, right: int
) -> float:
    """Return the volatility at which an option has the price `wanted`.

    >>> round(volatility(10.4506, 100.0, 100.0, 1.0, 0.05, 0.0, 1), 4)
    0.2
    """
    vol, low, high = GUESS, LOWEST, HIGHEST
    for _ in range(STEPS):
        found, _, _, vega, _, _ = price_and_greeks(spot, strike, tau, rate, div, vol, right)
        gap = found - wanted
        if abs(gap) < NEAR_PRICE:
            break
        if gap > 0.0:
            high = vol
        else:
            low = vol
        before, vol = vol, vol - gap / vega if vega > 0.0 else low
        if not low < vol < high:
            vol = 0.5 * (low + high)
        if vol == before:
            break
    return vol


BASELINES = {PRICE: prices, GREEKS: greeks, IMPLIED: volatilities}
