"""What time does to positions is told from what we traded, and from what nobody can explain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

import pytest

from engine.clock import to_ns
from engine.execution.reconcile import Difference
from engine.execution.settlements import Booking, Explained, explain, has_expired
from engine.market.contract import OPTION, Contract

DAY, LATER = date(2026, 4, 17), date(2026, 5, 15)
MONDAY = to_ns(datetime(2026, 4, 20, 14, tzinfo=timezone.utc))
BEFORE = to_ns(datetime(2026, 4, 15, 14, tzinfo=timezone.utc))


def option(right: str, strike: float, day: date = DAY) -> Contract:
    return Contract(OPTION, "XYZ", "", day, right, strike)


def told(
    ours: Mapping[Contract, float], broker: Mapping[str, float], *, now_ns: int = MONDAY,
    stock: float = 0.0, spot: float = math.nan, cash: bool = False, **foreign: float,
) -> Explained:  # fmt: skip
    held = {contract.name: quantity for contract, quantity in ours.items()}
    return explain(
        [(contract, 100.0) for contract in ours], {**held, "XYZ": stock}, foreign, broker, now_ns,
        lambda symbol: spot, lambda symbol: cash,
    )  # fmt: skip


CALL, PUT = option("C", 100.0), option("P", 100.0)


def test_a_conversion_ends_flat_whichever_way_the_stock_went() -> None:
    ours = {CALL: -2.0, PUT: 2.0}
    above = told(ours, {}, stock=200.0, spot=104.0)
    assert above.bookings == (
        Booking(CALL.name, -2.0, "assigned", "XYZ", -200.0, 100.0),
        Booking(PUT.name, 2.0, "expired"),
    )  # fmt: skip
    below = told(ours, {}, stock=200.0, spot=96.0)
    assert below.bookings == (
        Booking(CALL.name, -2.0, "expired"),
        Booking(PUT.name, 2.0, "exercised", "XYZ", -200.0, 100.0),
    )  # fmt: skip
    assert above.unexplained == below.unexplained == ()


@pytest.mark.parametrize("broker", [{"XYZ": 200.0}, {"XYZ": 100.0}, {"XYZ": -200.0}])
def test_stock_that_no_level_leaves_is_not_explained(broker: dict[str, float]) -> None:
    found = told({CALL: -2.0, PUT: 2.0}, broker, stock=200.0)
    assert found == Explained((), (Difference("XYZ", 200.0, broker["XYZ"]),))


def test_two_strikes_of_which_one_is_in_the_money() -> None:
    ours = {option("C", 95.0): 1.0, option("C", 105.0): -1.0}
    one = told(ours, {"XYZ": 100.0}).bookings
    assert [(b.what, b.shares, b.strike) for b in one] == [
        ("exercised", 100.0, 95.0), ("expired", 0.0, 0.0),
    ]  # fmt: skip
    both = told(ours, {}, spot=110.0).bookings
    assert [(b.what, b.shares) for b in both] == [("exercised", 100.0), ("assigned", -100.0)]
    none = told(ours, {}, spot=90.0).bookings
    assert [b.what for b in none] == ["expired", "expired"]
    # The other way round is not possible: the dear call alone is never exercised.
    assert told(ours, {"XYZ": -100.0}).bookings == ()


def test_a_sold_option_may_be_assigned_early_and_a_bought_one_may_not_go() -> None:
    call, put = option("C", 95.0, LATER), option("P", 105.0, LATER)
    early = told({call: -3.0}, {call.name: -1.0, "XYZ": -200.0}, now_ns=BEFORE)
    assert early.bookings == (Booking(call.name, -2.0, "assigned", "XYZ", -200.0, 95.0),)
    early = told({put: -1.0}, {"XYZ": 100.0}, now_ns=BEFORE)
    assert early.bookings == (Booking(put.name, -1.0, "assigned", "XYZ", 100.0, 105.0),)
    assert told({call: -1.0}, {}, now_ns=BEFORE).bookings == ()  # gone, and no stock
    assert told({call: 1.0}, {"XYZ": 100.0}, now_ns=BEFORE) == Explained()
    assert told({call: -1.0}, {call.name: -2.0}, now_ns=BEFORE) == Explained()
    assert told({call: -1.0}, {call.name: 1.0, "XYZ": -200.0}, now_ns=BEFORE) == Explained()


def test_what_pays_cash_leaves_no_stock_and_is_not_assigned_early() -> None:
    found = told({CALL: 1.0, PUT: -1.0}, {}, cash=True)
    assert [b.what for b in found.bookings] == ["expired", "expired"]
    assert told({CALL: 1.0, PUT: -1.0}, {}, cash=False).bookings == ()
    call = option("C", 95.0, LATER)
    assert told({call: -1.0}, {"XYZ": -100.0}, now_ns=BEFORE, cash=True).bookings == ()


def test_what_the_account_held_before_is_not_judged() -> None:
    changes: dict[str, Any] = {CALL.name: 1.0}
    assert told({CALL: 1.0}, {}, **changes) == Explained()
    assert told({CALL: 1.0}, {CALL.name: 1.0}) == Explained()


def test_two_expiries_at_once_and_a_day_that_has_not_closed() -> None:
    near, far = option("C", 100.0), option("P", 110.0, LATER)
    june = to_ns(datetime(2026, 6, 1, 14, tzinfo=timezone.utc))
    found = told({near: 1.0, far: 1.0}, {}, now_ns=june, spot=105.0)
    assert [(b.what, b.shares) for b in found.bookings] == [
        ("exercised", 100.0),
        ("exercised", -100.0),
    ]
    noon, evening = (
        to_ns(datetime(2026, 4, 17, hour, tzinfo=timezone.utc)) for hour in (16, 20)
    )  # fmt: skip
    assert (has_expired(near, noon), has_expired(near, evening)) == (False, True)
    assert told({near: 1.0}, {}, now_ns=noon) == Explained()
