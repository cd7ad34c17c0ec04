"""Prices and volatilities go the way they must, and rows of a chain do not know their neighbours.

Directions are the market's, not the formula's: more volatility, a better strike and a better spot
never make an option cheaper, and a dearer option never has less volatility.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from itertools import islice, pairwise
from random import Random

import pytest

from engine.backend import Backend
from kernels_pure import SCAN
from kernels_pure.implied import IV_OK
from tests.kernels.draws import between
from tests.kernels.indicator_forms import same_bits
from tests.kernels.inputs import arguments, kinds
from tests.oracles.tables import EPS

CHAINS = (
    "pricing.price_chain", "pricing.greeks_chain", "implied.iv_chain", "black.black_chain",
    "black.black_second_chain", "black.black_iv_chain", "second_order.second_order_chain",
    "reprice.prepare_reprice", "reprice.reprice_chain", "american.american_chain",
)  # fmt: skip
# The arguments that have one element a row, where they are columns.
ROWS = {
    "spot", "forward", "strike", "tau", "rate", "div", "vol", "right", "price", "d1", "slope",
    "stock_discount", "strike_value", "deviation",
}  # fmt: skip
KEPT = ("tau", "rate", "div")
LADDERS, RUNGS = 150, 40
PRICE = 1.5 * EPS
"""A price is within so many times spot plus strike of the truth (docs/KERNELS.md)."""
TWIN = PRICE + 4.0 * EPS
"""The same of a chain, whose twin is within 4 eps of the kernel."""
ORDER = ("spot", "strike", "tau", "rate", "div", "vol")


def contract(draw: Random) -> dict[str, float]:
    return {
        "spot": between(draw, 60.0, 140.0), "strike": between(draw, 60.0, 140.0),
        "tau": between(draw, 0.01, 2.0), "rate": between(draw, -0.02, 0.08),
        "div": between(draw, -0.01, 0.05), "vol": between(draw, 0.05, 1.0),
    }  # fmt: skip


def ladder(draw: Random, name: str, step: float) -> list[dict[str, float]]:
    """Return contracts that differ in one number, which rises by a factor."""
    one = contract(draw)
    return [{**one, name: one[name] * step**rung} for rung in range(-RUNGS // 2, RUNGS // 2)]


def prices(backend: Backend, rungs: list[dict[str, float]], right: int) -> list[list[float]]:
    """Return the prices of single options, and those of the same as a chain."""
    inputs = [array("d", [rung[name] for rung in rungs]) for name in ORDER]
    rights, out = array("b", [right] * len(rungs)), array("d", bytes(8 * len(rungs)))
    backend.pricing.price_chain(*inputs, rights, out)
    return [
        [backend.pricing.bs_price(*(rung[name] for name in ORDER), right) for rung in rungs],
        list(out),
    ]


def size(rung: dict[str, float]) -> float:
    """Return what the error of a price is a share of."""
    grown = max(1.0, math.exp(-rung["rate"] * rung["tau"]), math.exp(-rung["div"] * rung["tau"]))
    return (rung["spot"] + rung["strike"]) * grown


@pytest.mark.parametrize("right", [1, -1])
@pytest.mark.parametrize(
    ("name", "call", "put"), [("vol", 1, 1), ("spot", 1, -1), ("strike", -1, 1)]
)
@pytest.mark.parametrize("step", [1.000001, 1.05])
def test_a_price_rises_or_falls(
    backend: Backend, name: str, call: int, put: int, right: int, step: float
) -> None:
    draw, sign, risen = Random(f"{name} {right} {step}"), call if right == 1 else put, 0
    for _ in range(LADDERS):
        rungs = ladder(draw, name, step)
        for column, error in zip(prices(backend, rungs, right), (PRICE, TWIN), strict=True):
            for rung, (before, after) in zip(rungs[1:], pairwise(column), strict=True):
                assert sign * (after - before) >= -2.0 * error * size(rung), rung
                risen += sign * (after - before) > 2.0 * error * size(rung)
    assert risen > LADDERS * RUNGS


@pytest.mark.parametrize("right", [1, -1])
def test_time_makes_an_option_dearer_where_nothing_is_earned_by_exercise(
    backend: Backend, right: int
) -> None:
    draw, risen = Random(f"time {right}"), 0
    for _ in range(LADDERS):
        earns, costs = between(draw, 0.0, 0.08), between(draw, -0.05, 0.0)
        rungs = ladder(draw, "tau", 1.05)
        for rung in rungs:
            rung["rate"], rung["div"] = (earns, costs) if right == 1 else (costs, earns)
        for column, error in zip(prices(backend, rungs, right), (PRICE, TWIN), strict=True):
            for rung, (before, after) in zip(rungs[1:], pairwise(column), strict=True):
                assert after - before >= -2.0 * error * size(rung), rung
                risen += after - before > 2.0 * error * size(rung)
    assert risen > LADDERS * RUNGS


@pytest.mark.parametrize("right", [1, -1])
@pytest.mark.parametrize(
    ("name", "call", "put"),
    [("price", 1, 1), ("strike", 1, -1), ("spot", -1, 1), ("tau", -1, -1)],
)
def test_a_volatility_rises_or_falls(
    backend: Backend, name: str, call: int, put: int, right: int
) -> None:
    """Hold all but one number: what makes the same volatility worth more needs less of it."""
    draw, sign, risen = Random(f"volatility {name} {right}"), call if right == 1 else put, 0
    for _ in range(LADDERS):
        one = contract(draw)
        if name == "tau":  # as above
            earns, costs = between(draw, 0.0, 0.08), between(draw, -0.05, 0.0)
            one["rate"], one["div"] = (earns, costs) if right == 1 else (costs, earns)
        one["price"] = backend.pricing.bs_price(*(one[number] for number in ORDER), right)
        rungs = [{**one, name: one[name] * 1.02**rung} for rung in range(-RUNGS // 2, RUNGS // 2)]
        for (vol, error), (next_vol, next_error) in pairwise(volatilities(backend, rungs, right)):
            assert not sign * (next_vol - vol) < -(error + next_error), (one, name)
            risen += sign * (next_vol - vol) > error + next_error
    assert risen > LADDERS * RUNGS // 2


def volatilities(
    backend: Backend, rungs: list[dict[str, float]], right: int
) -> list[tuple[float, float]]:
    """Return the volatility of each price as one of a chain, and how far it may be off.

    Left out are prices that have none, or only nearly.
    """
    names = ("price", *ORDER[:-1])
    inputs = [array("d", [rung[name] for rung in rungs]) for name in names]
    n = len(rungs)
    vol, status = array("d", bytes(8 * n)), array("b", bytes(n))
    backend.implied.iv_chain(*inputs, array("b", [right] * n), vol, status)
    found = []
    for i, rung in enumerate(rungs):
        alone, its_status = backend.implied.implied_vol(*(rung[name] for name in names), right)
        assert its_status == status[i]
        if its_status != IV_OK:
            continue
        vega = backend.pricing.bs_greeks(*(rung[name] for name in ORDER[:-1]), alone, right)[2]
        scale = max(rung["spot"], 0.25 * rung["strike"] * math.exp(-rung["rate"] * rung["tau"]))
        if not vega > 1e-6 * scale:
            continue
        error = 4.0 * EPS * (scale / vega + alone)
        assert abs(vol[i] - alone) <= 2.0 * error
        found.append((vol[i], error))
    return found


def run(backend: Backend, name: str, values: dict[str, object]) -> list[array[float]]:
    """Return the results of a chain kernel on columns that it may overwrite."""
    module, _, kernel = name.partition(".")
    given = {n: array(v.typecode, v) if isinstance(v, array) else v for n, v in values.items()}
    twins = getattr(backend, module) if module in SCAN else backend.load(module)
    getattr(twins, kernel)(*given.values())
    return [column for n, column in given.items() if n.startswith("out_")]  # type: ignore[misc]


def taken(columns: Mapping[str, object], order: list[int]) -> dict[str, object]:
    """Return the columns of rows in another order."""
    return {
        name: array(column.typecode, [column[i] for i in order])
        for name, column in columns.items()
        if name in ROWS and isinstance(column, array)
    }


@pytest.mark.parametrize("name", CHAINS)
def test_the_order_of_rows_does_not_matter(backend: Backend, name: str) -> None:
    draw, names, priced = Random(name), list(kinds(name)), 0
    for arguments_of_one in islice(arguments(name), 0, 60, 6):
        values = dict(zip(names, arguments_of_one, strict=True))
        rows = {n: v for n, v in values.items() if n in ROWS and isinstance(v, array)}
        for column in rows.values():
            draw.shuffle(column)
        # Neighbours that share a time, or a time and a rate, are where a kernel may keep too much.
        order = sorted(range(len(column)), key=lambda i: [rows[n][i] for n in KEPT if n in rows])
        values |= taken(rows, order)
        results = run(backend, name, values)
        draw.shuffle(order := list(range(len(order))))
        shuffled = run(backend, name, values | taken(values, order))
        for before, after in zip(results, shuffled, strict=True):
            assert same_bits((before[i] for i in order), after)
        priced += sum(value == value for value in results[0])
    assert priced >= 40
