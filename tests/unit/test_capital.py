"""What a position binds: a package no less than the same legs under their family's name."""

from __future__ import annotations

import math
from typing import Any

import pytest

from engine.backend import Backend
from engine.config import Gates
from engine.market.chain import EUROPEAN
from engine.market.combo import OPTION, STOCK, Leg
from engine.scanner.pipeline import scan_chain
from engine.scoring.capital import margin
from engine.scoring.opportunity import Opportunity
from engine.strategies.family import cost
from engine.strategies.margins import worst_payoff
from tests.unit.chains import carry, chain, settings

SHORT_BOX = {
    (30, 95.0, "C"): (8.0, 8.02), (30, 105.0, "C"): (1.5, 1.52),
    (30, 105.0, "P"): (6.5, 6.52), (30, 95.0, "P"): (1.5, 1.52),
}  # fmt: skip
# Dear quotes on one strike, or on one side of two.
POSITIONS: dict[str, Any] = {
    "box": SHORT_BOX,
    "vertical": {(30, 95.0, "C"): (6.0, 6.1), (30, 105.0, "C"): (6.5, 6.6)},
    "conversion": {(30, 95.0, "C"): (8.0, 8.1), (30, 95.0, "P"): (1.5, 1.6)},
    "reversal": {(30, 105.0, "C"): (1.0, 1.1), (30, 105.0, "P"): (7.5, 7.6)},
}


def found(backend: Backend, quotes: Any, family: str) -> Opportunity:
    wanted = settings(carry(), families=(family,), gates=Gates(max_spread_per_edge=99.0))
    kind = "equity" if quotes in (POSITIONS["conversion"], POSITIONS["reversal"]) else "index"
    (one,) = scan_chain(chain(quotes, style=EUROPEAN, kind=kind), wanted, backend).opportunities
    return one


def option(side: int, right: str, strike: float, ratio: int = 1, bid: float = 1.0) -> Leg:
    """Return an option leg quoted 0.1 wide."""
    price = bid if side < 0 else bid + 0.1
    return Leg(OPTION, side, ratio, price, right=right, strike=strike, bid=bid, ask=bid + 0.1)


@pytest.mark.parametrize("family", POSITIONS)
def test_the_same_legs_bind_the_same_as_a_package(backend: Backend, family: str) -> None:
    single = found(backend, POSITIONS[family], family)
    package = found(backend, POSITIONS[family], "package")
    assert {(leg.side * leg.ratio, leg.right, leg.strike) for leg in package.legs} == {
        (leg.side * leg.ratio, leg.right, leg.strike) for leg in single.legs
    }
    assert package.capital == pytest.approx(single.capital, rel=1e-12)
    assert package.annualised == pytest.approx(single.annualised, rel=1e-12)


def test_a_short_box_binds_what_closing_it_costs(backend: Backend) -> None:
    """8.02 - 1.50 + 6.52 - 1.50 = 11.54 to close, times 1.02, for 100 lots of 100 shares."""
    for family in ("box", "package"):
        one = found(backend, SHORT_BOX, family)
        assert one.capital == pytest.approx(117_708.0)


def test_a_sold_vertical_binds_no_less_as_a_package() -> None:
    """The width, 10, or 1.02 times 16.1 - 5.0 to close, as the box that it is half of."""
    legs = (option(-1, "C", 95.0, bid=16.0), option(1, "C", 105.0, bid=5.0))
    assert margin("vertical_width", legs, 1, 100.0) == 10.0
    assert margin("package", legs, 1, 100.0) == pytest.approx(11.322)


def test_long_legs_cover_what_a_package_owes() -> None:
    """Two short boxes 95/105 and a long call vertical: owes 20 below 95, 10 above 105."""
    legs = (
        option(-1, "C", 95.0, bid=6.0), option(1, "C", 105.0, bid=1.0),
        option(-1, "P", 105.0, 2, bid=6.0), option(1, "P", 95.0, 2, bid=1.0),
    )  # fmt: skip
    assert worst_payoff(legs) == -20.0
    # Closing costs 6.1 - 1.0 + 2 (6.1 - 1.0) = 15.3.
    assert margin("package", legs, 2, 100.0) == pytest.approx(10.0)
    dear = (option(-1, "C", 95.0, bid=12.0), *legs[1:])
    # 12.1 - 1.0 + 10.2 = 21.3
    assert margin("package", dear, 2, 100.0) == pytest.approx(1.02 * 21.3 / 2.0)


