"""The normal distribution, prices and Greeks against tables of 40 digits from mpmath."""

from __future__ import annotations

import math
from array import array

import pytest

from engine.backend import Backend
from kernels_pure import pricing
from tests.oracles.tables import EPS, gap, numbers, read

NORMAL = read("normal.csv")
PRICES = read("prices.csv")
CONTRACT = "spot strike tau rate div vol right"
GREEKS = ("delta", "gamma", "vega", "theta", "rho")
# The least normal double: below it nothing has a relative error.
TINY = 1e-300


def test_scaled_tail(backend: Backend) -> None:
    for row in NORMAL:
        reference = float(row["scaled_tail"])
        error = gap(backend.normal.scaled_tail(float(row["x"])), row["scaled_tail"])
        assert error <= 3.0 * EPS * reference, row["x"]


def test_scaled_tail_outside_its_domain(backend: Backend) -> None:
    for x in (-5e-324, -1.0, -math.inf, math.nan):
        assert math.isnan(backend.normal.scaled_tail(x))
    assert backend.normal.scaled_tail(math.inf) == 0.0
    assert backend.normal.scaled_tail(0.0) == 0.5


def test_norm_cdf_is_accurate_in_the_middle_and_in_the_tail(backend: Backend) -> None:
    for row in NORMAL:
        x, tail = float(row["x"]), float(row["tail"])
        assert gap(backend.normal.norm_cdf(x), row["cdf"]) <= 2.0 * EPS, x
        if tail > TINY:
            # The rounding of x*x/2 alone makes x*x/2 ulp of the tail.
            error = gap(backend.normal.norm_cdf(-x), row["tail"])
            assert error <= (4.0 + x * x) * EPS * tail, x


def test_norm_cdf_is_a_distribution(backend: Backend) -> None:
    cdf = backend.normal.norm_cdf
    assert cdf(0.0) == 0.5
    assert (cdf(-math.inf), cdf(math.inf)) == (0.0, 1.0)
    assert math.isnan(cdf(math.nan))
    points = [k / 64.0 for k in range(-600, 601)]
    values = [cdf(x) for x in points]
    assert values == sorted(values)
    assert all(abs(cdf(x) + cdf(-x) - 1.0) <= EPS for x in points)


def test_norm_pdf(backend: Backend) -> None:
    for row in NORMAL:
        x, reference = float(row["x"]), float(row["pdf"])
        if reference > TINY:
            error = gap(backend.normal.norm_pdf(x), row["pdf"])
            assert error <= (2.0 + x * x) * EPS * reference, x


def test_prices(backend: Backend) -> None:
    for row in PRICES:
        contract = numbers(row, CONTRACT)
        spot, strike, tau, rate, div = contract[:5]
        size = spot * math.exp(-div * tau) + strike * math.exp(-rate * tau)
        error = gap(backend.pricing.bs_price(*contract), row["price"])
        assert error <= 1.5 * EPS * size, row


def test_an_option_out_of_the_money_keeps_its_digits(backend: Backend) -> None:
    checked = 0
    for row in PRICES:
        spot, strike, tau, rate, div, vol, right = numbers(row, CONTRACT)
        moneyness = math.log(spot / strike) + (rate - div) * tau
        deviation = vol * math.sqrt(tau)
        price = float(row["price"])
        if right * moneyness < 0.0 and price > TINY:
            checked += 1
            h = moneyness / deviation
            error = gap(
                backend.pricing.bs_price(spot, strike, tau, rate, div, vol, int(right)),
                row["price"],
            )
            # Two tails that differ by their slope times the deviation are subtracted.
            assert error <= (4.0 + h * h) * (1.0 + 1.0 / deviation) * EPS * price, row
    assert checked > 200


def test_greeks(backend: Backend) -> None:
    for row in PRICES:
        contract = numbers(row, CONTRACT)
        spot, strike, tau, rate, div, vol, _ = contract
        deviation = vol * math.sqrt(tau)
        d1 = (math.log(spot / strike) + (rate - div) * tau) / deviation + 0.5 * deviation
        # How far d1 may be off: its own rounding, and that of the moneyness over the deviation.
        slip = 2.0 * (abs(d1) + 1.0 / deviation) * EPS
        density = spot * math.exp(-0.5 * d1 * d1) + 1e-290
        owed = strike * math.exp(-rate * tau)
        relative = 4.0 * EPS + abs(d1) * slip
        of_share, of_strike = 2.0 * EPS * spot + slip * density, 4.0 * EPS * owed + slip * density
        bounds = {
            "delta": of_share / spot,
            "gamma": relative * density / (spot * spot * deviation),
            "vega": relative * density * math.sqrt(tau),
            "theta": relative * density * vol / math.sqrt(tau)
            + abs(rate) * of_strike
            + abs(div) * of_share,
            "rho": tau * of_strike,
        }
        for name, value in zip(GREEKS, backend.pricing.bs_greeks(*contract), strict=True):
            assert gap(value, row[name]) <= bounds[name], (name, row)


