"""Second-order Greeks and options on a forward against mpmath's derivatives of the price."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator

import pytest

from engine.backend import Backend
from kernels_pure import black, second_order
from tests.oracles.tables import EPS, gap, numbers, read

SHARES = read("second_order.csv")
FORWARDS = read("black.csv")
SHARE = "spot strike tau rate div vol right"
FORWARD = "forward strike tau rate vol right"
SECOND = ("vanna", "volga", "charm")
FIRST = ("price", "delta", "gamma", "vega", "theta", "rho")


def bounds(
    spot: float, strike: float, tau: float, rate: float, div: float, vol: float
) -> dict[str, float]:
    """Return the errors that the roundings of d1, d2 and of the density explain."""
    root = math.sqrt(tau)
    deviation = vol * root
    ratio = (math.log(spot / strike) + (rate - div) * tau) / deviation
    d1, d2 = ratio + 0.5 * deviation, ratio - 0.5 * deviation
    slip = 2.0 * (abs(ratio) + deviation + 1.0 / deviation) * EPS
    relative = 6.0 * EPS + abs(d1) * slip
    slope = math.exp(-div * tau - 0.5 * d1 * d1) + 1e-290
    share, owed = spot * math.exp(-div * tau), strike * math.exp(-rate * tau)
    of_delta = 2.0 * EPS * math.exp(-div * tau) + slip * slope
    drift = (rate - div) * tau / deviation
    return {
        "price": 1.5 * EPS * (share + owed),
        "delta": of_delta,
        "gamma": relative * slope / (spot * deviation),
        "vega": relative * slope * spot * root,
        "theta": relative * slope * spot * vol / root + 2.0 * abs(rate) * EPS * (share + owed),
        "rho": 2.0 * tau * EPS * (share + owed),
        "vanna": slope / vol * (abs(d2) * relative + slip),
        "volga": slope * spot * root / vol * (abs(d1 * d2) * relative + slip * (abs(d1) + abs(d2))),
        "charm": abs(div) * of_delta
        + slope / tau * ((abs(drift) + 0.5 * abs(d2)) * relative + slip),
    }


def test_second_order_greeks(backend: Backend) -> None:
    kernel = backend.load("second_order").bs_second_order
    for row in SHARES:
        contract = numbers(row, SHARE)
        allowed = bounds(*contract[:6])
        for name, value in zip(SECOND, kernel(*contract), strict=True):
            assert gap(value, row[name]) <= allowed[name], (name, row)


def test_options_on_a_forward(backend: Backend) -> None:
    black = backend.load("black")
    for row in FORWARDS:
        contract = numbers(row, FORWARD)
        forward, strike, tau, rate, vol, _ = contract
        allowed = bounds(forward, strike, tau, rate, rate, vol)
        values = (*black.black_greeks(*contract), *black.black_second_order(*contract))
        for name, value in zip(FIRST + SECOND, values, strict=True):
            assert gap(value, row[name]) <= allowed[name], (name, row)


def quotes() -> Iterator[tuple[float, list[float], float, float]]:
    """Yield price, contract, volatility and the error that the price's rounding makes."""
    for row in FORWARDS:
        forward, strike, tau, rate, vol, right = numbers(row, FORWARD)
        price, vega = float(row["price"]), float(row["vega"])
        size = math.exp(-rate * tau) * max(forward, 0.25 * strike)
        if price > 1e-280 and 4.0 * EPS * size < 1e-3 * vega * vol:
            yield price, [forward, strike, tau, rate, int(right)], vol, size / vega + vol


def test_implied_volatility_from_a_forward(backend: Backend) -> None:
    kernel = backend.load("black").black_implied_vol
    rows = list(quotes())
    assert len(rows) > 450
    for price, contract, vol, size in rows:
        found, status = kernel(price, *contract)
        assert status == 0, contract
        assert abs(found - vol) <= 4.0 * EPS * size, contract


@pytest.mark.parametrize(
    ("price", "contract", "status"),
    [
        (9.0, (110.0, 100.0, 0.5, 0.02, 1), 1),
        (110.0, (110.0, 100.0, 0.5, 0.02, 1), 2),
        (math.nan, (110.0, 100.0, 0.5, 0.02, 1), 3),
        (9.0, (110.0, 100.0, 0.0, 0.02, 1), 3),
        (9.0, (-110.0, 100.0, 0.5, 0.02, 1), 3),
        (9.0, (110.0, 100.0, 0.5, 0.02, 0), 3),
    ],
)
def test_a_quote_without_a_volatility_has_a_status(
    backend: Backend, price: float, contract: tuple[float, ...], status: int
) -> None:
    vol, found = backend.load("black").black_implied_vol(price, *contract)
    assert math.isnan(vol)
    assert found == status