def test_a_package_that_owes_nothing_binds_what_it_costs() -> None:
    butterfly = (
        option(1, "C", 95.0, bid=7.0), option(-1, "C", 100.0, 2, bid=3.0),
        option(1, "C", 105.0, bid=1.0),
    )  # fmt: skip
    assert worst_payoff(butterfly) == 0.0
    assert margin("package", butterfly, 2, 100.0) == 0.0
    assert cost(butterfly, 2) == pytest.approx((7.1 - 6.0 + 1.1) / 2)


def test_short_stock_holds_its_proceeds_against_what_is_owed() -> None:
    """A reversal at 110 owes 110, has 100 from the sale: 10, which its put is in the money by."""
    stock = Leg(STOCK, -1, 1, 100.0, bid=100.0, ask=100.02)
    legs = (option(1, "C", 110.0), option(-1, "P", 110.0, bid=12.0), stock)
    assert worst_payoff(legs) == -110.0
    for family in ("package", "reversal"):
        assert margin(family, legs, 1, 100.0) == pytest.approx(60.0)
    box = (
        option(-1, "C", 95.0, bid=6.0), option(1, "C", 105.0),
        option(-1, "P", 105.0, bid=6.0), option(1, "P", 95.0),
    )  # fmt: skip
    # With a short box it owes 120: 20 more than the sale brought; its short legs are 5 + 5 + 10.
    assert margin("package", (*legs, *box), 1, 100.0) == pytest.approx(70.0)


def test_an_uncovered_call_owes_without_limit() -> None:
    assert worst_payoff((option(-1, "C", 100.0), option(1, "P", 100.0))) == -math.inf


CHEAP = {(30, 100.0, "C"): (3.03, 3.05), (30, 100.0, "P"): (2.0, 2.02)}


def conversions(backend: Backend, **limits: Any) -> tuple[Opportunity, ...]:
    wanted = settings(carry(), families=("conversion",), gates=Gates(**limits))
    return scan_chain(chain(CHEAP, (99.98, 100.0), size=10.0), wanted, backend).opportunities


def test_fewer_lots_for_lack_of_capital_pay_their_order_minimums(backend: Backend) -> None:
    """Ten lots pay none; one lot pays 0.35 for each option order and 0.50 for the stock."""
    edge = 100.0 * math.exp(-0.055 * 30 / 365) + 3.03 - 2.02 - 0.014 - 100.0 - 0.005
    (ten,) = conversions(backend)
    assert ten.lots == 10
    assert ten.edge_usd == pytest.approx(1000.0 * edge)
    per_lot = ten.capital / 10.0
    (one,) = conversions(backend, max_capital=1.01 * per_lot)
    assert one.lots == 1
    assert one.edge_usd == pytest.approx(100.0 * edge - 0.35 - 0.35 - 0.50)
    (two,) = conversions(backend, max_capital=2.01 * per_lot)
    # Two commissions of 0.65 and the stock's 1.00 reach their minimums.
    assert two.lots == 2
    assert two.edge_usd == pytest.approx(200.0 * edge)


def test_what_the_minimums_leave_must_pass_the_gate_in_dollars(backend: Backend) -> None:
    edge = 100.0 * math.exp(-0.055 * 30 / 365) + 3.03 - 2.02 - 0.014 - 100.0 - 0.005
    (ten,) = conversions(backend)
    limit = 1.01 * ten.capital / 10.0
    assert conversions(backend, max_capital=limit, min_edge_usd=100.0 * edge - 1.3)
    assert conversions(backend, max_capital=limit, min_edge_usd=100.0 * edge - 1.1) == ()
