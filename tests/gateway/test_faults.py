"""What goes wrong on demand: each fault, judged by positions, orders and what the client heard."""

from __future__ import annotations

from pathlib import Path

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

from engine.gateway.faults import KINDS, Rule
from engine.gateway.gateway import Gateway

ACCOUNT = "DU1234567"


def with_rule(kind: str, **more: object) -> tuple[Gateway, Wire]:
    gateway = demo_gateway(rules=[Rule(kind, **more)])  # type: ignore[arg-type]
    return gateway, Wire(gateway)


def buy(gateway: Gateway, wire: Wire, order_id: int = 1, quantity: int = 2) -> list[list[str]]:
    index = near_option(gateway, "ZETF")
    ask = gateway.market.quotes[index].ask
    return wire.place(
        order_id, contract_fields(gateway, index), limit=ask, quantity=quantity, ref="r"
    )


def watch(gateway: Gateway, wire: Wire, req_id: int = 9) -> int:
    index = near_option(gateway, "ZETF")
    wire.request(1, 11, req_id, *contract_fields(gateway, index), 0, "", 0, 0, "")
    return index


def nudge(gateway: Gateway, index: int) -> None:
    quote = gateway.market.quotes[index]
    quote.bid = round(quote.bid - 0.01, 2)
    gateway.tape.quoted(index)
    gateway.flush()


def held(gateway: Gateway) -> int:
    return gateway.accounts[ACCOUNT].quantity(near_option(gateway, "ZETF"))


def errors(messages: list[list[str]]) -> list[str]:
    return [m[3] for m in of_kind(messages, 4)]


def test_drop_closes_and_the_order_is_not_placed() -> None:
    gateway, wire = with_rule("drop", nth=1)
    buy(gateway, wire)
    assert wire.is_closed
    assert (gateway.desk.every, held(gateway)) == ([], 0)


def test_a_half_open_connection_swallows_both_ways() -> None:
    gateway, wire = with_rule("halfopen", nth=2)
    index = watch(gateway, wire)
    assert buy(gateway, wire) == []
    nudge(gateway, index)
    assert wire.wait(1.0) == []
    assert not wire.is_closed
    assert gateway.desk.every == []


@pytest.mark.parametrize(("kind", "code", "alive"), [("lost", "1102", 1), ("data_lost", "1101", 0)])
def test_a_lost_connection_to_ib(kind: str, code: str, alive: int) -> None:
    gateway, wire = with_rule(kind, at=1.0, seconds=2.0)
    index = watch(gateway, wire)
    assert errors(wire.wait(1.1)) == ["1100"]
    nudge(gateway, index)
    assert of_kind(wire.take(), 1) == []
    messages = wire.wait(2.1)
    assert errors(messages) == [code]
    assert len(of_kind(messages, 1)) == alive
    assert gateway.tape.line_count() == alive


def test_a_broken_farm_stops_quotes_for_a_while() -> None:
    gateway, wire = with_rule("farm", at=1.0, seconds=1.0)
    index = watch(gateway, wire)
    assert errors(wire.wait(1.1)) == ["2103"]
    nudge(gateway, index)
    assert of_kind(wire.take(), 1) == []
    messages = wire.wait(1.1)
    assert errors(messages) == ["2104"]
    assert len(of_kind(messages, 1)) == 1


def test_stale_quotes_come_without_a_word() -> None:
    gateway, wire = with_rule("stale_quotes", at=0.5, seconds=2.0, symbol="ZETF")
    index = watch(gateway, wire)
    pass_time(gateway, 0.6)
    wire.take()
    nudge(gateway, index)
    assert wire.take() == []
    assert errors(wire.wait(2.0)) == []
    nudge(gateway, index)
    assert len(of_kind(wire.take(), 1)) == 1


def test_a_competing_session_stays_blind_although_the_farm_is_well() -> None:
    gateway, wire = with_rule("competing_session", at=0.5, seconds=1.0)
    index = watch(gateway, wire)
    assert errors(wire.wait(0.6)) == ["10197", "2103"]
    assert errors(wire.wait(1.1)) == ["2104"]
    nudge(gateway, index)
    assert wire.take() == []
    wire.request(2, 2, 9)
    assert kinds(wire.request(1, 11, 10, *contract_fields(gateway, index), 0, "", 0, 0, ""))[0] == (
        "81"
    )


def test_a_restart_closes_refuses_and_gives_lower_ids() -> None:
    gateway, wire = with_rule("restart", at=1.0, seconds=10.0, count=1)
    buy(gateway, wire)
    wire.wait(1.1)
    assert wire.is_closed
    assert gateway.connect(wire) is None
    pass_time(gateway, 10.1)
    again = Wire(gateway)
    assert again.started[1] == ["9", "1", "1"]
    assert held(gateway) == 2


