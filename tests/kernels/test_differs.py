"""The twins that are not bit-equal to their kernels: how far they may be off, and from what.

They run several rows at a time on an ``exp`` and a ``log`` of their own. Each is held against its
pure kernel on random and on nasty rows, and against the tables of 40 digits.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from random import Random

import pytest

from engine.backend import Backend, select
from engine.errors import UnavailableError
from kernels_pure import implied, pricing, reprice
from kernels_pure.implied import IV_OK
from tests.kernels.draws import choice
from tests.kernels.inputs import NASTY, arguments
from tests.kernels.test_second_order import FIRST, SECOND, bounds
from tests.oracles.tables import EPS, gap, numbers, read

ROOT = Path(__file__).parents[2]
ROWS = 60_000
Columns = list["array[float]"]


@pytest.fixture(scope="module")
def numba() -> Backend:
    try:
        return select("numba")
    except UnavailableError as error:
        pytest.skip(f"no twins here: {error}")


def differs() -> dict[str, str]:
    found: dict[str, str] = import_module("kernels_numba").DIFFERS
    return found


def random_rows(name: str, n_inputs: int) -> Columns:
    """Return input columns of at least `ROWS` rows: scenes of the kernel, one after the other."""
    columns: Columns = []
    for values in arguments(name):
        inputs = [column for column in values[:n_inputs] if isinstance(column, array)]
        if not columns:
            columns = [array(column.typecode) for column in inputs]
        for column, more in zip(columns, inputs, strict=True):
            column.extend(more)
        if len(columns[0]) >= ROWS:
            return columns
    raise AssertionError("arguments have no end")


def nasty_rows(plain: Columns) -> Columns:
    """Return the same rows with some numbers where formulas break."""
    draw = Random("nasty rows")
    return [
        array("d", [choice(draw, NASTY) if draw.random() < 0.3 else x for x in column])
        if column.typecode == "d"
        else array("b", [choice(draw, (1, -1, 0, 2)) if draw.random() < 0.1 else r for r in column])
        for column in plain
    ]


def by_expiry(plain: Columns) -> Columns:
    """Return the rows with tau, rate and yield in stretches, some of nan.

    They end inside a block of rows that a twin looks at, at its end, and after several.
    """
    block: int = import_module("kernels_numba._expiries").BLOCK
    draw, n = Random("stretches"), len(plain[0])
    terms = [array("d") for _ in range(3)]
    while len(terms[0]) < n:
        row = draw.randrange(n)
        length = choice(draw, (1, 5, block - 1, block, 2 * block, 3 * block + 7))
        for term, column in zip(terms, plain[2:5], strict=True):
            term.extend([math.nan if draw.random() < 0.02 else column[row]] * length)
    return [*plain[:2], *(term[:n] for term in terms), *plain[5:]]


def blank(n: int, count: int) -> Columns:
    return [array("d", bytes(8 * n)) for _ in range(count)]


def both(numba: Backend, name: str, inputs: Columns, n_outputs: int) -> Iterator[Columns]:
    """Yield what the twin and then what the pure kernel writes."""
    for module in (numba.pricing, pricing):
        outputs = blank(len(inputs[0]), n_outputs)
        getattr(module, name)(*inputs, *outputs)
        yield outputs


@pytest.mark.parametrize("kind", ["random", "nasty", "by expiry"])
def test_prices_and_greeks_are_near_those_of_the_pure_kernel(numba: Backend, kind: str) -> None:
    inputs = random_rows("pricing.price_chain", 7)
    is_nasty = kind == "nasty"
    if is_nasty:
        inputs = nasty_rows(inputs)
    elif kind == "by expiry":
        inputs = by_expiry(inputs)
    (alone,), (exact,) = both(numba, "price_chain", inputs, 1)
    twins, pures = both(numba, "greeks_chain", inputs, 6)
    n_prices = n_greeks = 0
    for i, (spot, strike, tau, rate, div, vol, _) in enumerate(zip(*inputs, strict=True)):
        where = [column[i] for column in inputs]
        for price in (alone[i], twins[0][i]):
            assert (price != price) == (exact[i] != exact[i]), where
            if price == price and price != exact[i]:
                # Rates below 0 and dividends below 0 make both worth more than they are.
                size = spot * max(1.0, math.exp(min(-div * tau, 700.0)))
                size += strike * max(1.0, math.exp(min(-rate * tau, 700.0)))
                assert abs(price - exact[i]) <= 4.0 * EPS * size, where
        n_prices += exact[i] == exact[i]
        for twin, pure in zip(twins, pures, strict=True):
            assert (twin[i] != twin[i]) == (pure[i] != pure[i]), where
        if is_nasty or pures[1][i] != pures[1][i]:
            continue
        n_greeks += 1
        # ln(spot / strike) is known to eps, d1 to eps over the deviation.
        root = math.sqrt(tau)
        deviation = vol * root
        blur = 16.0 * EPS * (1.0 + 1.0 / deviation)
        delta, gamma, vega, theta, rho = (
            abs(twin[i] - pure[i]) for twin, pure in zip(twins[1:], pures[1:], strict=True)
        )
        assert delta <= blur, where
        assert gamma * spot * deviation <= blur, where
        assert vega <= blur * spot * root, where
        assert theta <= blur * (spot * (abs(div) + vol / root) + strike * abs(rate)), where
        assert rho <= blur * tau * strike, where
    assert n_prices >= (5_000 if is_nasty else 50_000)
    assert is_nasty or n_greeks >= 50_000


def test_prices_are_near_40_digits(numba: Backend) -> None:
    rows = read("prices.csv")
    contracts = [numbers(row, "spot strike tau rate div vol right") for row in rows]
    *floats, right = zip(*contracts, strict=True)
    inputs = [array("d", column) for column in floats] + [array("b", map(int, right))]
    (price,) = blank(len(rows), 1)
    numba.pricing.price_chain(*inputs, price)
    for i, row in enumerate(rows):
        spot, strike, tau, rate, div, *_ = contracts[i]
        size = spot * math.exp(-div * tau) + strike * math.exp(-rate * tau)
        assert gap(price[i], row["price"]) <= 4.0 * EPS * size, row


def solved(module: object, inputs: Columns) -> tuple[array[float], array[int]]:
    vol, status = array("d", bytes(8 * len(inputs[0]))), array("b", bytes(len(inputs[0])))
    getattr(module, "iv_chain")(*inputs, vol, status)  # noqa: B009 - a module of either package
    return vol, status


@pytest.mark.parametrize("is_nasty", [False, True])
def test_volatilities_are_near_those_of_the_pure_kernel(numba: Backend, is_nasty: bool) -> None:
    inputs = random_rows("implied.iv_chain", 7)
    if is_nasty:
        inputs = nasty_rows(inputs)
    vol, status = solved(numba.implied, inputs)
    exact, exact_status = solved(implied, inputs)
    compared = 0
    for i, (_, spot, strike, tau, rate, div, right) in enumerate(zip(*inputs, strict=True)):
        where = [column[i] for column in inputs]
        assert status[i] == exact_status[i], where
        assert (vol[i] != vol[i]) == (exact[i] != exact[i]), where
        if status[i] != IV_OK or is_nasty:
            continue
        compared += 1
        vega = pricing.bs_greeks(spot, strike, tau, rate, div, max(vol[i], exact[i]), int(right))[2]
        if abs(vol[i] - exact[i]) > 4.0 * EPS * exact[i]:
            # Both are within 4 eps (scale / vega + vol) of the truth.
            scale = max(spot, 0.25 * strike * math.exp(-rate * tau))
            limit = 8.0 * EPS * (scale / vega + vol[i]) if vega > 0.0 else math.inf
            assert abs(vol[i] - exact[i]) <= limit, where
    assert is_nasty or compared >= 10_000


def test_volatilities_reach_the_conditioning_limit(numba: Backend) -> None:
    rows = read("volatilities.csv")
    quotes = [numbers(row, "price spot strike tau rate div right") for row in rows]
    *floats, right = zip(*quotes, strict=True)
    inputs = [array("d", column) for column in floats] + [array("b", map(int, right))]
    vol, status = solved(numba.implied, inputs)
    assert set(status) == {IV_OK}
    for i, row in enumerate(rows):
        _, spot, strike, tau, rate, *_ = quotes[i]
        scale = max(spot, 0.25 * strike * math.exp(-rate * tau))
        limit = 4.0 * EPS * (scale / float(row["vega"]) + float(row["vol"]))
        assert gap(vol[i], row["vol"]) <= limit, row


def test_a_chain_on_a_new_spot_is_near_the_pure_kernel(numba: Backend) -> None:
    spot, strike, tau, rate, div, vol, right = random_rows("pricing.price_chain", 7)
    n, twin = len(spot), numba.load("reprice")
    kept = blank(n, 5)
    reprice.prepare_reprice(100.0, strike, tau, rate, div, vol, right, *kept)
    for new in (55.0, 99.9, 100.0, 230.0, math.nan):
        (near,), (exact,) = blank(n, 1), blank(n, 1)
        twin.reprice_chain(new, 100.0, *kept, right, near)
        reprice.reprice_chain(new, 100.0, *kept, right, exact)
        for i in range(n):
            assert (near[i] != near[i]) == (exact[i] != exact[i])
            if exact[i] == exact[i]:
                size = new * max(1.0, kept[0][i]) + max(strike[i], kept[1][i])
                assert abs(near[i] - exact[i]) <= 4.0 * EPS * size
    assert all(math.isnan(price) for price in near)


@pytest.mark.parametrize("is_nasty", [False, True])
@pytest.mark.parametrize(
    ("module", "kernel", "results"),
    [
        ("second_order", "second_order_chain", SECOND),
        ("black", "black_chain", FIRST),
        ("black", "black_second_chain", SECOND),
    ],
)
def test_greeks_of_both_orders_are_near_those_of_the_pure_kernel(
    numba: Backend, module: str, kernel: str, results: tuple[str, ...], is_nasty: bool
) -> None:
    inputs = random_rows(f"{module}.{kernel}", 7 if module == "second_order" else 6)
    if is_nasty:
        inputs = nasty_rows(inputs)
    twins, pures = blank(len(inputs[0]), len(results)), blank(len(inputs[0]), len(results))
    getattr(numba.load(module), kernel)(*inputs, *twins)
    getattr(import_module(f"kernels_pure.{module}"), kernel)(*inputs, *pures)
    compared = 0
    for i, (spot, strike, tau, rate, *rest) in enumerate(zip(*inputs, strict=True)):
        where = [column[i] for column in inputs]
        for twin, pure in zip(twins, pures, strict=True):
            assert (twin[i] != twin[i]) == (pure[i] != pure[i]), where
        if is_nasty or pures[1][i] != pures[1][i]:
            continue
        compared += 1
        allowed = bounds(spot, strike, tau, rate, rest[0] if rest[2:] else rate, rest[-2])
        for name, twin, pure in zip(results, twins, pures, strict=True):
            assert abs(twin[i] - pure[i]) <= 4.0 * allowed[name], (name, where)
    assert is_nasty or compared >= 50_000


@pytest.mark.usefixtures("numba")
def test_each_has_its_reason_and_its_benchmark() -> None:
    files = sorted((ROOT / "benchmarks").rglob("*.py"))
    workloads = "".join(path.read_text(encoding="utf-8") for path in files)
    rewritten: dict[str, str] = import_module("kernels_numba").REWRITTEN
    assert not differs().keys() & rewritten.keys()
    for name, reason in {**differs(), **rewritten}.items():
        module, _, kernel = name.partition(".")
        twin, pure = (
            getattr(import_module(f"{package}.{module}"), kernel)
            for package in ("kernels_numba", "kernels_pure")
        )
        assert callable(twin)
        assert getattr(twin, "py_func", twin) is not pure, f"{name} is no twin of its own"
        benchmark = reason.partition(": ")[2]
        short = benchmark.removeprefix("kernel/")
        assert f'"{benchmark}/' in workloads or f'_chain("{short}"' in workloads, name