def columns_of(contracts: list[list[float]]) -> list[array[float]]:
    columns = [array("d", column) for column in zip(*contracts, strict=True)]
    columns[-1] = array("b", [int(value) for value in columns[-1]])  # type: ignore[assignment]
    return columns


def written(kernel: object, columns: list[array[float]], n: int) -> list[tuple[float, ...]]:
    out = [array("d", bytes(8 * len(columns[0]))) for _ in range(n)]
    kernel(*columns, *out)  # type: ignore[operator]
    return list(zip(*out, strict=True))


def chains(backend: Backend) -> Iterator[tuple[object, str, tuple[str, ...], list[dict[str, str]]]]:
    """Yield a whole-chain form, the arguments and the results of a row, and a table of rows."""
    black = backend.load("black")
    yield backend.load("second_order").second_order_chain, SHARE, SECOND, SHARES
    yield black.black_chain, FORWARD, FIRST, FORWARDS
    yield black.black_second_chain, FORWARD, SECOND, FORWARDS


def test_whole_chains_against_the_tables(backend: Backend) -> None:
    """Within four times what one option may be off: under Numba they run on an exp of their own."""
    for kernel, names, results, rows in chains(backend):
        contracts = [numbers(row, names) for row in rows]
        found = written(kernel, columns_of(contracts), len(results))
        for row, contract, values in zip(rows, contracts, found, strict=True):
            forward, strike, tau, rate, *rest = contract
            allowed = bounds(forward, strike, tau, rate, rest[0] if rest[2:] else rate, rest[-2])
            for name, value in zip(results, values, strict=True):
                assert gap(value, row[name]) <= 4.0 * allowed[name], (name, row)


def test_whole_chains_are_the_single_forms_row_by_row() -> None:
    shares = [numbers(row, SHARE) for row in SHARES]
    forwards = [numbers(row, FORWARD) for row in FORWARDS]
    chain = written(second_order.second_order_chain, columns_of(shares), 3)
    assert chain == [second_order.bs_second_order(*contract) for contract in shares]
    columns = columns_of(forwards)
    assert written(black.black_chain, columns, 6) == [black.black_greeks(*c) for c in forwards]
    assert written(black.black_second_chain, columns, 3) == [
        black.black_second_order(*contract) for contract in forwards
    ]


def test_implied_volatilities_of_a_chain_are_the_single_ones(backend: Backend) -> None:
    black = backend.load("black")
    found = list(quotes())
    columns = columns_of([[price, *contract] for price, contract, _, _ in found])
    vol, status = array("d", bytes(8 * len(found))), array("b", bytes(len(found)))
    black.black_iv_chain(*columns, vol, status)
    assert list(zip(vol, status, strict=True)) == [
        black.black_implied_vol(price, *contract) for price, contract, _, _ in found
    ]


def test_a_call_and_a_put_differ_by_the_discounted_forward(backend: Backend) -> None:
    black = backend.load("black")
    for row in FORWARDS:
        forward, strike, tau, rate, vol, _ = numbers(row, FORWARD)
        call = black.black_greeks(forward, strike, tau, rate, vol, 1)
        put = black.black_greeks(forward, strike, tau, rate, vol, -1)
        discount = math.exp(-rate * tau)
        size = discount * (forward + strike)
        assert abs(call[0] - put[0] - discount * (forward - strike)) <= 4.0 * EPS * size
        assert abs(call[1] - put[1] - discount) <= 4.0 * EPS * discount
        assert call[2:4] == put[2:4]
        assert (
            black.black_second_order(forward, strike, tau, rate, vol, 1)[:2]
            == (black.black_second_order(forward, strike, tau, rate, vol, -1)[:2])
        )


def test_certain_options_have_a_price_and_no_greeks(backend: Backend) -> None:
    black, second = backend.load("black"), backend.load("second_order")
    for tau, vol in ((0.0, 0.2), (0.5, 0.0)):
        price, *greeks = black.black_greeks(110.0, 100.0, tau, 0.0, vol, 1)
        assert price == 10.0
        greeks += second.bs_second_order(110.0, 100.0, tau, 0.0, 0.0, vol, 1)
        assert all(math.isnan(greek) for greek in greeks)


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_outside_the_domain_all_is_nan(backend: Backend, place: int, bad: float) -> None:
    contract: list[float] = [100.0, 100.0, 1.0, 0.05, 0.2, 1]
    if place == 5:
        contract[5] = 0
    elif place == 3 and bad == -1.0:
        contract[place] = math.nan
    else:
        contract[place] = bad
    black = backend.load("black")
    values = (*black.black_greeks(*contract), *black.black_second_order(*contract))
    assert all(math.isnan(value) for value in values)
