"""What goes wrong on demand: each fault, judged by positions, orders and what the client heard."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random

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

from engine.errors import ConfigurationError
from engine.feeds.demo_market import Rates
from engine.gateway.faults import KINDS, Rule
from engine.gateway.gateway import Gateway
from engine.settings.fault_rules import read_faults

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


STORM = [
    Rule("drop", probability=0.01), Rule("reject", probability=0.1),
    Rule("swallow", probability=0.05), Rule("partial", probability=0.2),
    Rule("warn", probability=0.1), Rule("dup_status", probability=0.2),
    Rule("correction", probability=0.2), Rule("late_commission", probability=0.3),
    Rule("fill_after_cancel", probability=0.3), Rule("slow", probability=1.0, seconds=0.05),
    Rule("farm", at=2.0), Rule("lost", at=4.0), Rule("restart", at=6.0, seconds=0.5, count=3),
]  # fmt: skip


def transcript(seed: int) -> tuple[str, int]:
    sha, sizes = hashlib.sha256(), [0]

    def keep(clock_ns: int, side: str, client: int, data: bytes) -> None:
        sha.update(f"{clock_ns} {side} {client} ".encode() + data)
        sizes[0] += len(data)

    rates = Rates(spot_every=0.2, flicks=50.0, plant_every=2.0)
    gateway = demo_gateway(rules=STORM, rates=rates, planted=True, seed=seed, trace=keep)
    wire = Wire(gateway)
    watch(gateway, wire)
    for k in range(1, 120):
        if wire.is_closed and gateway.clock_ns >= gateway.refuses_until_ns:
            wire.session.lost()
            wire = Wire(gateway)
            watch(gateway, wire)
        if not wire.is_closed:
            buy(gateway, wire, 1_000 + k)
            wire.ask(4, 1, 1_000 + k, "")
            wire.ask(61, 1)
        pass_time(gateway, 0.07)
    return sha.hexdigest(), sizes[0]


def test_the_same_seed_gives_the_same_transcript() -> None:
    first, again, other = transcript(3), transcript(3), transcript(4)
    assert first == again
    assert first != other
    assert first[1] > 100_000
    # The same on every runtime.
    assert first[0][:16] == "a5b615b2d3a8ef58"


FILE = """
seed = 7
[[fault]]
kind = "partial"
probability = 0.25
fraction = 0.5
[[fault]]
kind = "lost"
at = 60
seconds = 20
"""


def test_a_file_of_faults_is_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(FILE)
    faults = read_faults(str(path), 1)
    assert [rule.kind for rule in faults.rules] == ["partial", "lost"]
    assert faults.random.random() == Random(7).random()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[fault]]\nkind = "drpo"\nat = 1', "did you mean 'drop'"),
        ('[[fault]]\nkind = "drop"', "say when"),
        ('[[fault]]\nkind = "drop"\nat = 1\nnth = 2', "say when"),
        ('[[fault]]\nkind = "halt"\nnth = 2', "needs at"),
        ('[[fault]]\nkind = "drop"\nprobability = 2', "from 0 to 1"),
        ('[[fault]]\nkind = "drop"\nafter = 2', "no key 'after'"),
        ("[[fault]]\nat = 2", "needs kind"),
        ("fault = 3", "expected [[fault]]"),
    ],
)
def test_a_rule_that_is_none_is_refused_with_its_line(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        read_faults(str(path), 1)
    assert reason in str(refused.value)
    assert "faults.toml:" in str(refused.value)
