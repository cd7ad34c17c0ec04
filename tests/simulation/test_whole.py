"""Seeded whole scenarios: unmodified ib_async, gateway, broker and trader; and planted bugs."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from client_time import keep_clock_out
from whole import Whole, wrong

from engine.execution import budget, evidence, fills, packages, recovery, sending, trade
from engine.execution.package import FINAL, Action, Machine
from engine.ib import order_table
from engine.ib.connection import Link

FEW, MANY = 15, 500
# Of the first `FEW` scenarios, the same on every runtime: of every byte on the wire and in the
# journal: a failure tells the new one.
TRACE = "47e8e7474914549d71053550d5a8bd6c53021fcdfa31f4de86fc6da4d6523535"


@pytest.fixture(autouse=True)
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)
    # It writes of every lost connection.
    monkeypatch.setattr(logging.getLogger("ib_async"), "disabled", True)
    monkeypatch.setattr(logging.getLogger("ib_async.client"), "disabled", True)


def digest(scenarios: list[Whole]) -> str:
    """Return the hash of all that passed."""
    total = hashlib.sha256()
    for one in scenarios:
        total.update(one.digest().encode())
    return total.hexdigest()


def test_no_whole_scenario_breaks_a_promise_and_all_leave_the_same_trace() -> None:
    scenarios = [Whole(seed).run() for seed in range(FEW)]
    assert {one.broken[0] for one in scenarios if one.broken} == set()
    found = digest(scenarios)
    print(found)
    assert found == TRACE


@pytest.mark.long
def test_no_whole_scenario_of_many_breaks_a_promise() -> None:
    assert wrong(range(FEW, MANY)) == {}


@pytest.mark.long
def test_the_scenarios_have_what_they_are_for() -> None:
    counts: dict[str, int] = {}
    phases: dict[str, int] = {}
    for seed in range(100):
        one = Whole(seed).run()
        for name, n in one.counts.items():
            counts[name] = counts.get(name, 0) + n
        for package in one.life.trader.view().packages:
            phases[package.phase] = phases.get(package.phase, 0) + 1
    for name in ("begin", "fill", "crash", "kill -9", "clock", "halt", "kill", "resume", "jump"):
        assert counts[name] > 5, (name, counts)
    for phase in ("COMPLETE", "FLAT", "HALTED"):
        assert phases[phase] > 10, phases


# Planted bugs, each caught.


def _no_dedup(patch: pytest.MonkeyPatch) -> None:
    """An execution told twice counts twice."""
    numbers = iter(range(10**9))
    real = fills.split_id
    patch.setattr(fills, "split_id", lambda text: (f"{real(text)[0]}#{next(numbers)}", 0))


def _corrections_add(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fills, "split_id", lambda text: (text, 0))


def _timers_send_again(patch: pytest.MonkeyPatch) -> None:
    """What has no answer is sent again, and nothing below knows its reference."""
    real = sending.Sender.ask

    def ask(self: sending.Sender, owner: trade.Trade, sent: trade.Sent) -> None:
        self._broker.place(sent.order)
        real(self, owner, sent)

    patch.setattr(sending.Sender, "ask", ask)
    patch.setattr(order_table.OrderTable, "is_known", lambda self, ref: False)


def _loss_is_the_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Machine, "after_loss", lambda self: FINAL)


def _intent_after_order(patch: pytest.MonkeyPatch) -> None:
    """The order goes first, and is written when it has gone."""
    real = sending.Sender._intend

    def intend(self: sending.Sender, owner: trade.Trade, sends: list[Action]) -> list[trade.Sent]:
        for intent in self._intents(owner, sends):
            self._broker.place(intent.order)
        return real(self, owner, sends)

    patch.setattr(sending.Sender, "_intend", intend)
    patch.setattr(sending.Sender, "_place", lambda self, owner, sent: True)


def _halts_do_not_hold(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(packages.Packages, "gate", lambda self, owner: None)


def _longs_with_shorts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Machine, "to_unwind", lambda self, legs, over: list(over))


def _no_budget(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "spent", lambda owner, executions: -1_000.0)


def _no_new_start(patch: pytest.MonkeyPatch) -> None:
    """After a crash, executions of the journal are not read."""
    patch.setattr(recovery, "_event", lambda state, data: None)


def _no_tail(patch: pytest.MonkeyPatch) -> None:
    """Executions that evidence brings are not booked."""
    patch.setattr(evidence.Reconciliation, "_book", lambda self, told, is_first: None)


def _one_life_is_all(patch: pytest.MonkeyPatch) -> None:
    """Of two orders under one reference only the first is answered for."""
    real = order_table.OrderTable.answers

    def answers(self: order_table.OrderTable, *said: Any, **more: Any) -> Any:
        return real(self, *said, **more)[:1]

    patch.setattr(order_table.OrderTable, "answers", answers)


def _numbers_go_back(patch: pytest.MonkeyPatch) -> None:
    """Order numbers are those that the gateway gives out, also after it has restarted."""
    patch.setattr(Link, "keep_ids_above", lambda self, order_id: None)
    patch.setattr(Link, "_keep_ids", lambda self: None)


BUGS = (
    _no_dedup, _corrections_add, _timers_send_again, _loss_is_the_end, _intent_after_order,
    _halts_do_not_hold, _longs_with_shorts, _no_budget, _no_new_start, _no_tail, _numbers_go_back,
    pytest.param(_one_life_is_all, marks=pytest.mark.long),
)  # fmt: skip


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_a_bug_planted_in_the_whole_is_caught(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    for seed in range(MANY):
        try:
            one = Whole(seed).run()
        except (AssertionError, ValueError, KeyError, ZeroDivisionError, RecursionError) as error:
            print(f"{plant.__name__}: seed {seed}: {error!r}")
            return
        if one.broken:
            print(f"{plant.__name__}: seed {seed}: {one.broken[0]}")
            return
    pytest.fail(f"{plant.__name__} is not caught")
