"""The hull, the simplex and the profit programme against linear programmes written otherwise.

The oracle states static no-arbitrage as inequalities between prices (`price_programme`) and was
solved by SciPy's HiGHS; its verdicts are in tests/oracles/surface_verdicts.csv, so that runtimes
without SciPy check the same 10 000 surfaces and 2 000 chains.
"""

from __future__ import annotations

import csv
import math
import platform
from array import array
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from price_programme import PriceProgramme, strategy_matrix
from random_chains import banded_programme, random_view, stock_band
from random_surfaces import Surface, price_programme, random_surface

from engine.backend import Backend
from engine.strategies.package import integer_package, worst_value
from engine.strategies.programme import ProgrammeResult, solve_programme
from engine.strategies.surface_screen import CONSERVATIVE, OPTIMISTIC, POINT, screen_surface
from engine.strategies.view import View

TABLE = Path(__file__).parent.parent / "oracles" / "surface_verdicts.csv"
IS_PROFIT = 1e-9


@dataclass(frozen=True)
class Block:
    """One line of the table."""

    kind: str
    seeds: range
    arbitrages: int
    total: float
    verdicts: tuple[bool, ...]

    def __str__(self) -> str:
        return f"{self.kind}-{self.seeds.start}"


def read_blocks(kind: str) -> list[Block]:
    with TABLE.open(newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["kind"] == kind]
    blocks = []
    for line in lines:
        first, number = int(line["first_seed"]), int(line["verdicts"], 16)
        bits = tuple(bool(number >> i & 1) for i in range(int(line["cases"])))
        seeds = range(first, first + int(line["seeds"]))
        blocks.append(Block(kind, seeds, int(line["arbitrages"]), float(line["sum"]), bits))
    return blocks


SURFACES, CHAINS = read_blocks("surface"), read_blocks("banded")


def runs_fast(backend: Backend) -> bool:
    """Whether a thousand programmes take a second; plain CPython checks every tenth."""
    return backend.name == "numba" or platform.python_implementation() == "PyPy"


def violations(backend: Backend, surface: Surface) -> tuple[array[float], array[float]]:
    """Return the hull's bids above the surface and asks below the floor, by quote."""
    n, n_expiries = len(surface.strike), len(surface.discount)
    frame = array("d")
    for discount, paid in zip(surface.discount, surface.paid, strict=True):
        parity = (surface.spot - paid, discount)
        vertex = (surface.floor, surface.spot - surface.floor)
        frame.extend((discount, paid, 0.0, *parity, *parity, *vertex, surface.spot, 0.0))
    sell = array("d", [math.nan] * 2 * n)
    buy = array("d", sell)
    backend.envelope.hull_screen(
        surface.first, surface.strike, surface.ask, surface.bid, frame, 1, sell, buy,
        array("l", [0] * n_expiries), array("d", [0.0] * 4 * (n + n_expiries + 2)),
    )  # fmt: skip
    return sell, buy


def solve(backend: Backend, programme: PriceProgramme) -> float:
    """Return the optimum by our simplex, of the dual."""
    n_rows, n_columns, rows, gain, bound = strategy_matrix(programme)
    status, value, _ = backend.simplex.simplex(
        n_rows, n_columns, rows, gain, bound,
        array("d", [0.0] * n_columns), array("d", [0.0] * n_rows),
        array("d", [0.0] * ((n_rows + 2) * n_columns + 3 * n_rows)),
        array("l", [0] * (n_rows + 2 * n_columns)),
    )  # fmt: skip
    assert status == 0
    return float(value) + programme.constant


def test_table_covers_what_was_promised() -> None:
    assert sum(len(block.seeds) for block in SURFACES) == 10_000
    assert sum(len(block.seeds) for block in CHAINS) == 2_000
    for blocks in (SURFACES, CHAINS):
        cases = sum(len(block.verdicts) for block in blocks)
        arbitrages = sum(block.arbitrages for block in blocks)
        assert arbitrages == sum(sum(block.verdicts) for block in blocks)
        assert 0.3 < arbitrages / cases < 0.6


