"""The order ticket: net, limit, quantity, and what the verifier says at the limit."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.market.fees import FREE, FeeSchedule
from engine.scoring.tickets import (
    BUY,
    SELL,
    Ticket,
    make_ticket,
    net_price,
    round_down,
    why_leg_by_leg,
)

FLAT = FeeSchedule(tiers=((0.0, 0.65),), exchange=0.05)


def option(side: int, ratio: int, price: float, right: str = "C", strike: float = 100.0) -> Leg:
    return Leg(OPTION, side, ratio, price, 0.007, right, strike, bid=price, ask=price)


def stock(side: int, price: float, ratio: int = 1) -> Leg:
    return Leg(STOCK, side, ratio, price, 0.005, bid=price, ask=price)


CONVERSION = (option(1, 1, 2.10, "P"), option(-1, 1, 3.20), stock(1, 100.02))
BUTTERFLY = (option(1, 2, 7.2), option(-1, 3, 5.3), option(1, 1, 1.1))


def ticket(legs: tuple[Leg, ...], edge: float, unit: int = 1, lots: int = 10,
           **limits: float) -> Ticket:  # fmt: skip
    gates = {"min_edge": 0.01, "min_edge_usd": 5.0, **limits}
    return make_ticket(legs, edge, unit, lots, FLAT, **gates)


def test_a_conversion_is_priced_per_share() -> None:
    """S + P - C = 98.92; an edge of 0.6595 leaves 0.6495 above the least one."""
    one = ticket(CONVERSION, 0.6595)
    assert one.net == pytest.approx(98.92)
    assert (one.least_edge, one.limit) == (0.01, 99.56)
    assert one.bound == pytest.approx(99.5695)
    assert [(leg.action, leg.ratio) for leg in one.legs] == [(BUY, 1), (SELL, 1), (BUY, 100)]
    assert (one.quantity, one.tif, one.leg_by_leg) == (10, "DAY", "")
    assert one.amount == pytest.approx(98_920.0)
    assert one.edge_at_limit == pytest.approx(0.6595 - (99.56 - 98.92))


def test_a_ratio_package_is_priced_whole() -> None:
    """2 x 7.2 - 3 x 5.3 + 1.1 = -0.40; the edge is per short contract, so 3 x 0.1233 more."""
    one = ticket(BUTTERFLY, 0.1333, unit=3)
    assert one.net == pytest.approx(-0.40)
    assert one.bound == pytest.approx(-0.40 + 3 * 0.1233)
    assert one.limit == -0.04
    assert one.amount == pytest.approx(-400.0)
    assert one.is_marketable


def test_a_mirror_has_the_other_sign() -> None:
    mirror = tuple(replace(leg, side=-leg.side) for leg in CONVERSION)
    assert net_price(mirror) == -net_price(CONVERSION)


def test_ratios_are_reduced_and_the_money_stays() -> None:
    double = tuple(replace(leg, ratio=2 * leg.ratio) for leg in BUTTERFLY)
    one, two = ticket(BUTTERFLY, 0.1333, 3, 10), ticket(double, 0.1333, 6, 5)
    assert [leg.ratio for leg in two.legs] == [2, 3, 1]
    assert (two.quantity, two.net, two.unit) == (one.quantity, one.net, one.unit)
    assert two.limit == one.limit
    assert two.bound == pytest.approx(one.bound)


def test_the_least_edge_in_currency_binds_few_lots() -> None:
    """One lot: 5 dollars and 0.35 + 0.35 + 0.50 of order minimums over 100 shares."""
    one = ticket(CONVERSION, 0.6595, lots=1)
    assert one.least_edge == pytest.approx((5.0 + 0.35 + 0.35 + 0.50) / 100.0)
    assert one.bound == pytest.approx(98.92 + 0.6595 - one.least_edge)
    # Two options reach their minimum of a dollar with 1.30, the shares with 1.00.
    assert ticket(CONVERSION, 0.6595, lots=2).least_edge == pytest.approx(5.0 / 200.0)


def test_room_is_left_for_dearer_commissions() -> None:
    """A contract at 0.04 costs 0.25 + 0.05; above a dime it would cost 0.65 + 0.05."""
    fees = FeeSchedule()
    cheap = replace(option(1, 1, 0.04, "P"), fee=0.003)
    legs = (cheap, *CONVERSION[1:])
    one = make_ticket(legs, 0.5, 1, 10, fees, min_edge=0.01, min_edge_usd=5.0)
    assert one.bound == pytest.approx(one.net + 0.5 - 0.01 - 0.004)


def test_without_least_edges_the_limit_breaks_even() -> None:
    one = make_ticket(CONVERSION, 0.25, 1, 1, FREE, min_edge=0.0, min_edge_usd=0.0)
    assert one.limit == 99.17
    assert one.edge_at_limit == pytest.approx(0.0, abs=1e-12)


def test_what_falls_short_of_the_least_edge_is_not_marketable() -> None:
    one = ticket(CONVERSION, 0.005)
    assert one.limit < one.net
    assert not one.is_marketable


@pytest.mark.parametrize(
    ("price", "tick", "expected"),
    [
        (0.9736, 0.01, 0.97), (-348.8342, 0.01, -348.84), (-0.3272, 0.05, -0.35), (0.3, 0.1, 0.3),
        (0.1 + 0.2, 0.01, 0.3), (-0.3, 0.01, -0.3), (2.675, 0.05, 2.65), (0.0, 0.05, 0.0),
    ],
)  # fmt: skip
def test_a_limit_is_rounded_down(price: float, tick: float, expected: float) -> None:
    assert round_down(price, tick) == expected


def test_what_no_broker_takes_as_one_order_says_why() -> None:
    wide = (option(1, 2, 7.2), option(-1, 7, 5.3), option(1, 5, 1.1))
    many = tuple(option(1, 1, 1.0, strike=90.0 + k) for k in range(5))
    mixed = (
        option(1, 3, 1.0, "P"),
        option(-1, 3, 3.0),
        option(1, 3, 1.0, "P", 90.0),
        stock(1, 9.0),
    )
    future = (option(1, 1, 0.1), Leg(FUTURE, 1, 1, 50_000.0, notional=1.0))
    assert why_leg_by_leg(BUTTERFLY) == ""
    assert why_leg_by_leg(CONVERSION) == ""
    assert why_leg_by_leg(wide) == "ratios 7:2, more than 3:1"
    assert why_leg_by_leg(many) == "5 legs, more than 4"
    assert why_leg_by_leg(mixed) == "more than 8 options to a round lot of stock"
    assert why_leg_by_leg((*mixed[:2], replace(mixed[3], ratio=2))) == ""
    assert "future" in why_leg_by_leg(future)


@pytest.mark.parametrize(
    ("legs", "edge", "unit", "lots"),
    [
        ((), 0.5, 1, 1), (CONVERSION, math.nan, 1, 1), (CONVERSION, 0.5, 0, 1),
        (CONVERSION, 0.5, 1, 0), ((option(1, 1, math.nan),), 0.5, 1, 1),
    ],
)  # fmt: skip
def test_no_ticket_of_nonsense(legs: tuple[Leg, ...], edge: float, unit: int, lots: int) -> None:
    with pytest.raises(ValueError, match="no ticket"):
        ticket(legs, edge, unit, lots)
