"""The exchange: price-time priority against displayed size, combos, times in force, cash."""

from __future__ import annotations

from random import Random

import pytest
from served_gateway import (
    Wire,
    contract_fields,
    demo_gateway,
    near_option,
    of_kind,
    pass_time,
    stock,
)

from engine.feeds.demo_market import Rates
from engine.gateway.faults import Rule
from engine.gateway.gateway import Gateway
from engine.market.fees import FeeSchedule

ACCOUNT = "DU1234567"


@pytest.fixture
def gateway() -> Gateway:
    return demo_gateway()


def fills(messages: list[list[str]]) -> list[tuple[str, float, int]]:
    return [(m[18], float(m[20]), int(m[19])) for m in of_kind(messages, 11)]


def test_a_fill_takes_what_is_displayed_and_no_more(gateway: Gateway) -> None:
    wire = Wire(gateway)
    index = near_option(gateway, "ZETF")
    quote = gateway.market.quotes[index]
    ask, shown = quote.ask, int(quote.ask_size)
    messages = wire.place(1, contract_fields(gateway, index), limit=ask, quantity=shown + 5)
    assert fills(messages) == [("BOT", ask, shown)]
    assert of_kind(messages, 3)[-1][2:5] == ["Submitted", str(shown), "5"]
    assert quote.ask > ask
    # The level comes back around its value within two seconds: the rest is filled at the limit.
    later = wire.wait(4.0)
    quote = gateway.market.quotes[index]
    if quote.ask <= ask:
        assert fills(later) == [("BOT", ask, 5)]


def test_a_resting_order_is_displayed_and_has_priority_by_time(gateway: Gateway) -> None:
    first, second = Wire(gateway, 1), Wire(gateway, 2)
    index = near_option(gateway, "ZETF")
    contract = contract_fields(gateway, index)
    quote = gateway.market.quotes[index]
    better = round(quote.bid + 0.01, 2)
    assert better < quote.ask
    first.place(1, contract, limit=better, quantity=3)
    second.place(1, contract, limit=better, quantity=4)
    assert gateway.exchange.touch(index)[:2] == (better, 7.0)
    third = Wire(gateway, 3)
    messages = third.place(1, contract, action="SELL", limit=better, quantity=5)
    assert [f[1:] for f in fills(messages)] == [(better, 3), (better, 2)]
    assert fills(first.take()) == [("BOT", better, 3)]
    assert fills(second.take()) == [("BOT", better, 2)]
    assert gateway.exchange.touch(index)[:2] == (better, 2.0)


def test_a_better_price_goes_first_and_the_earlier_at_one_price(gateway: Gateway) -> None:
    wire = Wire(gateway)
    index = near_option(gateway, "ZETF")
    contract = contract_fields(gateway, index)
    quote = gateway.market.quotes[index]
    bid = quote.bid
    wire.place(1, contract, limit=bid, quantity=2)  # behind the market maker, who was there
    seller = Wire(gateway, 2)
    messages = seller.place(1, contract, action="SELL", limit=bid, quantity=1)
    assert fills(messages) == [("SLD", bid, 1)]
    assert fills(wire.take()) == []
    wire.place(2, contract, limit=round(bid + 0.01, 2), quantity=1)
    messages = seller.place(2, contract, action="SELL", limit=bid, quantity=1)
    assert fills(messages) == [("SLD", round(bid + 0.01, 2), 1)]


def test_a_quote_that_comes_to_a_resting_order_trades_at_its_price(gateway: Gateway) -> None:
    wire = Wire(gateway)
    base = next(iter(gateway.listing.of_symbol("ZETF")))
    bid = gateway.market.quotes[base].bid
    limit = round(bid - 0.20, 2)
    wire.place(1, stock(gateway, "ZETF"), limit=limit, quantity=100)
    gateway.mishaps.jump("ZETF", -0.01)
    gateway.flush()
    assert fills(wire.take()) == [("BOT", limit, 100)]