@pytest.mark.parametrize("block", SURFACES, ids=str)
def test_hull_and_simplex_decide_surfaces(backend: Backend, block: Block) -> None:
    """One unit of the worst quote can be traded, and no more than all violations together."""
    every = 1 if runs_fast(backend) else 10
    values = []
    for i, seed in enumerate(block.seeds):
        surface = random_surface(seed)
        found = [v for column in violations(backend, surface) for v in column if v > 0.0]
        assert (max(found, default=0.0) > IS_PROFIT) == block.verdicts[i], seed
        if i % every == 0:
            value = solve(backend, price_programme(surface))
            values.append(value)
            assert (value > IS_PROFIT) == block.verdicts[i], seed
            assert max(found, default=0.0) - 1e-9 <= value <= math.fsum(found) + 1e-9, seed
    if every == 1:
        assert math.fsum(values) == pytest.approx(block.total, rel=1e-9)


def test_bid_above_the_envelope_pays_the_difference(backend: Backend) -> None:
    """One bid raised by epsilon above the surface: found there, and epsilon is what it pays."""
    rnd = Random(8)
    raised = 0
    for seed in range(400):
        surface = random_surface(seed)
        sell, buy = violations(backend, surface)
        candidates = [q for q, v in enumerate(sell) if v == v and surface.ask[q] == surface.ask[q]]
        if not candidates or max((v for v in (*sell, *buy) if v == v), default=1.0) > 0.0:
            continue
        quote, epsilon = rnd.choice(candidates), rnd.choice((1e-6, 0.01, 0.5))
        surface.bid[quote] += epsilon - sell[quote]
        after, _ = violations(backend, surface)
        assert after[quote] == pytest.approx(epsilon, abs=1e-11)
        assert [q for q, v in enumerate(after) if v > 0.0] == [quote]
        assert solve(backend, price_programme(surface)) == pytest.approx(epsilon, abs=1e-9)
        raised += 1
    assert raised > 100


def check_result(view: View, result: ProgrammeResult) -> None:
    """Check a result without solving: its portfolio, or its state prices, prove it."""
    e = result.expiry
    positions, stock = result.positions, result.stock
    value = worst_value(view, e, positions, stock)
    assert value == pytest.approx(result.value, rel=1e-9, abs=1e-9)
    package = integer_package(view, result)
    if package is not None:
        assert 0.0 < package.value * package.lots <= result.value + 1e-9
        held = dict(positions)
        for quote, ratio in package.legs:
            assert 0.0 < ratio * package.lots / held[quote] <= 1.0 + 1e-6
    if result.value > IS_PROFIT:
        return
    assert result.value == 0.0
    assert not positions
    assert stock == 0.0
    assert min(result.state_prices) >= 0.0
    assert view.terms.borrow[e] - 1e-9 <= result.discount <= view.terms.lend[e] + 1e-9
    n = view.chain.n_rows
    for row in view.chain.rows(e):
        strike = view.chain.strike[row]
        for q, price in ((row, result.call_value(strike)), (n + row, result.put_value(strike))):
            if view.receive[q] > view.pay[q]:
                continue
            assert not price > view.pay[q] + 1e-9
            assert not price < max(view.receive[q], 0.0) - 1e-9


