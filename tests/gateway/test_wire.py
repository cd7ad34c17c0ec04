"""The wire, message by message, by a client of bytes: layouts, counts, refusals."""

from __future__ import annotations

import pytest
from served_gateway import (
    Wire,
    contract_fields,
    demo_gateway,
    kinds,
    near_option,
    of_kind,
    place_order,
    stock,
)

from engine.gateway.frames import FrameReader, frame, split, text, versions
from engine.gateway.gateway import Gateway

VERSIONS = range(157, 179)


@pytest.fixture
def gateway() -> Gateway:
    return demo_gateway()


def test_the_handshake_is_as_the_clients_expect_it(gateway: Gateway) -> None:
    wire = Wire(gateway)
    ((version, stamp),) = wire.greeting
    assert (version, stamp) == ("178", "20260304 15:00:00 UTC")
    assert wire.started[0] == ["15", "1", "DU1234567"]
    assert wire.started[1] == ["9", "1", "1"]
    assert [m[3] for m in of_kind(wire.started, 4)] == ["2104", "2106", "2158"]


@pytest.mark.parametrize(
    ("offer", "announced"),
    [("v157..178", 178), ("v100..157", 157), ("v100..226", 178), ("v170", 170), ("v160..165", 165)],
)
def test_the_version_announced_is_the_highest_both_speak(offer: str, announced: int) -> None:
    gateway = demo_gateway()
    wire = Wire.__new__(Wire)
    wire.gateway, wire.raw, wire.is_closed, wire.held = gateway, bytearray(), False, 0
    session = gateway.connect(wire)
    assert session is not None
    payload = offer.encode() + b" +PACEAPI"
    session.data(b"API\0" + len(payload).to_bytes(4, "big") + payload)
    gateway.flush()
    assert wire.take()[0][0] == str(announced)
    assert not wire.is_closed


@pytest.mark.parametrize("offer", ["v100..156", "v179..226", "v1"])
def test_a_client_without_a_common_version_is_told_and_left(offer: str) -> None:
    gateway = demo_gateway()
    wire = Wire.__new__(Wire)
    wire.gateway, wire.raw, wire.is_closed, wire.held = gateway, bytearray(), False, 0
    session = gateway.connect(wire)
    assert session is not None
    session.data(b"API\0" + len(offer).to_bytes(4, "big") + offer.encode())
    gateway.flush()
    (error,) = wire.take()
    assert error[:4] == ["4", "2", "-1", "506"]
    assert wire.is_closed


def test_a_client_id_in_use_is_refused_with_326(gateway: Gateway) -> None:
    first, second = Wire(gateway, 5), Wire(gateway, 5)
    assert of_kind(second.started, 4)[0][2:4] == ["-1", "326"]
    assert second.is_closed
    assert not first.is_closed
    first.session.lost()
    assert not Wire(gateway, 5).is_closed


def test_numbers_are_written_as_clients_read_them() -> None:
    assert [text(x) for x in (100.0, 0.05, -5.28, True, None, float("nan"), float("inf"))] == [
        "100", "0.05", "-5.28", "1", "", "", "1.7976931348623157E308",
    ]  # fmt: skip


def test_what_is_not_ascii_is_escaped() -> None:
    assert b"\\u20ac" in frame("€")


def test_frames_come_together_however_they_are_cut() -> None:
    data = b"API\0" + frame("v157..178")[:-1].replace(b"\x00\x00\x00\x0a", b"\x00\x00\x00\x09")
    stream = data + frame(71, 2, 1, "") + frame(49, 1)
    whole = FrameReader().feed(stream)
    for cut in (1, 2, 3, 5, 7):
        reader, found = FrameReader(), []
        for at in range(0, len(stream), cut):
            found += reader.feed(stream[at : at + cut])
        assert found == whole
    assert versions(whole[0]) == (157, 178)
    assert split(whole[2]) == ["49", "1"]


