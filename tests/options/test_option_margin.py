"""What packages bind: the strategy table by hand, the grid by a formula of its own, and calls."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from engine.backtesting.options.board import Board
from engine.backtesting.options.margin import (
    SPOT_MOVES,
    VOL_MOVES,
    grid_requirement,
    table_requirement,
)
from engine.backtesting.options.package import Package
from engine.backtesting.options.run import run
from engine.backtesting.options.sight import Sight
from engine.backtesting.options.terms import NEVER, NO_MARGIN, REG_T, SCENARIOS, Terms
from engine.clock import years_between
from engine.market.calendar import US
from engine.market.carry import Carry
from engine.market.combo import Combo
from engine.market.contract import STOCK, Contract
from engine.market.fees import FREE
from tests.options.markets import (
    MONDAY,
    Script,
    at,
    chain_at,
    combo,
    later,
    option,
    quote,
    recording,
    stock,
    worth,
)

NEAR, FAR = later(18), later(46)
CHAIN = chain_at(at(MONDAY), 100.0, [NEAR, FAR], spot_half=0.0)


def c(strike: float, day: object = NEAR) -> Contract:
    return option(day, "C", strike)  # type: ignore[arg-type]


def p(strike: float, day: object = NEAR) -> Contract:
    return option(day, "P", strike)  # type: ignore[arg-type]


def package(*legs: tuple[int, Contract], is_secured: bool = False) -> Package:
    board = Board(CHAIN)
    made = Package(1, "XYZ", combo(*legs), "", 1, CHAIN.ts_ns, n_lots=1, is_secured=is_secured)
    for ratio, contract in legs:
        if contract.kind == STOCK:
            made.stock += 100.0 * ratio
        else:
            settles = US.settlement_ns(contract.expiry)  # type: ignore[arg-type]
            made.hold(contract, float(ratio), settles)
    made.mark(board)
    return made


def naked(contract: Contract) -> float:
    """Premium at the ask, and the greater of 20 % less out of the money and 10 %."""
    ask = quote(CHAIN, contract)[1]
    out = max(0.0, contract.strike - 100.0 if contract.right == "C" else 100.0 - contract.strike)
    base = 100.0 if contract.right == "C" else contract.strike
    return 100.0 * (ask + max(20.0 - out, 0.10 * base))


def ask(contract: Contract) -> float:
    return 100.0 * quote(CHAIN, contract)[1]


@pytest.mark.parametrize(
    ("legs", "wanted"),
    [
        ([(1, c(100.0))], 0.0),
        ([(-1, c(100.0))], naked(c(100.0))),
        ([(-1, p(90.0))], naked(p(90.0))),
        ([(-1, c(115.0))], naked(c(115.0))),
        ([(-1, c(100.0)), (1, c(105.0))], 500.0),
        ([(1, c(100.0)), (-1, c(105.0))], 0.0),
        ([(-1, p(100.0)), (1, p(90.0))], 1000.0),
        ([(-3, c(100.0)), (3, c(105.0))], 1500.0),
        # A condor can lose on one side alone.
        ([(1, p(85.0)), (-1, p(90.0)), (-1, c(105.0)), (1, c(115.0))], 1000.0),
        # A straddle binds the greater side, and the premium of the other.
        ([(-1, c(100.0)), (-1, p(100.0))],
         max(naked(c(100.0)) + ask(p(100.0)), naked(p(100.0)) + ask(c(100.0)))),
        ([(-1, c(105.0)), (-1, p(90.0))],
         naked(c(105.0)) + ask(p(90.0)) if naked(c(105.0)) >= naked(p(90.0))
         else naked(p(90.0)) + ask(c(105.0))),
        ([(1, c(95.0)), (-2, c(100.0)), (1, c(105.0))], 0.0),
        ([(-1, c(95.0)), (2, c(100.0)), (-1, c(105.0))], 500.0),
        # One of two is covered by the lower call, the other is naked.
        ([(1, c(95.0)), (-2, c(100.0))], naked(c(100.0))),
        # The far option covers the near one, and not the other way round.
        ([(-1, c(100.0)), (1, c(100.0, FAR))], 0.0),
        ([(1, c(100.0)), (-1, c(100.0, FAR))], naked(c(100.0, FAR))),
        ([(1, c(95.0)), (-1, c(105.0)), (-1, p(95.0)), (1, p(105.0))], 0.0),
        ([(-1, c(95.0)), (1, c(105.0)), (1, p(95.0)), (-1, p(105.0))], 1000.0),
    ],
)  # fmt: skip
def test_the_table_of_options(legs: list[tuple[int, Contract]], wanted: float) -> None:
    found = table_requirement(package(*legs), 100.0)
    assert found.initial == pytest.approx(wanted)
    assert found.maintenance == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("legs", "initial", "maintenance"),
    [
        ([(1, stock())], 5000.0, 2500.0),
        ([(-1, stock())], 5000.0, 3000.0),
        ([(1, stock()), (-1, c(105.0))], 5000.0, 2500.0),
        ([(1, stock()), (-1, c(95.0))], 5500.0, 3000.0),  # what it is in the money
        ([(-1, stock()), (-1, p(105.0))], 5500.0, 3500.0),
        ([(1, stock()), (1, p(95.0)), (-1, c(105.0))], 5000.0, 2500.0),
        ([(1, stock()), (-2, c(105.0))], 5000.0 + naked(c(105.0)), 2500.0 + naked(c(105.0))),
        ([(1, stock()), (-1, p(95.0))], 5000.0 + naked(p(95.0)), 2500.0 + naked(p(95.0))),
    ],
)
def test_the_table_with_stock(
    legs: list[tuple[int, Contract]], initial: float, maintenance: float
) -> None:
    found = table_requirement(package(*legs), 100.0)
    assert found.initial == pytest.approx(initial)
    assert found.maintenance == pytest.approx(maintenance)


def test_a_secured_put_sets_its_strike_aside() -> None:
    found = table_requirement(package((-2, p(90.0)), is_secured=True), 100.0)
    assert found.initial == pytest.approx(18_000.0)


@pytest.mark.parametrize(
    "legs",
    [[(-1, c(100.0))], [(-1, p(90.0)), (1, p(85.0))], [(1, c(100.0)), (1, p(100.0))],
     [(1, stock()), (-1, c(105.0))]],
)  # fmt: skip
def test_the_grid_is_the_worst_of_all_spots_and_volatilities(
    legs: list[tuple[int, Contract]],
) -> None:
    made = package(*legs)
    chain = replace(CHAIN, style="european")
    sight = Sight(Board(chain), Carry())

    def value(spot: float, factor: float) -> float:
        total = made.stock * spot
        for one in made.holdings:
            row = chain.row_of(sight.board.find(one.contract))
            tau = years_between(chain.ts_ns, one.settles_ns)
            vol = sight.vol(row) * factor
            price = worth(spot, one.contract.strike, tau, vol, one.contract.right)
            total += 100.0 * one.quantity * price
        return total

    now = value(100.0, 1.0)
    worst = min(value(100.0 * (1 + m), 1 + v) - now for m in SPOT_MOVES for v in VOL_MOVES)
    contracts = sum(abs(ratio) for ratio, leg in legs if leg.kind != STOCK)
    wanted = max(-worst, 37.5 * contracts)
    assert grid_requirement(made, sight).initial == pytest.approx(wanted, rel=1e-9)
    assert (min(SPOT_MOVES), max(SPOT_MOVES)) == (-0.15, 0.15)


NAKED_CALL = combo((-1, c(105.0)))


def sold(wanted: Combo, spots: list[float], terms: Terms, lots: int = 1) -> object:
    days = [later(k) for k in (0, 1, 2, 3)][: len(spots)]
    chains = [chain_at(at(d), s, [NEAR, FAR]) for d, s in zip(days, spots, strict=True)]
    return run(lambda: Script({0: [(wanted, lots)]}), recording(chains), terms)


def test_an_account_without_the_initial_margin_opens_nothing() -> None:
    needed = naked(c(105.0)) - 100.0 * quote(CHAIN, c(105.0))[0]
    cases = (
        (REG_T, needed + 5.0, True), (REG_T, needed - 5.0, False), (NO_MARGIN, 100.0, True),
        (SCENARIOS, 300.0, False),
    )  # fmt: skip
    for margin, cash, is_opened in cases:
        terms = Terms(cash=cash, fees=FREE, margin=margin, assignment=NEVER)
        result = sold(NAKED_CALL, [100.0], terms)
        assert bool(result.packages) is is_opened, (margin, cash)  # type: ignore[attr-defined]
        assert result.refusals["margin"] == (not is_opened)  # type: ignore[attr-defined]


@pytest.mark.parametrize("margin", [REG_T, SCENARIOS])
def test_a_call_for_margin_closes_at_the_touch_and_is_recorded(margin: str) -> None:
    terms = Terms(cash=2_500.0, fees=FREE, margin=margin, assignment=NEVER)
    result = sold(NAKED_CALL, [100.0, 100.0, 120.0, 100.0], terms)
    (one,) = result.packages  # type: ignore[attr-defined]
    assert result.calls == 1  # type: ignore[attr-defined]
    assert one.reason == "margin_call"
    assert one.closed_ns == at(later(2))
    last = chain_at(at(later(2)), 120.0, [NEAR, FAR])
    bought = [fill for fill in result.account.fills if fill.units > 0.0]  # type: ignore[attr-defined]
    assert [fill.price for fill in bought] == [quote(last, c(105.0))[1]]
    assert math.isclose(result.account.cash[-1], 2_500.0 + one.cash)  # type: ignore[attr-defined]


def test_enough_is_closed_and_no_more() -> None:
    two = {0: [(NAKED_CALL, 1)], 1: [(NAKED_CALL, 1)]}
    days = [later(k) for k in (0, 1, 2)]
    chains = [chain_at(at(d), s, [NEAR]) for d, s in zip(days, (100.0, 100.0, 106.0), strict=True)]
    terms = Terms(cash=3_900.0, fees=FREE, margin=REG_T, assignment=NEVER)
    result = run(lambda: Script(two), recording(chains), terms)
    assert [bool(one.closed_ns) for one in result.packages] == [True, False]
    assert result.calls == 1