def test_pacing_closes_at_the_third_violation() -> None:
    _, wire = with_rule("pacing", at=0.1, count=5)
    wire.wait(0.2)
    for _ in range(18):
        wire.ask(49, 1)
    assert errors(wire.take()) == ["100"] * 3
    assert wire.is_closed


def test_a_slow_gateway_is_late_and_keeps_the_order_of_messages() -> None:
    gateway, wire = with_rule("slow", probability=1.0, seconds=0.3)
    assert wire.started == []
    started = wire.wait(1.0)
    assert kinds(started) == ["15", "9", "4", "4", "4"]
    assert buy(gateway, wire) == []
    assert held(gateway) == 2
    assert kinds(wire.wait(2.0))[:3] == ["5", "3", "11"]


def test_an_answer_may_come_late() -> None:
    _, wire = with_rule("late_answer", nth=1, seconds=2.0)
    assert wire.request(49, 1) == []
    assert kinds(wire.wait(1.9)) == []
    assert kinds(wire.wait(0.2)) == ["49"]


def test_a_rejected_order_leaves_nothing() -> None:
    gateway, wire = with_rule("reject", nth=2, code=201)
    buy(gateway, wire, 1)
    assert errors(buy(gateway, wire, 2)) == ["201"]
    assert (len(gateway.desk.every), held(gateway)) == (1, 2)


def test_a_swallowed_order_leaves_nothing_and_no_answer() -> None:
    gateway, wire = with_rule("swallow", nth=1)
    assert buy(gateway, wire) == []
    assert (gateway.desk.every, held(gateway)) == ([], 0)
    assert kinds(wire.request(5, 1)) == ["53"]


def test_an_order_without_acknowledgement_works_all_the_same() -> None:
    gateway, wire = with_rule("no_ack", nth=1)
    assert wire.place(1, stock(gateway, "ZETF"), limit=1.0) == []
    assert gateway.desk.every[0].status == "Submitted"
    assert kinds(wire.request(5, 1)) == ["5", "3", "53"]


def test_an_execution_may_come_before_the_acknowledgement() -> None:
    gateway, wire = with_rule("exec_first", nth=1)
    messages = buy(gateway, wire)
    assert kinds(messages) == ["11", "5", "3", "5", "3", "59"]
    assert [m[2] for m in of_kind(messages, 3)] == ["PreSubmitted", "Filled"]


def test_a_part_of_an_order_is_filled_and_no_more() -> None:
    gateway, wire = with_rule("partial", nth=1, fraction=0.5)
    messages = buy(gateway, wire, quantity=4)
    assert of_kind(messages, 3)[-1][2:5] == ["Submitted", "2", "2"]
    nudge(gateway, near_option(gateway, "ZETF"))
    assert held(gateway) == 2


def test_less_is_displayed_than_ordered_at_first() -> None:
    gateway, wire = with_rule("small_size", nth=1, fraction=0.25)
    messages = buy(gateway, wire, quantity=4)
    assert [m[19] for m in of_kind(messages, 11)] == ["1", "3"]
    assert held(gateway) == 4


def test_the_stock_jumps_between_scan_and_order() -> None:
    gateway, wire = with_rule("gap", nth=1, fraction=0.02)
    index = near_option(gateway, "ZETF")
    ask = gateway.market.quotes[index].ask
    messages = buy(gateway, wire)
    assert of_kind(messages, 11) == []
    assert gateway.market.quotes[index].ask > ask
    assert gateway.desk.every[0].status == "Submitted"


def test_a_warning_about_a_live_order() -> None:
    gateway, wire = with_rule("warn", nth=1, code=399, text="held")
    messages = wire.place(1, stock(gateway, "ZETF"), limit=1.0)
    assert errors(messages) == ["399"]
    assert gateway.desk.every[0].status == "Submitted"


def test_two_orders_under_one_reference() -> None:
    gateway, wire = with_rule("second_order", nth=1)
    messages = buy(gateway, wire)
    assert held(gateway) == 4
    assert len({m[21] for m in of_kind(messages, 11)}) == 2
    assert {m[26] for m in of_kind(messages, 11)} == {"r"}


def test_a_fill_may_follow_a_cancel_request() -> None:
    gateway, wire = with_rule("fill_after_cancel", nth=1, seconds=0.5)
    wire.place(1, stock(gateway, "ZETF"), limit=1.0, quantity=100)
    messages = wire.request(4, 1, 1, "")
    assert [m[2] for m in of_kind(messages, 3)] == ["PendingCancel"]
    messages = wire.wait(0.6)
    assert [m[2] for m in of_kind(messages, 3)] == ["Filled"]
    base = next(iter(gateway.listing.of_symbol("ZETF")))
    assert gateway.accounts[ACCOUNT].quantity(base) == 100


def test_a_status_may_come_twice() -> None:
    gateway, wire = with_rule("dup_status", nth=1)
    assert [m[2] for m in of_kind(buy(gateway, wire), 3)] == ["PreSubmitted", "Filled", "Filled"]


