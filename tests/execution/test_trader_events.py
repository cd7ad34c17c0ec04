"""What brokers say in any order, what time brings, and what a new start finds."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations

import pytest
from sample_plans import DELTAS, sample
from test_trader_path import Desk, prices_of
from venue import Line

from engine.errors import InputOutputError
from engine.execution.broker import Acked, BrokerEvent, Ended, Evidence, Fee, Fill, LinkDown, LinkUp
from engine.execution.entries import PARALLEL, order_ref, package_id
from engine.execution.fills import Executions, split_id
from engine.execution.modes import Mode
from engine.execution.orders import Order
from engine.execution.reconcile import Difference, differences
from engine.execution.rules import CANCEL, FLATTEN, LEAVE, Rules
from engine.execution.trader import Trader
from engine.market.combo import Combo

PLAN = sample("vertical", 2)


def messages(ref: str) -> list[BrokerEvent]:
    """Return the six messages of a combo that fills."""
    long, short = (contract.name for _, contract in PLAN.combo.legs)
    return [
        Acked(ref, "p1"),
        Fill(ref, "a.0.01", long, 2.0, 2.5), Fill(ref, "a.1.01", short, -2.0, 2.6),
        Fee("a.0.01", 1.4), Fee("a.1.01", 1.4), Ended(ref, 2, "FILLED"),
    ]  # fmt: skip


def begun(**more: object) -> tuple[Desk, str]:
    desk = Desk(rules=replace(Rules(), **more))
    plan = sample("vertical", 2)
    trade = desk.trader.begin(plan, DELTAS["vertical"])
    return desk, next(iter(trade.sent))


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.long)])
def test_every_order_of_six_messages_ends_in_the_same(step: int) -> None:
    results = []
    for order in tuple(permutations(range(6)))[::step]:
        desk, ref = begun()
        said = messages(ref)
        for place in order:
            desk.trader.on_event(said[place])
            # The last message again: it changes nothing.
            desk.trader.on_event(said[place])
        view = desk.trader.view()
        package = view.packages[0]
        results.append((package.phase, package.lots, package.earned, view.positions))
        assert desk.trader.is_quiet
        assert desk.venue.placed == [ref]
    assert len(results) == 720 // step
    assert {(phase, lots) for phase, lots, _, _ in results} == {("COMPLETE", 2)}
    cash = -(2 * 2.5 - 2 * 2.6) * 100.0
    for _, _, money, positions in results:
        assert money.cash == pytest.approx(cash, abs=1e-9)
        assert money.fees == pytest.approx(2.8, abs=1e-9)
        assert [quantity for _, quantity in positions] == [2.0, -2.0]


def test_corrections_replace_busts_take_back_and_late_ones_are_ignored() -> None:
    book = Executions()
    contract = PLAN.combo.legs[0][1]
    book.register(Order("parity-1-0.1", "DU1", Combo("ZETF", ((1, contract),)), 3, 2.6))
    fill = Fill("parity-1-0.1", "x.01", contract.name, 3.0, 2.5)
    for one in (fill, fill, fill._replace(execution="x.03", price=2.4), fill):
        book.book(one)
    assert book.cash(("parity-1-0.1",)) == pytest.approx(-720.0)
    assert book.book(fill._replace(execution="x.02", quantity=9.0)) is None
    assert book.positions() == {contract.name: 3.0}
    book.book(fill._replace(execution="x.04", quantity=0.0))
    assert book.positions() == {contract.name: 0.0}
    assert book.cash(("parity-1-0.1",)) == 0.0
    assert (book.replaced, book.repeated, book.count()) == (2, 3, 1)
    for fee in (Fee("x.01", 1.0), Fee("x.01", 1.0), Fee("x.02", 0.5), Fee("x.01", 1.0)):
        book.book_fee(fee)
    assert book.fees(("parity-1-0.1",)) == 0.5
    assert split_id("x") == ("x", 0)


def test_a_timer_asks_and_never_sends_again() -> None:
    desk, ref = begun(fill_s=100.0)
    for _ in range(10):
        desk.wait(3.0)
    assert desk.venue.placed == [ref]
    assert desk.line.asked.count(ref) > 2


def test_an_order_that_shows_up_late_is_cancelled_on_sight_and_reopens_its_package() -> None:
    desk, ref = begun()
    truth = desk.venue.orders[ref][0]
    truth.state = "lost"
    desk.wait(2.5)
    desk.wait(2.5)
    desk.run()
    assert desk.trader.view().packages[0].phase == "FLAT"
    truth.state, truth.cancel_wanted = "live", False
    desk.trader.on_event(Acked(ref, truth.permanent))
    assert truth.cancel_wanted
    assert desk.trader.view().packages[0].is_open
    assert any(f"{ref} was over and lives" in text for _, text in desk.trader.view().alerts)
    desk.run()
    assert desk.trader.view().packages[0].phase == "FLAT"


def test_two_orders_under_one_reference_count_both_and_a_cancel_means_all() -> None:
    desk, ref = begun()
    desk.trader.on_event(Acked(ref, "p1"))
    desk.trader.on_event(Acked(ref, "p2"))
    assert desk.trader.mode is Mode.HALTED
    assert desk.venue.orders[ref][0].cancel_wanted
    assert desk.trader.view().orders[0].permanents == ("p1", "p2")
    desk.trader.on_event(Ended(ref, 0, "CANCELLED"))
    assert not desk.trader.is_quiet  # of which of the two it does not say


def test_a_mismatch_halts_with_the_difference_and_a_person_accepts_it() -> None:
    desk, _ = begun()
    desk.run(prices_of(PLAN))
    name = PLAN.combo.legs[0][1].name
    desk.venue.baseline[name] = -1.0
    desk.trader.on_event(LinkDown("cable"))
    desk.trader.on_event(LinkUp())
    for _ in range(3):
        desk.run()
        desk.wait(6.0)
    assert desk.trader.mode is Mode.HALTED
    assert desk.trader.view().differences == (Difference(name, 2.0, 1.0),)
    assert desk.trader.view().reasons == (f"positions differ: {name}: +2 here, +1 there",)
    again = desk.make()
    desk.run()
    assert again.mode is Mode.HALTED  # latched
    again.resume("assigned over night")
    desk.run()
    assert again.mode is Mode.READY
    assert dict(again.view().foreign)[name] == -1.0


def test_what_we_do_not_trade_is_left_alone_unless_it_is_to_count() -> None:
    for counts, mode in ((False, Mode.READY), (True, Mode.HALTED)):
        desk = Desk(rules=Rules(counts_foreign=counts, most_rounds=1))
        desk.venue.baseline["KEPT"] = 8.0
        desk.trader.on_event(LinkUp())
        desk.run()
        assert desk.trader.mode is mode


def test_a_torn_journal_begins_nothing_until_a_person_has_looked() -> None:
    desk = Desk()
    for torn in ("a checksum is wrong", "", ""):
        desk.line = Line(desk.venue)
        trader = desk.make(torn=torn)
        desk.run()
        assert trader.mode is Mode.REDUCING
    trader.resume("compared with the statement")
    desk.run()
    assert trader.mode is Mode.READY


def test_names_of_orders_that_the_broker_knows_are_not_used_again() -> None:
    desk = Desk()
    desk.log.lines.clear()
    ref = order_ref(package_id(6), 0, 1)
    desk.trader = desk.make()
    desk.line.inbox.clear()
    fill = Fill(ref, "old.1.01", "KEPT", 1.0, 1.0)
    desk.trader.on_event(Evidence((), (fill,), (), (("KEPT", 7.0),)))
    assert desk.trader.mode is Mode.READY
    assert desk.trader.begin(PLAN, DELTAS["vertical"]).id != package_id(6)


@pytest.mark.parametrize("style", ["combo", PARALLEL])
@pytest.mark.parametrize("policy", [CANCEL, LEAVE, FLATTEN])
def test_a_drain_ends_what_works_or_lets_it_stand(policy: str, style: str) -> None:
    desk, ref = begun(style=style)
    truth = desk.venue.orders[ref][0]
    desk.line.arrive(truth)
    desk.line.fill(truth, 1, prices_of(PLAN))
    while desk.line.deliver():
        pass
    desk.trader.drain(policy)
    assert truth.cancel_wanted is (policy != LEAVE)
    if policy == LEAVE:
        return
    for _ in range(6):
        desk.run(prices_of(PLAN))
        desk.wait(2.5)
    assert desk.trader.is_quiet
    assert desk.trader.view().packages[0].residual == ()
    assert desk.trader.mode is Mode.DRAINING
    desk.trader.stop(policy)
    assert list(desk.log.entries())[-1].data == {"policy": policy, "is_clean": True}


def half_filled(unhedged_s: float) -> tuple[Desk, Trader]:
    desk, ref = begun(style=PARALLEL, fill_s=1e6, unhedged_s=unhedged_s, ack_s=1e6)
    long = desk.venue.orders[ref][0]
    desk.line.arrive(long)
    desk.line.arrive(desk.venue.truths()[1])
    desk.line.fill(long, 2, {})
    while desk.line.deliver():
        pass
    return desk, desk.trader


def test_the_time_without_a_hedge_goes_on_over_a_restart() -> None:
    for waited, is_forced in ((3.0, False), (7.0, True)):
        desk, trader = half_filled(unhedged_s=10.0)
        assert trader.view().packages[0].residual
        desk.wait(4.0)
        desk.clock.pass_(waited)
        desk.line = Line(desk.venue)
        trader = desk.trader = desk.make()
        while desk.line.asked:
            desk.line.answer(desk.line.asked.pop(0))
        while desk.line.deliver():
            pass
        assert trader.view().packages[0].unhedged_s == 4.0 + waited
        trader.on_time()
        short = desk.venue.truths()[1]
        assert short.cancel_wanted is is_forced
        desk.wait(4.0)
        assert short.cancel_wanted


def test_a_delta_too_large_does_not_wait() -> None:
    desk, trader = half_filled(unhedged_s=1e6)
    assert not desk.venue.truths()[1].cancel_wanted
    desk.rules = trader.rules
    desk, ref = begun(style=PARALLEL, fill_s=1e6, unhedged_s=1e6, unhedged_delta=100.0)
    long = desk.venue.orders[ref][0]
    desk.line.arrive(long)
    desk.line.fill(long, 2, {})
    while desk.line.deliver():
        pass
    assert desk.venue.truths()[1].cancel_wanted


def test_a_halt_cancels_is_latched_and_a_kill_cancels_everything() -> None:
    desk, ref = begun()
    desk.trader.kill("by hand")
    assert desk.venue.orders[ref][0].cancel_wanted
    assert desk.trader.mode is Mode.HALTED
    assert desk.make().mode is Mode.HALTED
    assert desk.venue.placed == [ref]


def test_a_journal_that_cannot_be_written_stops_everything() -> None:
    desk, ref = begun()
    full = InputOutputError("disk full")

    def fail(point: str) -> None:
        raise full

    desk.log.at = fail
    with pytest.raises(InputOutputError):
        desk.trader.on_event(Fill(ref, "a.0.01", PLAN.combo.legs[0][1].name, 2.0, 2.5))
    assert desk.venue.orders[ref][0].cancel_wanted
    assert desk.trader.mode is Mode.HALTED
    assert desk.trader.view().positions == ()  # not acted on
    with pytest.raises(InputOutputError):
        desk.trader.begin(PLAN, DELTAS["vertical"])
    assert desk.venue.placed == [ref]


def test_a_proof_that_does_not_hold_halts() -> None:
    desk, _ = begun()
    desk.run(prices_of(PLAN))
    name = desk.trader.view().packages[0].package
    desk.trader.record_proof(name, 0.03, is_good=True)
    assert desk.trader.mode is Mode.READY
    desk.trader.record_proof(name, -0.1, is_good=False, text="-0.1 at spot 97")
    assert desk.trader.mode is Mode.HALTED


@pytest.mark.parametrize(("quantity", "price"), [
    (math.nan, 2.5), (2.0, math.nan), (math.inf, 2.5), (2.0, -math.inf),
])  # fmt: skip
def test_an_execution_without_numbers_halts_and_leaves_a_journal_that_can_be_read(
    quantity: float, price: float
) -> None:
    desk, ref = begun()
    desk.trader.on_event(Fill(ref, "a.0.01", PLAN.combo.legs[0][1].name, quantity, price))
    assert desk.trader.mode is Mode.HALTED
    assert desk.trader.view().positions == ()
    assert desk.make().mode is Mode.HALTED  # read back


@pytest.mark.parametrize("amount", [math.nan, math.inf, 1.7976931348623157e308])
def test_a_fee_that_is_no_number_is_left_out_and_said(amount: float) -> None:
    desk, ref = begun()
    for said in messages(ref):
        desk.trader.on_event(said)
    desk.trader.on_event(Fee("a.0.02", amount))
    view = desk.trader.view()
    assert view.packages[0].earned.fees == pytest.approx(2.8)
    assert any("is none" in text for _, text in view.alerts)
    desk.make()


def test_a_position_that_is_no_number_agrees_with_nothing() -> None:
    assert [one.contract for one in differences({"A": 2.0}, {}, [("A", math.nan)])] == ["A"]
    assert differences({"A": 2.0}, {}, [("A", 2.0)]) == ()
