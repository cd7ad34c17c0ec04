"""The bounds of a box against every price of a fine grid, by the net prices of the scan."""

from __future__ import annotations

import math
from array import array
from random import Random

import pytest

from engine.backend import Backend

GRID = [k / 1000.0 for k in range(1, 7000)]
TIERS = {
    "retail": ((0.0, 0.05, 0.1), (0.003, 0.0055, 0.007)),
    "steep": ((0.0, 0.5, 3.0), (0.002, 0.3, 0.9)),
    "falling": ((0.0, 1.0, 2.5), (0.4, 0.2, 0.0)),
    "both": ((0.0, 0.7, 2.0), (0.1, 0.6, 0.05)),
    "one": ((0.0,), (0.0065,)),
}
TIGHT = 1e-12


def nets(backend: Backend, tiers: str, proportional: float) -> tuple[array[float], array[float]]:
    start, fee = (array("d", column) for column in TIERS[tiers])
    prices = array("d", GRID)
    receive, pay = array("d", prices), array("d", prices)
    backend.parity.net_prices(
        prices, prices, start, fee, proportional, 0.125, receive, pay
    )  # fmt: skip
    return receive, pay


@pytest.mark.parametrize("tiers", TIERS)
@pytest.mark.parametrize("proportional", [0.0, 0.01])
def test_no_price_inside_is_better_than_the_net(
    tiers: str, proportional: float, backend: Backend
) -> None:
    kernels = backend.load("box")
    start, fee = (array("d", column) for column in TIERS[tiers])
    receive, pay = nets(backend, tiers, proportional)
    draw = Random(tiers)
    for _ in range(40):
        net = draw.uniform(-0.2, 6.0)
        most, least = kernels.most_bid(net, start, fee), kernels.least_ask(net, start, fee)
        inside = [x for price, x in zip(GRID, receive, strict=True) if price <= most]
        assert all(x <= net + TIGHT for x in inside)
        dear = [x for price, x in zip(GRID, pay, strict=True) if price >= least]
        assert all(x >= net - TIGHT for x in dear)
        if proportional == 0.0:
            # As far as it goes: the next price of the grid, or one below it, is better than net.
            past = [x for price, x in zip(GRID, receive, strict=True) if price < most + 0.002]
            assert most > 6.9 or max(past) > net - 0.002
            past = [x for price, x in zip(GRID, pay, strict=True) if price > least - 0.002]
            assert least < 0.002 or min(past) < net + 0.002


@pytest.mark.parametrize("tiers", TIERS)
def test_what_a_price_and_all_worse_ones_bring(tiers: str, backend: Backend) -> None:
    kernels = backend.load("box")
    start, fee = (array("d", column) for column in TIERS[tiers])
    receive, pay = nets(backend, tiers, 0.0)
    for k in range(0, len(GRID), 61):
        worth = kernels.bid_worth(GRID[k], start, fee)
        assert worth >= max(receive[: k + 1]) - TIGHT
        assert worth <= max(receive[: k + 1]) + 0.0011
        assert kernels.most_bid(worth, start, fee) >= GRID[k] - TIGHT
        cost = kernels.ask_cost(GRID[k], start, fee)
        assert cost <= min(pay[k:]) + TIGHT
        assert cost >= min(pay[k:]) - 0.0011
        assert kernels.least_ask(cost, start, fee) <= GRID[k] + TIGHT


def test_absent_sides_admit_nothing(backend: Backend) -> None:
    kernels = backend.load("box")
    start, fee = array("d", [0.0]), array("d", [0.01])
    assert kernels.most_bid(math.nan, start, fee) == -math.inf
    assert kernels.least_ask(math.nan, start, fee) == math.inf
    receive, pay = array("d", [1.0, math.nan, 1.0, 2.0]), array("d", [2.0, 2.0, math.nan, 1.0])
    low, high = array("d", bytes(32)), array("d", bytes(32))
    kernels.box_columns(receive, pay, 0.25, low, high)
    assert list(map(str, low)) == ["1.25", "nan", "1.0", "2.0"]
    assert list(map(str, high)) == ["1.75", "2.0", "nan", "1.0"]
    most, least = array("d", bytes(32)), array("d", bytes(32))
    kernels.price_limits(low, high, start, fee, most, least)
    assert most[1] == -math.inf
    assert least[2] == math.inf
    assert most[0] == 1.26
