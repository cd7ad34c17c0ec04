"""The wire, message by message: contracts, market data, accounts, history, pacing."""

from __future__ import annotations

import time

import pytest
from served_gateway import (
    Wire,
    contract_fields,
    demo_gateway,
    kinds,
    near_option,
    of_kind,
    pass_time,
    stock,
)

from engine.feeds.demo_market import Rates
from engine.gateway.frames import text
from engine.gateway.gateway import Gateway


@pytest.fixture
def gateway() -> Gateway:
    return demo_gateway()


def test_answers_about_contracts(gateway: Gateway) -> None:
    wire = Wire(gateway)
    contract = stock(gateway, "ZETF")
    details, end = wire.request(9, 8, 11, *contract, False, "", "", "")
    assert details[:4] == ["10", "11", "ZETF", "STK"]
    assert end == ["52", "1", "11"]
    rows = wire.request(78, 12, "ZETF", "", "STK", contract[0])
    assert kinds(rows) == ["75", "75", "76"]
    n_expiries = int(rows[0][6])
    assert len(rows[0]) == 7 + n_expiries + 1 + int(rows[0][7 + n_expiries])
    (found,) = wire.request(81, 13, "zet")
    assert found[:6] == ["79", "13", "1", str(contract[0]), "ZETF", "STK"]
    (rule,) = wire.request(91, 26)
    assert rule == ["93", "26", "1", "0", "0.01"]
    assert wire.request(9, 8, 14, 0, "ZETF", "BAG", *[""] * 9, 0, "", "", "")[0][3] == "321"
    assert wire.request(9, 8, 15, 0, "NONE", "STK", *[""] * 9, 0, "", "", "")[0][3] == "200"


@pytest.mark.parametrize("version", [157, 163, 164, 178])
def test_details_have_the_layout_of_their_version(version: int) -> None:
    gateway = demo_gateway()
    wire = Wire(gateway, 1, version)
    extra = [""] if version >= 176 else []
    details, _ = wire.request(9, 8, 1, *stock(gateway, "ZETF"), False, "", "", *extra)
    assert len(details) == {157: 39, 163: 40, 164: 40, 178: 40}[version]


def test_market_data_begins_changes_and_ends(gateway: Gateway) -> None:
    wire = Wire(gateway)
    index = near_option(gateway, "ZETF")
    messages = wire.request(1, 11, 9, *contract_fields(gateway, index), 0, "", 0, 0, "")
    assert kinds(messages)[:2] == ["81", "58"]
    quote = gateway.market.quotes[index]
    bid = next(m for m in of_kind(messages, 1) if m[3] == "1")
    assert bid == ["1", "6", "9", "1", text(quote.bid), str(int(quote.bid_size)), "1"]
    assert {len(m) for m in of_kind(messages, 1)} == {7}
    quote.bid -= 0.01
    gateway.tape.quoted(index)
    gateway.flush()
    changed = wire.take()
    assert [(m[0], m[3]) for m in changed] == [("1", "1"), ("2", "0")]
    (greeks,) = of_kind(wire.wait(1.1), 21)
    assert len(greeks) == 12
    assert 0.05 < float(greeks[4]) < 1.0
    assert 0.2 < float(greeks[5]) < 0.8
    assert wire.request(2, 2, 9) == []
    assert wire.request(2, 2, 9)[0][3] == "300"


def test_a_snapshot_ends_by_itself(gateway: Gateway) -> None:
    wire = Wire(gateway)
    messages = wire.request(1, 11, 9, *stock(gateway, "ZETF"), 0, "", 1, 0, "")
    assert messages[-1] == ["57", "1", "9"]
    assert gateway.tape.line_count() == 0


def test_lines_are_counted_over_all_clients() -> None:
    gateway = demo_gateway(most_lines=2)
    first, second = Wire(gateway, 1), Wire(gateway, 2)
    contract = stock(gateway, "ZETF")
    first.request(1, 11, 1, *contract, 0, "", 0, 0, "")
    second.request(1, 11, 1, *contract, 0, "", 0, 0, "")
    assert first.request(1, 11, 2, *contract, 0, "", 0, 0, "")[0][3] == "101"
    second.session.lost()
    assert first.request(1, 11, 2, *contract, 0, "", 0, 0, "")[0][0] == "81"


def test_a_line_of_a_combo_is_its_legs_together(gateway: Gateway) -> None:
    wire = Wire(gateway)
    call, put = near_option(gateway, "ZETF", "C"), near_option(gateway, "ZETF", "P")
    ids = [gateway.listing.contracts[i].con_id for i in (call, put)]
    bag = [0, "ZETF", "BAG", "", 0.0, "", "", "SMART", "", "USD", "", ""]
    legs = [2, ids[0], 1, "BUY", "SMART", ids[1], 1, "SELL", "SMART"]
    messages = wire.request(1, 11, 9, *bag, *legs, 0, "", 0, 0, "")
    bid = next(m for m in of_kind(messages, 1) if m[3] == "1")
    quotes = gateway.market.quotes
    assert float(bid[4]) == pytest.approx(quotes[call].bid - quotes[put].ask)