def test_a_correction_replaces_an_execution() -> None:
    gateway, wire = with_rule("correction", nth=1, seconds=1.0, fraction=0.1)
    (first,) = of_kind(buy(gateway, wire), 11)
    cash = gateway.accounts[ACCOUNT].cash
    (second,) = of_kind(wire.wait(1.1), 11)
    assert first[14].rpartition(".")[0] == second[14].rpartition(".")[0]
    assert (first[14][-2:], second[14][-2:]) == ("01", "02")
    assert float(second[20]) == pytest.approx(float(first[20]) + 0.01)
    assert gateway.accounts[ACCOUNT].cash == pytest.approx(cash - 2 * 100 * 0.01)
    assert held(gateway) == 2


def test_a_bust_takes_an_execution_back() -> None:
    gateway, wire = with_rule("bust", nth=1, seconds=1.0)
    wire.ask(61, 1)
    wire.take()
    buy(gateway, wire)
    assert held(gateway) == 2
    messages = wire.wait(1.1)
    assert of_kind(messages, 11)[0][19] == "0"
    assert of_kind(messages, 61)[-1][-2:] == ["0", "0"]
    account = gateway.accounts[ACCOUNT]
    assert held(gateway) == 0
    assert account.cash + account.commissions == pytest.approx(1_000_000.0)


def test_a_correction_and_a_bust_of_one_execution_follow_each_other() -> None:
    rules = [Rule("correction", nth=1, seconds=1.0), Rule("bust", nth=1, seconds=2.0)]
    gateway = demo_gateway(rules=rules)
    wire = Wire(gateway)
    buy(gateway, wire)
    messages = of_kind(wire.wait(2.1), 11)
    assert [(m[14][-2:], m[19]) for m in messages] == [("02", "2"), ("03", "0")]
    account = gateway.accounts[ACCOUNT]
    assert held(gateway) == 0
    assert account.cash + account.commissions == pytest.approx(1_000_000.0)


def test_a_commission_report_may_be_late() -> None:
    gateway, wire = with_rule("late_commission", nth=1, seconds=2.0)
    assert of_kind(buy(gateway, wire), 59) == []
    assert len(of_kind(wire.wait(2.1), 59)) == 1


@pytest.mark.parametrize(("asked", "code"), [(1, "354"), (3, "10167")])
def test_no_permission_for_data(asked: int, code: str) -> None:
    gateway, wire = with_rule("no_permission", every=1)
    wire.ask(59, 1, asked)
    contract = contract_fields(gateway, near_option(gateway, "ZETF"))
    messages = wire.request(1, 11, 9, *contract, 0, "", 0, 0, "")
    assert errors(messages) == [code]
    types = {m[3] for m in of_kind(messages, 1)}
    assert types <= {"66", "67", "68", "72", "73", "75", "76"}
    assert bool(types) == (asked == 3)


def test_history_has_a_pace_of_its_own() -> None:
    gateway, wire = with_rule("history_pacing", nth=1)
    tail = [False, "", "1 hour", "2 D", True, "TRADES", 2, False, ""]
    assert errors(wire.request(20, 4, *stock(gateway, "ZETF"), *tail)) == ["162"]
    assert kinds(wire.request(20, 5, *stock(gateway, "ZETF"), *tail)) == ["17"]


def test_a_halt_stops_quotes_and_fills_and_says_so() -> None:
    gateway, wire = with_rule("halt", at=0.5, seconds=1.0, symbol="ZETF")
    index = watch(gateway, wire)
    messages = wire.wait(0.6)
    assert of_kind(messages, 45) == [["45", "6", "9", "49", "1"]]
    assert of_kind(buy(gateway, wire), 11) == []
    messages = wire.wait(1.1)
    assert of_kind(messages, 45) == [["45", "6", "9", "49", "0"]]
    assert held(gateway) == 2
    assert index


def test_a_bait_is_planted_and_a_jump_moves_the_stock() -> None:
    rules = [
        Rule("bait", at=0.5, symbol="ZETF", text="conversion", seconds=5.0),
        Rule("jump", at=1.0, symbol="ZIDX", fraction=0.01),
    ]
    gateway = demo_gateway(rules=rules)
    spot = gateway.tape.value(next(iter(gateway.listing.of_symbol("ZIDX"))))
    pass_time(gateway, 1.2)
    assert len(gateway.market.plants("ZETF")) == 1  # type: ignore[attr-defined]
    moved = gateway.tape.value(next(iter(gateway.listing.of_symbol("ZIDX"))))
    assert moved == pytest.approx(spot * 1.01, rel=1e-4)


def test_every_kind_of_fault_has_a_test_here() -> None:
    text = Path(__file__).read_text()
    assert [kind for kind in KINDS if f'"{kind}"' not in text] == []