# Counts of messages of a real TWS that others have quoted (docs/GATEWAY.md), the id included.
@pytest.mark.parametrize(
    ("version", "opened", "completed"), [(157, 128, 96), (164, 131, 96), (178, 135, 100)]
)
def test_order_messages_have_the_counts_of_a_real_one(
    gateway: Gateway, version: int, opened: int, completed: int
) -> None:
    wire = Wire(gateway, 1, version)
    contract = contract_fields(gateway, near_option(gateway, "ZETF"))
    messages = wire.place(1, contract, kind="MKT", quantity=1)
    assert {len(m) for m in of_kind(messages, 5)} == {opened}
    assert {len(m) for m in of_kind(messages, 3)} == {12}
    assert {len(m) for m in of_kind(messages, 11)} == {32 if version >= 178 else 31}
    assert {len(m) for m in of_kind(messages, 59)} == {8}
    (done, end) = wire.request(99, False)
    assert len(done) == completed
    assert end == ["102"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_order_is_read_at_every_version(version: int) -> None:
    gateway = demo_gateway()
    wire = Wire(gateway, 1, version)
    contract = stock(gateway, "ZETF")
    message = place_order(7, contract, version, limit=1.0, quantity=100, ref="mine")
    assert len(message) == {157: 110, 178: 114}.get(version, len(message))
    wire.ask(*message)
    assert kinds(wire.take()) == ["5", "3", "5", "3"]
    (opened, _, end) = wire.request(5, 1)
    assert opened[1] == "7"
    assert "mine" in opened
    assert end == ["53", "1"]
    # One field more or fewer is another order than meant: refused, and nothing is placed.
    for broken in ([*message, ""], message[:-1]):
        broken[1] = 8
        wire.ask(*broken)
        (error,) = wire.take()
        assert error[0:1] + error[3:4] == ["4", "320"]
    assert len(gateway.desk.every) == 1


def test_a_stock_order_rests_fills_and_is_reported_in_order(gateway: Gateway) -> None:
    wire = Wire(gateway)
    index = near_option(gateway, "ZETF")
    ask = gateway.market.quotes[index].ask
    wire.ask(61, 1)
    wire.ask(6, 2, True, "")
    wire.take()
    messages = wire.place(3, contract_fields(gateway, index), limit=ask, quantity=2, ref="r1")
    assert kinds(messages)[:2] == ["5", "3"]
    assert [m[2] for m in of_kind(messages, 3)] == ["PreSubmitted", "Filled"]
    order = kinds(messages)
    assert order.index("11") < order.index("59") < order.index("7") < order.index("61")
    (execution,) = of_kind(messages, 11)
    assert execution[1:3] == ["-1", "3"]
    assert execution[18:20] == ["BOT", "2"]
    assert float(execution[20]) == ask
    assert execution[26] == "r1"
    assert execution[15].endswith(" UTC")
    (position,) = of_kind(messages, 61)
    assert position[-2:] == ["2", text(round(ask * 100.0, 8))]


def test_executions_have_no_zone_below_174() -> None:
    gateway = demo_gateway()
    wire = Wire(gateway, 1, 173)
    messages = wire.place(1, contract_fields(gateway, near_option(gateway, "ZETF")), kind="MKT")
    (execution,) = of_kind(messages, 11)
    assert execution[15] == "20260304  15:00:00"


def test_a_combo_trades_at_its_net_price_in_the_unit_of_ib(gateway: Gateway) -> None:
    """100 shares, a call sold, a put bought: the price is per share, of the dearest multiplier."""
    wire = Wire(gateway)
    call, put = near_option(gateway, "ZETF", "C"), near_option(gateway, "ZETF", "P")
    base = next(iter(gateway.listing.of_symbol("ZETF")))
    con_ids = [gateway.listing.contracts[i].con_id for i in (base, call, put)]
    quotes = gateway.market.quotes
    net = quotes[base].ask - quotes[call].bid + quotes[put].ask
    legs = [(con_ids[0], 100, "BUY"), (con_ids[1], 1, "SELL"), (con_ids[2], 1, "BUY")]
    bag: list[object] = [0, "ZETF", "BAG", "", 0.0, "", "", "SMART", "", "USD", "", ""]
    limit = round(net, 2)
    messages = wire.place(1, bag, limit=limit, quantity=2, legs=legs)
    executions = of_kind(messages, 11)
    assert [m[5] for m in executions] == ["BAG", "STK", "OPT", "OPT"]
    assert [m[19] for m in executions] == ["2", "200", "2", "2"]
    assert float(executions[0][20]) == pytest.approx(net, abs=1e-9)
    assert executions[0][3] == "28812380"
    assert len(of_kind(messages, 59)) == 3
    assert len({m[21] for m in executions}) == 1
    account = gateway.accounts["DU1234567"]
    spent = 1_000_000.0 - account.cash - account.commissions
    assert spent == pytest.approx(2 * 100 * net, abs=1e-6)


@pytest.mark.parametrize("limit", [-5.28, 0.0])
def test_a_combo_may_have_a_negative_or_zero_limit(gateway: Gateway, limit: float) -> None:
    wire = Wire(gateway)
    rows = gateway.listing.options("ZETF")
    calls = [r for r in rows if r.right == "C" and r.expiry == rows[0].expiry]
    con_ids = [gateway.listing.contracts[r.index].con_id for r in calls[:2]]
    legs = [(con_ids[0], 1, "SELL"), (con_ids[1], 1, "BUY")]
    bag: list[object] = [0, "ZETF", "BAG", "", 0.0, "", "", "SMART", "", "USD", "", ""]
    messages = wire.place(1, bag, limit=limit, legs=legs)
    assert of_kind(messages, 4) == []
    assert of_kind(messages, 3)[0][2] == "PreSubmitted"


REFUSED = [
    ({"limit": 1.005}, "110"),
    ({"limit": -1.0}, "110"),
    ({"limit": ""}, "321"),
    ({"limit": 1.0, "quantity": 0}, "321"),
    ({"limit": 1.0, "quantity": 1.5}, "321"),
    ({"limit": 1.0, "quantity": -5}, "321"),
    ({"limit": "nan"}, "321"),
    ({"limit": 1.0, "action": "HOLD"}, "321"),
    ({"limit": 1.0, "tif": "OPG"}, "321"),
    ({"limit": 1.0, "kind": "TRAIL"}, "387"),
    ({"limit": 1.0, "account": "DU9"}, "321"),
    ({"kind": "MKT", "quantity": 100_000}, "201"),
]


@pytest.mark.parametrize(("order", "code"), REFUSED)
def test_an_order_that_cannot_be_is_refused_with_its_code(
    gateway: Gateway, order: dict[str, object], code: str
) -> None:
    wire = Wire(gateway)
    (error,) = wire.place(4, stock(gateway, "ZETF"), **order)
    assert error[0:4] == ["4", "2", "4", code]
    assert gateway.desk.every == []


def test_what_is_not_listed_or_not_traded_is_refused(gateway: Gateway) -> None:
    wire = Wire(gateway)
    unknown = [0, "NONE", "STK", "", 0.0, "", "", "SMART", "", "USD", "", ""]
    assert wire.place(1, unknown, limit=1.0)[0][3] == "200"
    ambiguous = [0, "ZETF", "OPT", "", 0.0, "", "", "SMART", "", "USD", "", ""]
    assert wire.place(2, ambiguous, limit=1.0)[0][3] == "200"
    assert wire.place(3, stock(gateway, "ZIDX"), limit=1.0)[0][3] == "201"


def test_cancel_modify_and_duplicates(gateway: Gateway) -> None:
    wire = Wire(gateway)
    contract = stock(gateway, "ZETF")
    wire.place(1, contract, limit=1.0, quantity=100)
    messages = wire.place(1, contract, limit=1.1, quantity=50)
    assert of_kind(messages, 5)[-1][13:17] == ["BUY", "50", "LMT", "1.1"]
    messages = wire.request(4, 1, 1, "")
    assert of_kind(messages, 3)[-1][2] == "Cancelled"
    assert of_kind(messages, 4)[0][2:4] == ["1", "202"]
    assert wire.request(4, 1, 1, "")[0][2:4] == ["1", "10148"]
    assert wire.request(4, 1, 99, "")[0][2:4] == ["99", "10147"]
    assert wire.place(1, contract, limit=1.0)[0][2:4] == ["1", "103"]
    ask = gateway.market.quotes[near_option(gateway, "ZETF")].ask
    option = contract_fields(gateway, near_option(gateway, "ZETF"))
    wire.place(2, option, limit=ask)
    assert wire.place(2, option, limit=ask)[0][2:4] == ["2", "104"]


def test_a_what_if_has_numbers_and_leaves_nothing(gateway: Gateway) -> None:
    wire = Wire(gateway)
    messages = wire.place(5, stock(gateway, "ZETF"), kind="MKT", quantity=100, what_if=True)
    (answer,) = messages
    assert answer[0] == "5"
    at = answer.index("PreSubmitted")
    amounts = [float(x) for x in answer[at + 1 : at + 10]]
    assert amounts[0] == 0.0
    assert amounts[3] == amounts[6] > 0.0
    assert float(answer[at + 10]) == 1.0
    assert gateway.desk.every == []


def test_orders_outlive_a_connection_and_belong_to_their_client_id(gateway: Gateway) -> None:
    wire, other, master = Wire(gateway, 1), Wire(gateway, 2), Wire(gateway, 0)
    master.ask(15, 1, True)
    contract = stock(gateway, "ZETF")
    wire.place(1, contract, limit=1.0, ref="kept")
    assert other.take() == []
    assert kinds(master.take()) == ["5", "3", "5", "3"]
    wire.session.lost()
    assert kinds(other.request(5, 1)) == ["53"]
    assert kinds(other.request(16, 1)) == ["5", "3", "53"]
    assert other.request(4, 1, 1, "")[0][3] == "10147"
    again = Wire(gateway, 1)
    assert again.started[1] == ["9", "1", "2"]
    assert kinds(again.request(5, 1)) == ["5", "3", "53"]
    messages = other.request(58, 1)
    assert messages == []
    assert of_kind(again.take(), 3)[-1][2] == "Cancelled"