@pytest.mark.parametrize("block", CHAINS, ids=str)
def test_programme_and_screens_agree_on_chains(backend: Backend, block: Block) -> None:
    """The optimistic screen misses nothing, the conservative one has nothing false."""
    verdicts = iter(block.verdicts)
    values = []
    cleared = conservative = 0
    for seed in block.seeds:
        view = random_view(seed, backend)
        hits = {m: screen_surface(view, m).hits for m in (OPTIMISTIC, CONSERVATIVE, POINT)}
        for e in range(len(view.chain.expiries)):
            result = solve_programme(view, e)
            assert result is not None
            values.append(result.value)
            is_profit = next(verdicts)
            assert (result.value > IS_PROFIT) == is_profit, seed
            check_result(view, result)
            if is_profit:
                assert hits[OPTIMISTIC][e] > 0, seed
                assert hits[POINT][e] > 0, seed
            else:
                assert hits[CONSERVATIVE][e] == 0, seed
            conservative += hits[CONSERVATIVE][e] > 0
            cleared += hits[POINT][e] == 0
    assert math.fsum(values) == pytest.approx(block.total, rel=1e-9)
    # Neither screen may be empty: each decides most of the cases that it can.
    assert conservative > 0.4 * block.arbitrages
    assert cleared > 0.6 * (len(block.verdicts) - block.arbitrages)


def family_edges(view: View) -> list[float]:
    """Edges of all families of a single strike (row 0), straight from their definitions."""
    terms, k = view.terms, view.chain.strike[0]
    short, long = stock_band(terms, 0)
    lend, borrow = terms.lend[0], terms.borrow[0]
    call_pay, put_pay = view.pay
    call_brings, put_brings = view.receive
    edges = [
        borrow * k - long - put_pay + call_brings,  # conversion
        short + put_brings - call_pay - lend * k,  # reversal
        short - lend * k - call_pay,  # intrinsic
        borrow * k - long - put_pay,
        call_brings - long,  # upper bound
        put_brings - lend * k,
    ]
    return [edge for edge in edges if edge == edge]


def test_programme_has_the_sign_of_the_families_on_one_strike(backend: Backend) -> None:
    signs = []
    for seed in range(1500):
        view = random_view(seed, backend, ladder=1)
        rnd = Random(seed)
        quote, shift = rnd.randrange(2), rnd.gauss(0.0, 1.5)
        if view.pay[quote] + shift <= 0.0:
            continue
        view.pay[quote] += shift
        view.receive[quote] += shift
        pairs = zip(view.receive, view.pay, strict=True)
        if len(view.chain.expiries) > 1 or any(b > a for b, a in pairs):
            continue
        result = solve_programme(view, 0)
        assert result is not None
        best = max(family_edges(view), default=0.0)
        assert (result.value > IS_PROFIT) == (best > IS_PROFIT), seed
        signs.append(best > 0.0)
        # Without short stock there is no reversal and no intrinsic call.
        locked = solve_programme(view, 0, allow_short=False)
        assert locked is not None
        assert locked.stock >= 0.0
        assert locked.value <= result.value + 1e-9
    assert len(signs) > 500
    assert 0.3 < sum(signs) / len(signs) < 0.7


def test_highs_agrees_again_on_a_sample(backend: Backend) -> None:
    """The table is what HiGHS says today, and so are the values, not only the signs."""
    pytest.importorskip("scipy", reason="SciPy, the oracle, does not run on PyPy")
    from highs import least_misfit

    for block in SURFACES:
        for seed in block.seeds[:: len(block.seeds) // 10]:
            programme = price_programme(random_surface(seed))
            value = least_misfit(programme)
            assert (value > IS_PROFIT) == block.verdicts[seed - block.seeds.start], seed
            assert solve(backend, programme) == pytest.approx(value, rel=1e-9, abs=1e-9), seed
    for block in CHAINS:
        for seed in block.seeds[::20]:
            view = random_view(seed, backend)
            for e in range(len(view.chain.expiries)):
                for allow_short in (False, True):
                    result = solve_programme(view, e, allow_short=allow_short)
                    assert result is not None
                    value = least_misfit(banded_programme(view, e, allow_short=allow_short))
                    assert result.value == pytest.approx(value, rel=1e-9, abs=1e-9), seed
                    ours = solve(backend, banded_programme(view, e, allow_short=allow_short))
                    assert ours == pytest.approx(value, rel=1e-9, abs=1e-9), seed
