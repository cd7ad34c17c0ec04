"""What time does to positions, by our rules: against sums made by hand."""

from __future__ import annotations

import math
from datetime import date

import pytest
from served_gateway import Wire, demo_gateway, near_option, of_kind, pass_time

from engine.feeds.demo_market import Rates
from engine.gateway.gateway import Gateway
from engine.gateway.listing import Instrument
from engine.gateway.settlement import Booking

ACCOUNT = "DU1234567"
DAY = 86_400.0


def fast(symbol: str, speed: float = 21_600.0, **more: object) -> Gateway:
    """Return a gateway whose market passes a day in seconds and never moves by itself."""
    rates = Rates(spot_every=1e9, flicks=1e-9, plant_every=1e9, pace=speed)
    return demo_gateway((symbol,), rates=rates, speed=speed, **more)


def give(gateway: Gateway, index: int, quantity: int, price: float | None = None) -> None:
    paid = gateway.tape.value(index) if price is None else price
    gateway.accounts[ACCOUNT].trade(index, quantity, paid)


def base(gateway: Gateway) -> int:
    return gateway.listing.instruments[0].underlying


def until(gateway: Gateway, day: str) -> list[Booking]:
    """Let time pass to the morning of a day; return everything that was booked."""
    for _ in range(20_000):
        if gateway.stamp_text() >= day + " 14:35:00":
            return gateway.settlement.record
        pass_time(gateway, 0.05, 0.05)
    raise AssertionError("that day does not come")


def booked(record: list[Booking], what: str) -> list[Booking]:
    return [one for one in record if one.what == what]


def strike_at(gateway: Gateway, right: str, steps: int, expiry: int = 0) -> Instrument:
    rows = gateway.listing.options(gateway.listing.symbols()[0])
    days = sorted({row.expiry for row in rows})
    fit = sorted(
        (r for r in rows if r.right == right and r.expiry == days[expiry]),
        key=lambda r: r.strike,
    )
    spot = gateway.tape.value(base(gateway))
    centre = min(range(len(fit)), key=lambda k: abs(fit[k].strike - spot))
    return fit[centre + steps]


def test_interest_is_the_lending_rate_on_cash_and_the_borrowing_rate_on_debt() -> None:
    for cash in (1_000_000.0, -500_000.0):
        gateway = fast("ZETF", cash=cash)
        carry = gateway.market.carry("ZETF")
        curve = carry.lend if cash > 0 else carry.borrow
        record = until(gateway, "20260305")
        (night,) = booked(record, "interest")
        tau = 1.0 / 365.0
        assert night.amount == pytest.approx(cash * (math.exp(curve.rate(tau) * tau) - 1.0))
        assert gateway.accounts[ACCOUNT].cash == pytest.approx(cash + night.amount)


def test_a_weekend_is_three_nights() -> None:
    gateway = fast("ZETF")
    record = until(gateway, "20260309")
    nights = [one.amount / 1e6 for one in booked(record, "interest")]
    assert len(nights) == 3
    assert nights[2] / nights[0] == pytest.approx(3.0, rel=1e-2)


def test_short_stock_pays_its_fee_every_night() -> None:
    gateway = fast("ZHTB")
    give(gateway, base(gateway), -1_000)
    fee = gateway.market.carry("ZHTB").borrow_fee
    spot = gateway.tape.value(base(gateway))
    record = until(gateway, "20260305")
    (night,) = booked(record, "borrow fee")
    assert night.amount == pytest.approx(-1_000 * spot * fee / 365.0)
    assert fee > 0.1


@pytest.mark.parametrize("quantity", [300, -300])
def test_a_dividend_goes_to_who_holds_on_the_eve(quantity: int) -> None:
    gateway = fast("ZETF")
    give(gateway, base(gateway), quantity)
    carry = gateway.market.carry("ZETF")
    dividend = carry.dividends[0]
    before = gateway.tape.value(base(gateway))
    record = until(gateway, f"{dividend.ex_date:%Y%m%d}")
    (due,) = booked(record, "ex-date")
    kept = 1.0 - carry.withholding if quantity > 0 else 1.0
    assert due.amount == pytest.approx(quantity * dividend.amount * kept)
    assert gateway.tape.value(base(gateway)) == pytest.approx(before - dividend.amount, abs=0.02)
    give(gateway, base(gateway), -quantity)
    record = until(gateway, f"{dividend.pay_date:%Y%m%d}")
    (paid,) = booked(record, "dividend")
    assert paid.amount == due.amount
    assert gateway.accounts[ACCOUNT].dividends == pytest.approx(due.amount)


