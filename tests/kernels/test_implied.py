"""Implied volatility against exact roots of exact prices, from mpmath with 100 digits."""

from __future__ import annotations

import math
from array import array
from random import Random

import pytest

from engine.backend import Backend
from kernels_pure import implied
from kernels_pure.implied import (
    IV_ABOVE_BOUND,
    IV_BELOW_INTRINSIC,
    IV_NO_QUOTE,
    IV_OK,
    MAX_STEPS,
)
from tests.oracles.tables import EPS, gap, numbers, read

VOLATILITIES = read("volatilities.csv")
QUOTE = "price spot strike tau rate div right"
REGIMES = sorted({row["regime"] for row in VOLATILITIES})


@pytest.mark.parametrize("regime", REGIMES)
def test_volatility_to_the_conditioning_limit(backend: Backend, regime: str) -> None:
    rows = [row for row in VOLATILITIES if row["regime"] == regime]
    assert len(rows) > 40
    for row in rows:
        quote = numbers(row, QUOTE)
        _, spot, strike, tau, rate = quote[:5]
        vol, status = backend.implied.implied_vol(*quote)
        assert status == IV_OK, row
        # A put struck far above the spot is quoted, and rounded, on the scale of its strike.
        scale = max(spot, 0.25 * strike * math.exp(-rate * tau))
        limit = 4.0 * EPS * (scale / float(row["vega"]) + float(row["vol"]))
        assert gap(vol, row["vol"]) <= limit, row


def test_out_of_the_money_volatility_keeps_its_digits(backend: Backend) -> None:
    checked = 0
    for row in VOLATILITIES:
        price, spot, strike, tau, rate, div, right = numbers(row, QUOTE)
        moneyness = math.log(spot / strike) + (rate - div) * tau
        deviation = float(row["vol"]) * math.sqrt(tau)
        if right * moneyness < 0.0 and price < 0.4 * min(spot, strike):
            checked += 1
            vol, _ = backend.implied.implied_vol(price, spot, strike, tau, rate, div, int(right))
            # However small vega: 3 eps of deviation, and the rounding of vol and moneyness.
            limit = 3.0 * EPS / math.sqrt(tau) + 4.0 * EPS * float(row["vol"])
            limit += 4.0 * EPS * abs(moneyness) / math.sqrt(tau) / max(1.0, deviation)
            assert gap(vol, row["vol"]) <= limit, row
    assert checked > 300


def test_whole_chain_is_the_single_form_row_by_row() -> None:
    quotes = [numbers(row, QUOTE) for row in VOLATILITIES]
    quotes += [[5.0, 100.0, 100.0, tau, 0.0, 0.0, 1] for tau in (0.0, -1.0, math.nan)]
    columns = [array("d", column) for column in list(zip(*quotes, strict=True))[:6]]
    right = array("b", [int(quote[6]) for quote in quotes])
    vol, status = array("d", bytes(8 * len(quotes))), array("b", bytes(len(quotes)))
    implied.iv_chain(*columns, right, vol, status)
    for i, quote in enumerate(quotes):
        single = implied.implied_vol(*quote)
        assert status[i] == single[1]
        assert vol[i] == single[0] or (math.isnan(vol[i]) and math.isnan(single[0]))
    assert list(status[-3:]) == [IV_NO_QUOTE] * 3


@pytest.mark.parametrize(
    ("price", "right", "status"),
    [
        (9.99, 1, IV_BELOW_INTRINSIC),
        (1e-300, 1, IV_BELOW_INTRINSIC),
        (110.0, 1, IV_ABOVE_BOUND),
        (math.inf, 1, IV_ABOVE_BOUND),
        (100.0, -1, IV_ABOVE_BOUND),
        (0.0, -1, IV_NO_QUOTE),
        (-1.0, 1, IV_NO_QUOTE),
        (math.nan, 1, IV_NO_QUOTE),
        (12.0, 0, IV_NO_QUOTE),
    ],
)
def test_status_of_what_has_no_volatility(
    backend: Backend, price: float, right: int, status: int
) -> None:
    vol, found = backend.implied.implied_vol(price, 110.0, 100.0, 1.0, 0.0, 0.0, right)
    assert math.isnan(vol)
    assert found == status