def test_accounts_positions_summary_and_profit(gateway: Gateway) -> None:
    wire = Wire(gateway)
    wire.place(1, contract_fields(gateway, near_option(gateway, "ZETF")), kind="MKT")
    messages = wire.request(6, 2, True, "DU1234567")
    assert kinds(messages)[-2:] == ["8", "54"]
    assert len(of_kind(messages, 7)) == 1
    assert len(of_kind(messages, 7)[0]) == 20
    values = {m[2]: m[3] for m in of_kind(messages, 6)}
    equity = float(values["TotalCashValue"]) + float(values["OptionMarketValue"])
    assert float(values["NetLiquidation"]) == pytest.approx(equity, abs=0.02)
    assert kinds(wire.request(61, 1)) == ["61", "62"]
    summary = wire.request(62, 1, 5, "All", "NetLiquidation,BuyingPower")
    assert [m[4] for m in of_kind(summary, 63)] == ["NetLiquidation", "BuyingPower"]
    assert kinds(summary)[-1] == "64"
    assert wire.request(62, 1, 6, "All", "Wealth")[0][3] == "321"
    assert kinds(wire.request(76, 1, 7, "DU1234567", "", False))[-1] == "74"
    (pnl,) = wire.request(92, 8, "DU1234567", "")
    assert pnl[:2] == ["94", "8"]
    assert float(pnl[2]) == pytest.approx(float(values["NetLiquidation"]) - 1e6, abs=0.02)
    con_id = gateway.listing.contracts[near_option(gateway, "ZETF")].con_id
    (single,) = wire.request(94, 9, "DU1234567", "", con_id)
    assert single[:3] == ["95", "9", "1"]


def test_history_and_bars(gateway: Gateway) -> None:
    wire = Wire(gateway)
    contract = stock(gateway, "ZETF")
    tail = [False, "", "1 hour", "2 D", True, "TRADES", 2, False, ""]
    (history,) = wire.request(20, 4, *contract, *tail)
    count = int(history[4])
    assert len(history) == 5 + 8 * count
    assert count >= 7
    days = [False, "20260301 00:00:00 UTC", "1 day", "1 M", True, "TRADES", 1, False, ""]
    (history,) = wire.request(20, 5, *contract, *days)
    rows = [history[5 + 8 * k : 13 + 8 * k] for k in range(int(history[4]))]
    assert rows[-1][0] == "20260227"
    for row in rows:
        low, high = float(row[3]), float(row[2])
        assert low <= min(float(row[1]), float(row[4])) <= high
        assert low <= max(float(row[1]), float(row[4])) <= high
    wrong = [False, "", "1 fortnight", "2 D", True, "TRADES", 1, False, ""]
    assert wire.request(20, 6, *contract, *wrong)[0][3] == "321"
    wire.request(50, 3, 7, *contract, 5, "TRADES", True, "")
    assert len(of_kind(wire.wait(5.2), 50)[0]) == 11


def test_tick_by_tick(gateway: Gateway) -> None:
    wire = Wire(gateway)
    index = near_option(gateway, "ZETF")
    contract = contract_fields(gateway, index)
    (first,) = wire.request(97, 3, *contract, "BidAsk", 0, False)
    assert first[:3] == ["99", "3", "3"]
    assert len(first) == 9
    (middle,) = wire.request(97, 4, *contract, "MidPoint", 0, False)
    assert len(middle) == 5
    wire.request(97, 5, *contract, "AllLast", 0, False)
    trade = [m for m in wire.place(1, contract, kind="MKT") if m[0] == "99" and m[2] == "2"]
    assert len(trade[0]) == 9
    wire.request(98, 5)
    assert wire.request(97, 6, *contract, "Depth", 0, False)[0][3] == "321"


def test_small_questions(gateway: Gateway) -> None:
    wire = Wire(gateway)
    assert wire.request(49, 1) == [["49", "1", "1772636400"]]
    assert wire.request(17, 1) == [["15", "1", "DU1234567"]]
    assert wire.request(8, 1, 1) == [["9", "1", "1"]]
    assert wire.request(14, 1, 5) == []
    assert wire.request(12345, 1)[0][3] == "505"
    assert wire.request("x", 1)[0][3] == "320"
    assert wire.request(15, 1, True)[0][3] == "321"


def test_too_many_messages_are_counted_against_a_client() -> None:
    gateway = demo_gateway(pacing=50)
    wire = Wire(gateway)
    for _ in range(51):
        wire.ask(49, 1)
    assert of_kind(wire.take(), 4)[0][3] == "100"
    assert not wire.is_closed
    for _ in range(102):
        wire.ask(49, 1)
    assert wire.is_closed


def test_a_slow_client_gets_the_newest_quote_only(gateway: Gateway) -> None:
    wire = Wire(gateway)
    index = near_option(gateway, "ZETF")
    wire.request(1, 11, 9, *contract_fields(gateway, index), 0, "", 0, 0, "")
    wire.held = 1 << 30
    wire.ask(49, 1)
    wire.take()
    quote = gateway.market.quotes[index]
    for _ in range(50):
        quote.bid = round(quote.bid - 0.01, 2)
        gateway.tape.quoted(index)
    gateway.flush()
    assert of_kind(wire.take(), 1) == []
    wire.held = 0
    wire.ask(49, 1)
    gateway.flush()
    assert [m[4] for m in of_kind(wire.take(), 1)] == [text(quote.bid)]


def test_the_rate_of_encoded_quotes_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """One client watches everything: quotes a second of processor time, encoding included."""
    symbols = ("ZDIV", "ZETF", "ZGRO", "ZHTB", "ZIDX")
    gateway = demo_gateway(symbols, rates=Rates(), most_lines=10_000, pacing=0)
    wire = Wire(gateway)
    for row in gateway.listing.instruments:
        wire.ask(1, 11, row.index, *contract_fields(gateway, row.index), 0, "", 0, 0, "")
    wire.take()
    sent, start = gateway.market.sent, time.process_time()  # type: ignore[attr-defined]
    pass_time(gateway, 8.0)
    spent = time.process_time() - start
    updates = gateway.market.sent - sent  # type: ignore[attr-defined]
    with capsys.disabled():
        print(f"\ngateway, compact, encoded: {updates / spent:,.0f} updates a second")
    assert len(wire.take()) >= updates
