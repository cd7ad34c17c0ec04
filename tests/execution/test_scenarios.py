"""Seeded packages against a venue that misbehaves; planted bugs that they must catch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scenario import Scenario, digest

from engine.execution import budget, events, evidence, fills, packages, recovery, sending, trade
from engine.execution.broker import Absent, BrokerEvent
from engine.execution.package import FINAL, Action, Machine

FEW, MANY = 250, 20_000
# Of the first `N_TRACED` scenarios, the same on every runtime. It changes with what is written to
# the journal: `python tests/execution/test_scenarios.py` prints it anew.
N_TRACED = 40
TRACE = "43f7e01a64f4bb24e5bc273864830e5cc686092b01a9f22c5047f17c7b543c2a"


def broken(seeds: range) -> dict[int, list[str]]:
    """Return what went wrong, by seed."""
    found = {}
    for seed in seeds:
        one = Scenario(seed).run()
        if one.broken:
            found[seed] = one.broken
    return found


def test_no_scenario_breaks_a_promise() -> None:
    assert broken(range(FEW)) == {}


@pytest.mark.long
def test_no_scenario_of_many_breaks_a_promise() -> None:
    assert broken(range(MANY)) == {}


def test_the_scenarios_have_what_they_are_for() -> None:
    counts: dict[str, int] = {}
    phases: dict[str, int] = {}
    for seed in range(100):
        one = Scenario(seed).run()
        for name, n in one.counts.items():
            counts[name] = counts.get(name, 0) + n
        for package in one.trader.view().packages:
            phases[package.phase] = phases.get(package.phase, 0) + 1
    for name in ("fill", "crash", "link", "drop", "repeat", "reorder", "reject", "revise", "late"):
        assert counts[name] > 2, name
    for phase in ("COMPLETE", "FLAT", "HALTED"):
        assert phases[phase] > 10, phase


def test_the_trace_is_the_same_on_every_runtime() -> None:
    assert digest([Scenario(seed).run() for seed in range(N_TRACED)]) == TRACE


# Ten planted bugs, each caught within a few hundred scenarios.


def _no_dedup(patch: pytest.MonkeyPatch) -> None:
    """An execution told twice counts twice."""
    numbers = iter(range(10**9))
    real = fills.split_id
    patch.setattr(fills, "split_id", lambda text: (f"{real(text)[0]}#{next(numbers)}", 0))


def _corrections_add(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fills, "split_id", lambda text: (text, 0))


def _timers_send_again(patch: pytest.MonkeyPatch) -> None:
    real = sending.Sender.ask

    def ask(self: sending.Sender, owner: trade.Trade, sent: trade.Sent) -> None:
        if not sent.asks:
            self._place(owner, sent)
        real(self, owner, sent)

    patch.setattr(sending.Sender, "ask", ask)


def _absence_is_evidence(patch: pytest.MonkeyPatch) -> None:
    real = events.Told.on_status

    def on_status(self: events.Told, event: BrokerEvent) -> None:
        if isinstance(event, Absent):
            event = event._replace(is_beyond_barrier=True)
        real(self, event)  # type: ignore[arg-type]

    patch.setattr(events.Told, "on_status", on_status)


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


def _late_orders_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(events.Told, "_is_late", lambda self, owner, sent, event: False)


def _no_new_start(patch: pytest.MonkeyPatch) -> None:
    """After a crash, executions of the journal are not read."""
    patch.setattr(recovery, "_event", lambda state, data: None)


def _no_tail(patch: pytest.MonkeyPatch) -> None:
    """Executions that evidence brings are not booked."""
    patch.setattr(evidence.Reconciliation, "_book", lambda self, told, is_first: None)


BUGS = (
    _no_dedup, _corrections_add, _timers_send_again, _absence_is_evidence,
    _loss_is_the_end, _intent_after_order, _halts_do_not_hold, _longs_with_shorts, _no_budget,
    _late_orders_are_ignored, _no_new_start, _no_tail,
)  # fmt: skip


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_caught(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    for seed in range(600):
        try:
            one = Scenario(seed).run()
        except (AssertionError, ValueError, KeyError, ZeroDivisionError, RecursionError) as error:
            print(f"{plant.__name__}: seed {seed}: {error!r}")
            return
        if one.broken:
            print(f"{plant.__name__}: seed {seed}: {one.broken[0]}")
            return
    pytest.fail(f"{plant.__name__} is not caught")


if __name__ == "__main__":
    print(digest([Scenario(seed).run() for seed in range(N_TRACED)]))