def test_either_side_of_each_bound(backend: Backend) -> None:
    implied = backend.implied.implied_vol
    assert implied(10.0, 110.0, 100.0, 1.0, 0.0, 0.0, 1) == (0.0, IV_OK)
    below = math.nextafter(110.0, 0.0)
    vol, status = implied(below, 110.0, 100.0, 1.0, 0.0, 0.0, 1)
    assert status == IV_OK
    assert 15.0 < vol < 18.0
    vol, status = implied(math.nextafter(10.0, 11.0), 110.0, 100.0, 1.0, 0.0, 0.0, 1)
    assert status == IV_OK
    assert 0.0 < vol < 0.02


@pytest.mark.parametrize(
    ("place", "bad"),
    [(place, bad) for place in (1, 2, 3) for bad in (math.nan, math.inf, 0.0, -1.0)]
    + [(place, bad) for place in (4, 5) for bad in (math.nan, math.inf)],
)
def test_arguments_outside_the_domain_are_no_quote(
    backend: Backend, place: int, bad: float
) -> None:
    quote: list[float] = [12.0, 110.0, 100.0, 1.0, 0.0, 0.0, 1]
    quote[place] = bad
    vol, status = backend.implied.implied_vol(*quote)
    assert math.isnan(vol)
    assert status == IV_NO_QUOTE


def test_a_price_of_ours_comes_back(backend: Backend) -> None:
    draw = Random(7)
    for _ in range(5_000):
        deviation = 10.0 ** (3.0 * draw.random() - 2.5)
        moneyness = deviation * (6.0 * draw.random() - 3.0)
        if abs(moneyness) > 5.0:
            continue
        right = 1 if moneyness < 0.0 else -1
        strike = 100.0 * math.exp(-moneyness)
        price = backend.pricing.black_price(100.0, strike, 1.0, deviation, right)
        found, status = backend.implied.implied_deviation(
            price, 100.0, strike, math.log(100.0 / strike), right
        )
        assert status == IV_OK
        again = backend.pricing.black_price(100.0, strike, 1.0, found, right)
        assert abs(again - price) <= 8.0 * EPS * (100.0 + strike)


def steps(backend: Backend, deviation: float, gap_: float) -> tuple[float, int]:
    """Return the relative error of the guess, and the steps to the last one, as the kernel goes."""
    k = backend.normal
    h = gap_ / deviation
    d1 = 0.5 * deviation - h
    weight = math.exp(-0.5 * h * h - 0.125 * deviation * deviation)
    far = k.scaled_tail(h + 0.5 * deviation)
    if d1 <= 0.0:
        value = weight * (k.scaled_tail(-d1) - far)
        room = math.exp(-0.5 * gap_) - value
    else:
        room = weight * (k.scaled_tail(d1) + far)
        value = math.exp(-0.5 * gap_) - room
    if not (value > 1e-280 and room > 1e-12):
        return 0.0, 0
    guess = now = backend.implied.deviation_guess(value, gap_)
    for taken in range(1, MAX_STEPS + 1):
        step = backend.implied.deviation_step(now, gap_, math.log(value), room)
        now = max(0.25 * now, now + step)
        if abs(step) <= 1e-4 * now:
            return guess / deviation - 1.0, taken
    raise AssertionError(f"no convergence at deviation {deviation}, gap {gap_}")


def test_guess_and_number_of_steps_over_the_whole_plane(backend: Backend) -> None:
    most: dict[float, tuple[float, int]] = {}
    for deviation in (1e-4, 0.01, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 9.0, 14.0):
        found = [steps(backend, deviation, 0.0)]
        found += [steps(backend, deviation, deviation * 1.2**k * 1e-3) for k in range(58)]
        most[deviation] = max(abs(e) for e, _ in found), max(n for _, n in found)
    assert all(error < 1e-4 and n == 1 for s, (error, n) in most.items() if s <= 0.2)
    assert all(error < 5e-3 and n <= 2 for s, (error, n) in most.items() if s <= 1.5)
    assert all(n <= 5 for _, n in most.values())
