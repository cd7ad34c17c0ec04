"""A chain repriced on a new spot against the price from nothing."""

from __future__ import annotations

import math
from array import array
from random import Random

import pytest

from engine.backend import Backend
from tests.oracles.tables import EPS, gap, numbers, read

PRICES = read("prices.csv")
CONTRACT = "spot strike tau rate div vol right"


def zeros(n: int) -> array[float]:
    return array("d", bytes(8 * n))


def repriced(
    backend: Backend, spot: float, reference: float, contracts: list[list[float]]
) -> array[float]:
    """Return the prices at `spot` of contracts prepared at `reference`."""
    kernels = backend.load("reprice")
    columns = [array("d", column) for column in list(zip(*contracts, strict=True))[:5]]
    right = array("b", [int(contract[5]) for contract in contracts])
    kept, out = [zeros(len(contracts)) for _ in range(5)], zeros(len(contracts))
    kernels.prepare_reprice(reference, *columns, right, *kept)
    kernels.reprice_chain(spot, reference, *kept, right, out)
    return out


@pytest.mark.parametrize("move", [1.0, 1.0003, 0.97, 1.2, 0.25, 4.0])
def test_prices_on_a_new_spot_are_prices(backend: Backend, move: float) -> None:
    draw, spot, contracts = Random(f"reprice {move}"), 100.0 * move, []
    for _ in range(3_000):
        tau = draw.choice((0.5, 2.0, 1.0 / 525600.0, 0.02, 0.0))
        carry = (draw.uniform(-0.03, 0.08), draw.uniform(-0.01, 0.05))
        vol = draw.choice((draw.uniform(0.02, 2.0), draw.uniform(0.005, 0.05), 0.0))
        strike = draw.uniform(0.97, 1.03) * spot if draw.random() < 0.5 else draw.uniform(5, 900)
        contracts.append([strike, tau, *carry, vol, draw.choice((1, -1))])
    out = repriced(backend, spot, 100.0, contracts)
    for price, contract in zip(out, contracts, strict=True):
        whole = backend.pricing.bs_price(spot, *contract)
        assert abs(price - whole) <= 4.0 * EPS * (spot + contract[0]), contract


def test_prices_on_a_new_spot_against_the_table(backend: Backend) -> None:
    for row in PRICES:
        spot, *contract = numbers(row, CONTRACT)
        price = repriced(backend, spot, 1.07 * spot, [contract])[0]
        assert gap(price, row["price"]) <= 4.0 * EPS * (spot + contract[0]), row


def test_rows_outside_the_domain_are_nan(backend: Backend) -> None:
    good = [100.0, 0.5, 0.02, 0.0, 0.2, 1]
    rows = [good]
    for place, bad in ((0, -1.0), (0, math.nan), (1, -0.1), (2, math.nan), (3, math.inf),
                       (4, -0.2), (4, math.nan), (4, math.inf), (5, 0)):  # fmt: skip
        rows.append([*good[:place], bad, *good[place + 1 :]])
    rows.append(good)
    out = repriced(backend, 101.0, 100.0, rows)
    assert [math.isnan(price) for price in out] == [False, *[True] * (len(rows) - 2), False]
    assert out[0] == out[-1] > 0.0
    certain = [*good[:4], 0.0, 1]
    for vol in (1e-320, 0.0):
        assert repriced(backend, 100.0, 100.0, [[90.0, 0.5, 0.0, 0.0, vol, 1]])[0] == 10.0
    for spot in (-1.0, 0.0, math.nan, math.inf):
        assert all(math.isnan(price) for price in repriced(backend, spot, 100.0, [good, certain]))