@pytest.mark.parametrize(("right", "quantity"), [("C", 3), ("C", -3), ("P", 3), ("P", -3)])
def test_in_the_money_stock_options_deliver_at_expiry(right: str, quantity: int) -> None:
    gateway = fast("ZETF", assignment="never")
    row = strike_at(gateway, right, -3 if right == "C" else 3)
    give(gateway, row.index, quantity)
    wire = Wire(gateway)
    wire.ask(61, 1)
    wire.take()
    cash = gateway.accounts[ACCOUNT].cash
    record = until(gateway, _after(row.expiry))
    name = "exercise" if quantity > 0 else "assignment"
    (one,) = booked(record, name)
    shares = quantity * 100 * (1 if right == "C" else -1)
    assert one.amount == pytest.approx(-shares * row.strike)
    account = gateway.accounts[ACCOUNT]
    assert account.quantity(base(gateway)) == shares
    assert account.quantity(row.index) == 0
    rest = sum(b.amount for b in record if b is not one and b.what != "ex-date")
    assert account.cash == pytest.approx(cash + one.amount + rest)
    # Notice comes at the next open.
    heard = of_kind(wire.take(), 61)
    assert {m[5]: m[-2] for m in heard} == {"STK": str(shares), "OPT": "0"}


def _after(day: str) -> str:
    from engine.market.calendar import US

    return f"{US.next_session(date(int(day[:4]), int(day[4:6]), int(day[6:]))):%Y%m%d}"


def test_out_of_the_money_options_expire_worthless() -> None:
    gateway = fast("ZETF", assignment="never")
    row = strike_at(gateway, "C", 4)
    give(gateway, row.index, -2, 1.0)
    record = until(gateway, _after(row.expiry))
    assert len(booked(record, "expired worthless")) == 1
    assert gateway.accounts[ACCOUNT].held() == {}
    assert gateway.accounts[ACCOUNT].realized == pytest.approx(200.0)


@pytest.mark.parametrize("settlement", ["AM", "PM"])
def test_index_options_pay_cash_in_the_morning_or_at_the_close(settlement: str) -> None:
    gateway = fast("ZIDX", assignment="never")
    rows = gateway.listing.options("ZIDX")
    days = sorted({r.expiry for r in rows if r.settlement == settlement})
    if not days:
        pytest.fail(f"the listing has no {settlement} series")
    spot = gateway.tape.value(base(gateway))
    row = min(
        (r for r in rows if r.expiry == days[0] and r.right == "C"),
        key=lambda r: abs(r.strike - 0.97 * spot),
    )
    give(gateway, row.index, 5)
    record = until(gateway, _after(row.expiry))
    (one,) = booked(record, "cash settlement")
    assert one.amount == pytest.approx(5 * (spot - row.strike) * 100, rel=1e-3)
    calendar = gateway.market.calendar("ZIDX")
    day = date(int(row.expiry[:4]), int(row.expiry[4:6]), int(row.expiry[6:]))
    at = calendar.open_ns(day) if settlement == "AM" else calendar.close_ns(day)
    assert abs(one.ts_ns - at) <= 1
    assert gateway.accounts[ACCOUNT].held() == {}


def test_a_call_is_assigned_before_an_ex_date_when_that_pays_its_holder() -> None:
    gateway = fast("ZDIV")
    row = strike_at(gateway, "C", -4, 1)
    far = strike_at(gateway, "C", 3, 1)
    for one in (row, far):
        give(gateway, one.index, -1)
    dividend = gateway.market.carry("ZDIV").dividends[0]
    assert f"{dividend.ex_date:%Y%m%d}" <= row.expiry
    record = until(gateway, f"{dividend.ex_date:%Y%m%d}")
    early = booked(record, "assignment")
    assert [one.instrument for one in early] == [row.index]
    # Short stock since the eve: it owes the dividend although notice came only at the open.
    (due,) = booked(record, "ex-date")
    assert due.amount == pytest.approx(-100 * dividend.amount)
    assert gateway.accounts[ACCOUNT].quantity(far.index) == -1


def test_a_box_held_to_expiry_pays_its_width() -> None:
    """Whatever the price: four legs, exercised and assigned, leave the width and no stock."""
    gateway = fast("ZETF", assignment="never")
    low, high = strike_at(gateway, "C", -2), strike_at(gateway, "C", 2)
    low_put, high_put = strike_at(gateway, "P", -2), strike_at(gateway, "P", 2)
    for row, quantity in ((low, 1), (high, -1), (high_put, 1), (low_put, -1)):
        give(gateway, row.index, quantity, 0.0)
    gateway.mishaps.jump("ZETF", 0.01)
    record = until(gateway, _after(low.expiry))
    account = gateway.accounts[ACCOUNT]
    assert account.held() == {}
    paid = sum(b.amount for b in record if b.what in ("exercise", "assignment"))
    assert paid == pytest.approx(100 * (high.strike - low.strike))


def test_series_that_settled_are_listed_no_more() -> None:
    gateway = fast("ZETF")
    wire = Wire(gateway)
    index = near_option(gateway, "ZETF", expiry=0)
    row = gateway.listing.instruments[index]
    asked = [0, "ZETF", "OPT", row.expiry, 0, "", "", "", "", "", "", "", 0, "", "", ""]
    assert wire.request(9, 8, 1, *asked)[0][0] == "10"
    until(gateway, _after(row.expiry))
    again = Wire(gateway, 2)
    assert again.request(9, 8, 1, *asked)[0][3] == "200"