@pytest.mark.parametrize("tif", ["IOC", "FOK"])
def test_immediate_orders_do_not_rest(gateway: Gateway, tif: str) -> None:
    wire = Wire(gateway)
    index = near_option(gateway, "ZETF")
    quote = gateway.market.quotes[index]
    shown = int(quote.ask_size)
    messages = wire.place(
        1, contract_fields(gateway, index), limit=quote.ask, quantity=shown + 1, tif=tif
    )
    assert sum(f[2] for f in fills(messages)) == (shown if tif == "IOC" else 0)
    assert of_kind(messages, 3)[-1][2] == "Cancelled"
    assert gateway.exchange.books == {}


def test_all_or_none_waits_for_the_whole(gateway: Gateway) -> None:
    wire = Wire(gateway)
    index = near_option(gateway, "ZETF")
    quote = gateway.market.quotes[index]
    contract = contract_fields(gateway, index)
    quantity = int(quote.ask_size) + 1
    messages = wire.place(1, contract, limit=quote.ask, quantity=quantity, all_or_none=True)
    assert fills(messages) == []
    quote.ask_size += 10.0
    gateway.tape.quoted(index)
    gateway.flush()
    assert fills(wire.take())[0][2] == quantity


def test_sizes_of_a_leg_are_not_given_twice(gateway: Gateway) -> None:
    wire = Wire(gateway)
    call, put = near_option(gateway, "ZETF", "C"), near_option(gateway, "ZETF", "P")
    ids = [gateway.listing.contracts[i].con_id for i in (call, put)]
    bag: list[object] = [0, "ZETF", "BAG", "", 0.0, "", "", "SMART", "", "USD", "", ""]
    legs = [(ids[0], 1, "BUY"), (ids[1], 2, "BUY")]
    quotes = gateway.market.quotes
    size = min(int(quotes[call].ask_size), int(quotes[put].ask_size) // 2)
    net = quotes[call].ask + 2 * quotes[put].ask
    messages = wire.place(1, bag, limit=round(net, 2), quantity=size + 3, legs=legs)
    assert [f[2] for f in fills(messages)] == [size, size, 2 * size]
    account = gateway.accounts[ACCOUNT]
    assert (account.quantity(call), account.quantity(put)) == (size, 2 * size)


def test_a_sold_combo_is_the_bought_one_turned_round(gateway: Gateway) -> None:
    wire = Wire(gateway)
    call, put = near_option(gateway, "ZETF", "C"), near_option(gateway, "ZETF", "P")
    ids = [gateway.listing.contracts[i].con_id for i in (call, put)]
    bag: list[object] = [0, "ZETF", "BAG", "", 0.0, "", "", "SMART", "", "USD", "", ""]
    quotes = gateway.market.quotes
    net = quotes[call].bid - quotes[put].ask
    legs = [(ids[0], 1, "BUY"), (ids[1], 1, "SELL")]
    messages = wire.place(1, bag, action="SELL", limit=round(net, 2), legs=legs)
    assert [f[0] for f in fills(messages)] == ["SLD", "SLD", "BOT"]
    assert fills(messages)[0][1] == pytest.approx(net)
    again = wire.place(2, bag, action="SELL", limit=round(net + 0.5, 2), legs=legs)
    assert fills(again) == []


def test_a_minimum_is_due_once_for_an_order(gateway: Gateway) -> None:
    fees = FeeSchedule()
    wire = Wire(gateway)
    messages = wire.place(1, contract_fields(gateway, near_option(gateway, "ZETF")), kind="MKT")
    assert [float(m[3]) for m in of_kind(messages, 59)] == [fees.order_minimum]
    messages = wire.place(2, stock(gateway, "ZETF"), kind="MKT", quantity=1_000)
    assert sum(float(m[3]) for m in of_kind(messages, 59)) == pytest.approx(5.0)


def test_stock_is_as_deep_as_shown_until_it_is_quoted_anew(gateway: Gateway) -> None:
    wire = Wire(gateway)
    base = next(iter(gateway.listing.of_symbol("ZETF")))
    quote = gateway.market.quotes[base]
    shown = int(quote.ask_size)
    contract = stock(gateway, "ZETF")
    limit = round(quote.ask + 0.5, 2)
    assert fills(wire.place(1, contract, limit=limit, quantity=shown + 100))[0][2] == shown
    assert fills(wire.place(2, contract, limit=limit, quantity=100)) == []
    gateway.tape.quoted(base)
    gateway.flush()
    assert sorted(f[2] for f in fills(wire.take())) == [100, 100]


def test_a_minimum_covers_all_fills_of_an_order() -> None:
    gateway = demo_gateway(rules=[Rule("small_size", nth=1, fraction=0.2)])
    wire = Wire(gateway)
    index = near_option(gateway, "ZETF")
    messages = wire.place(1, contract_fields(gateway, index), kind="MKT", quantity=5)
    paid = [float(m[3]) for m in of_kind(messages, 59)]
    assert len(paid) == 2
    assert paid[0] == 1.0
    assert sum(paid) == pytest.approx(5 * 0.70)


def test_day_orders_end_with_the_day_and_others_do_not() -> None:
    gateway = demo_gateway(speed=3_600.0, rates=Rates(1e9, 1e-9, 1e9, pace=3_600.0))
    wire = Wire(gateway)
    contract = stock(gateway, "ZETF")
    wire.place(1, contract, limit=1.0, tif="DAY")
    wire.place(2, contract, limit=1.0, tif="GTC")
    messages = wire.wait(7.0)
    assert [m[1:3] for m in of_kind(messages, 3)] == [["1", "Cancelled"]]
    assert gateway.stamp_text()[:8] == "20260305"


def test_random_trading_conserves_cash_and_positions() -> None:
    """Whatever two clients do: what the executions say is what the account has, to the cent."""
    gateway = demo_gateway(
        ("ZETF", "ZDIV"), rates=Rates(spot_every=0.2, flicks=200.0, plant_every=1e9), pacing=0
    )
    wires = [Wire(gateway, 1), Wire(gateway, 2)]
    rng = Random(4)
    seen: list[list[str]] = []
    for k in range(1, 250):
        wire = wires[k % 2]
        symbol = ("ZETF", "ZDIV")[int(rng.random() * 2)]
        rows = gateway.listing.options(symbol)
        row = rows[int(rng.random() * len(rows))]
        index = row.index if rng.random() < 0.8 else row.underlying
        quote = gateway.market.quotes[index]
        price = quote.ask if rng.random() < 0.5 else quote.bid
        if price <= 0.0:
            continue
        action = "BUY" if rng.random() < 0.5 else "SELL"
        tif = ("DAY", "GTC", "IOC", "FOK")[int(rng.random() * 4)]
        quantity = 1 + int(rng.random() * 300)
        wire.place(k, contract_fields(gateway, index), action=action, limit=price,
                   quantity=quantity, tif=tif)  # fmt: skip
        if rng.random() < 0.2:
            wire.ask(4, 1, k - 2, "")
        pass_time(gateway, 0.05)
    for wire in wires:
        wire.ask(58, 1)
        seen += wire.take()
    account = gateway.accounts[ACCOUNT]
    cash, held = 1_000_000.0, dict[int, int]()
    for execution in account.executions:
        row = gateway.listing.instruments[execution.instrument]
        signed = execution.side * execution.quantity
        cash -= signed * execution.price * row.multiplier + execution.commission
        held[execution.instrument] = held.get(execution.instrument, 0) + signed
    assert len(account.executions) > 50
    assert account.cash == pytest.approx(cash, abs=1e-6)
    assert {i: p.quantity for i, p in account.held().items()} == {
        i: q for i, q in sorted(held.items()) if q
    }
    assert all(order.is_final for order in gateway.desk.every)
    assert gateway.exchange.books == {}
    for order in gateway.desk.every:
        mine = [e for e in account.executions if e.perm_id == order.perm_id]
        assert sum(e.quantity for e in mine) == order.filled <= order.placed.quantity
        for execution in mine:
            limit = order.placed.side * order.placed.limit
            assert execution.side * execution.price <= limit + 1e-9
