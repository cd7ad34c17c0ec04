"""The model behind the demo exchange: parity, convexity, bounds, and a tree path by path."""

from __future__ import annotations

import itertools
import math
from random import Random

import pytest

from engine.feeds.demo_listing import KINDS, Listing, list_symbol
from engine.feeds.demo_model import CashDividend, Dynamics, PriceModel

# Each seed draws other rates, dividends, fees, volatilities, smiles, spreads and strikes.
SEEDS = range(12)


def model(seed: int, *, drain: float = 0.0, dividends: int = 3) -> tuple[PriceModel, Dynamics]:
    rng = Random(seed)
    rate = 0.01 + 0.06 * rng.random()
    taus = tuple(sorted(0.02 + 1.0 * rng.random() for _ in range(4)))

    def discount(t: float) -> float:
        return math.exp(-rate * t)

    flows = []
    for k in range(dividends):
        ex = (k + rng.random()) * taus[-1] / dividends
        flows.append(CashDividend(ex, 2.0 * rng.random() * discount(ex + 0.05)))
    dynamics = Dynamics(
        spot=60.0 + 80.0 * rng.random(),
        taus=taus,
        vols=tuple(0.1 + 0.6 * rng.random() for _ in taus),
        skew=3.0 * rng.random(),
        curve=4.0 * rng.random(),
        discount=discount,
        dividends=tuple(flows),
        drain=drain,
        nodes=14,
        first_steps=4,
    )
    return PriceModel(dynamics), dynamics


STRIKES = [50.0 + 7.0 * k for k in range(14)]


@pytest.mark.parametrize("seed", SEEDS)
def test_european_model_prices_meet_parity_exactly(seed: int) -> None:
    prices, dynamics = model(seed)
    for e, t in enumerate(dynamics.taus):
        paid = math.fsum(d.value for d in dynamics.dividends if d.ex <= t)
        for k in STRIKES:
            gap = prices.european(e, k, "C") - prices.european(e, k, "P")
            assert gap == pytest.approx(dynamics.spot - paid - k * dynamics.discount(t), abs=1e-11)


@pytest.mark.parametrize("seed", SEEDS)
def test_european_model_calls_of_all_expiries_lie_on_one_convex_order(seed: int) -> None:
    # z = D K + V and the unscaled price: each point lies on or below every chord of later points.
    prices, dynamics = model(seed)
    points = []
    for e, t in enumerate(dynamics.taus):
        paid = math.fsum(d.value for d in dynamics.dividends if d.ex <= t)
        points.append(
            [(dynamics.discount(t) * k + paid, prices.european(e, k, "C")) for k in STRIKES]
        )
    for e, earlier in enumerate(points):
        later = sorted(point for series in points[e:] for point in series)
        for z, price in earlier:
            for z1, p1 in later:
                if z1 <= z:
                    assert price <= p1 + 1e-10
            for (z1, p1), (z3, p3) in itertools.combinations(later, 2):
                if z1 < z < z3:
                    part = (z3 - z) / (z3 - z1)
                    assert price <= part * p1 + (1.0 - part) * p3 + 1e-10


@pytest.mark.parametrize("seed", SEEDS)
def test_american_model_prices_bound_their_european_ones_and_their_intrinsic_value(
    seed: int,
) -> None:
    prices, dynamics = model(seed)
    for e in range(len(dynamics.taus)):
        for k in STRIKES:
            for right in "CP":
                american = prices.american(e, k, right)
                now = dynamics.spot - k if right == "C" else k - dynamics.spot
                assert american >= prices.european(e, k, right) - 1e-11
                assert american >= now - 1e-11
                if e:
                    assert american >= prices.american(e - 1, k, right) - 1e-11


@pytest.mark.parametrize("seed", SEEDS)
def test_without_dividends_and_drain_a_call_is_not_exercised_early(seed: int) -> None:
    prices, dynamics = model(seed, dividends=0)
    for e in range(len(dynamics.taus)):
        for k in STRIKES:
            assert prices.american(e, k, "C") == pytest.approx(
                prices.european(e, k, "C"), abs=1e-11
            )


def test_the_envelope_is_the_naive_one_on_a_recombined_tree() -> None:
    """Backward induction path by path, with no node shared, on a model small enough for it."""
    _, dynamics = model(3, drain=0.2)
    small = PriceModel(
        Dynamics(
            dynamics.spot, dynamics.taus[:2], dynamics.vols[:2], dynamics.skew, dynamics.curve,
            dynamics.discount, dynamics.dividends, dynamics.drain, nodes=6, first_steps=3,
        )
    )  # fmt: skip
    grid, steps = small._grid, small._steps

    def cash(t: float, x: float, *, cum: bool = False) -> float:
        due = math.fsum(d.value for d in dynamics.dividends if d.ex > t or (cum and d.ex == t))
        anchor = dynamics.spot - math.fsum(d.value for d in dynamics.dividends)
        return due + anchor * math.exp(-dynamics.drain * t) * x

    times = [0.0]
    for e, count in ((0, 3), (1, 2)):
        begin = times[-1]
        times += [begin + (dynamics.taus[e] - begin) * (k + 1) / count for k in range(count)]

    def best(step: int, node: int, strike: float, sign: float) -> float:
        t = times[step]
        now = sign * (cash(t, grid[node]) - strike * dynamics.discount(t))
        if step == len(steps):
            return max(now, 0.0)
        move = steps[step]
        at = node - move.low
        last = len(grid) - 1
        value = move.up[at] * best(step + 1, min(node + move.jump, last), strike, sign)
        value += move.down[at] * best(step + 1, max(node - move.jump, 0), strike, sign)
        value += move.stay[at] * best(step + 1, node, strike, sign)
        for d in dynamics.dividends:
            if t < d.ex <= times[step + 1]:
                worth = cash(d.ex, grid[node], cum=sign > 0)
                now = max(now, sign * (worth - strike * dynamics.discount(d.ex)))
        return max(value, now)

    for strike in (60.0, 80.0, 100.0, 120.0):
        for right, sign in (("C", 1.0), ("P", -1.0)):
            assert small.american(1, strike, right) == pytest.approx(
                best(0, 6, strike, sign), abs=1e-11
            )


def _listing(seed: int, symbol: str) -> Listing:
    return list_symbol(symbol, Random(seed), compact=False)


@pytest.mark.parametrize("symbol", sorted(KINDS))
def test_the_model_discounts_between_the_two_rates(symbol: str) -> None:
    for seed in SEEDS:
        listing = _listing(seed, symbol)
        for day in range(1, 500, 7):
            t = day / 365.0
            low, high = listing.carry.borrow.discount(t), listing.carry.lend.discount(t)
            assert low <= listing.middle.discount(t) <= high
            assert listing.middle.discount(t) <= listing.middle.discount(t - 1.0 / 365.0)
        if listing.kind.index_yield == 0.0:
            assert listing.drain <= listing.carry.borrow_fee