def test_whole_chains_are_the_single_forms_row_by_row() -> None:
    contracts = [numbers(row, CONTRACT) for row in PRICES]
    columns = [array("d", column) for column in list(zip(*contracts, strict=True))[:6]]
    columns.append(array("b", [int(contract[6]) for contract in contracts]))
    n = len(contracts)
    price = array("d", bytes(8 * n))
    out = [array("d", bytes(8 * n)) for _ in range(6)]
    pricing.price_chain(*columns, price)
    pricing.greeks_chain(*columns, *out)
    for i, contract in enumerate(contracts):
        assert price[i] == out[0][i] == pricing.bs_price(*contract)
        assert tuple(column[i] for column in out[1:]) == pricing.bs_greeks(*contract)


def test_a_chain_takes_carry_terms_again_whenever_one_of_them_changes() -> None:
    tau = array("d", [0.5, 0.5, 0.5, 0.5, math.nan, 0.5, -1.0, 0.25])
    rate = array("d", [0.05, 0.05, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01])
    div = array("d", [0.0, 0.0, 0.0, 0.02, 0.02, 0.02, 0.02, 0.02])
    n = len(tau)
    same = [array("d", [value] * n) for value in (100.0, 95.0, 0.3)]
    right, out = array("b", [1] * n), array("d", bytes(8 * n))
    pricing.price_chain(same[0], same[1], tau, rate, div, same[2], right, out)
    for i in range(n):
        single = pricing.bs_price(100.0, 95.0, tau[i], rate[i], div[i], 0.3, 1)
        assert out[i] == single or (math.isnan(out[i]) and math.isnan(single))
    assert [i for i in range(n) if math.isnan(out[i])] == [4, 6]


def test_forward_form_is_the_spot_form_at_its_forward(backend: Backend) -> None:
    for row in PRICES[:100]:
        spot, strike, tau, rate, div, vol, right = numbers(row, CONTRACT)
        forward, discount = spot * math.exp((rate - div) * tau), math.exp(-rate * tau)
        price = backend.pricing.black_price(
            forward, strike, discount, vol * math.sqrt(tau), int(right)
        )
        assert gap(price, row["price"]) <= 6.0 * EPS * (spot + strike)


def test_expired_and_certain_options_are_worth_their_intrinsic_value(backend: Backend) -> None:
    price = backend.pricing.bs_price
    assert price(110.0, 100.0, 0.0, 0.05, 0.0, 0.2, 1) == 10.0
    assert price(110.0, 100.0, 0.0, 0.05, 0.0, 0.2, -1) == 0.0
    certain = 110.0 - 100.0 * math.exp(-0.05)
    assert price(110.0, 100.0, 1.0, 0.05, 0.0, 0.0, 1) == pytest.approx(certain, rel=1e-15)
    assert all(
        math.isnan(g) for g in backend.pricing.bs_greeks(110.0, 100.0, 0.0, 0.0, 0.0, 0.2, 1)
    )
    # An unbounded volatility: the share itself, or the strike's present value.
    assert price(100.0, 100.0, 1.0, 0.05, 0.0, 1e4, 1) == 100.0
    assert price(100.0, 100.0, 1.0, 0.05, 0.0, 1e4, -1) == pytest.approx(100.0 * math.exp(-0.05))


@pytest.mark.parametrize("place", range(7))
@pytest.mark.parametrize("bad", [math.nan, -1.0, math.inf])
def test_outside_the_domain_is_nan(backend: Backend, place: int, bad: float) -> None:
    contract: list[float] = [100.0, 100.0, 1.0, 0.05, 0.01, 0.2, 1]
    if place == 6:
        contract[6] = {-1.0: 0}.get(bad, 2)
    elif place in (3, 4) and bad == -1.0:
        contract[place] = math.nan
    else:
        contract[place] = bad
    assert math.isnan(backend.pricing.bs_price(*contract))
    assert all(math.isnan(greek) for greek in backend.pricing.bs_greeks(*contract))


def test_put_call_parity_and_bounds(backend: Backend) -> None:
    for row in PRICES:
        spot, strike, tau, rate, div, vol, _ = numbers(row, CONTRACT)
        call = backend.pricing.bs_price(spot, strike, tau, rate, div, vol, 1)
        put = backend.pricing.bs_price(spot, strike, tau, rate, div, vol, -1)
        share, owed = spot * math.exp(-div * tau), strike * math.exp(-rate * tau)
        assert abs(call - put - (share - owed)) <= 4.0 * EPS * (share + owed)
        assert max(0.0, share - owed) - EPS * share <= call <= share
        assert max(0.0, owed - share) - EPS * owed <= put <= owed
