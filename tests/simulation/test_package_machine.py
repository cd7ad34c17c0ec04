"""The package machine: every interleaving explored, and what breaks without each policy."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from package_world import Explorer

from engine.execution.package import (
    ACKED,
    CANCELLING,
    COMPLETE,
    ENDED,
    FINAL,
    SEND,
    UNKNOWN,
    WORKING,
    Action,
    Leg,
    Machine,
    Package,
    Step,
)

# Legs, lots, disconnects, busts; and whether what is missing is completed first.
SMALL = [
    ((2, 1, 1, 0), False), ((2, 1, 1, 0), True), ((2, 2, 1, 0), True), ((2, 1, 1, 1), True),
    ((3, 1, 0, 0), True), ((3, 1, 1, 0), False),
]  # fmt: skip
LARGE = [
    (size, completes)
    for size in ((3, 1, 1, 0), (3, 2, 1, 0), (4, 1, 1, 0), (3, 1, 2, 0), (3, 1, 1, 1))
    for completes in (False, True)
]


def explored(machine: Machine, size: tuple[int, int, int, int]) -> dict[str, str]:
    legs, lots, drops, busts = size
    explorer = Explorer(machine, legs, lots, drops, busts, warnings=True)
    states = explorer.explore()
    print(f"{legs} legs, {lots} lots, {drops} disconnects, {busts} busts: {states:,} states")
    return explorer.found


@pytest.mark.parametrize(("size", "completes"), SMALL)
def test_no_history_breaks_a_promise(size: tuple[int, int, int, int], completes: bool) -> None:
    assert explored(Machine(completes=completes), size) == {}


@pytest.mark.long
@pytest.mark.parametrize(("size", "completes"), LARGE)
def test_no_history_of_a_larger_package_breaks_a_promise(
    size: tuple[int, int, int, int], completes: bool
) -> None:
    assert explored(Machine(completes=completes), size) == {}


class AbsenceIsEvidence(Machine):
    def is_evidence(self, is_beyond_barrier: bool) -> bool:
        return True


class StatusIsEnough(Machine):
    def is_final(self, filled: int, reported: int) -> bool:
        return True


class CancelIsDone(Machine):
    def may_correct(self, legs: Sequence[Leg]) -> bool:
        return all(leg.knowledge in (CANCELLING, FINAL) for leg in legs)


class ClosesTogether(Machine):
    def to_unwind(self, legs: Sequence[Leg], over: Sequence[int]) -> list[int]:
        return list(over)


class SendsAgain(Machine):
    def after_timeout(self, i: int, leg: Leg) -> Action:
        return (SEND, i, leg.side, leg.lots)


class LossIsRejection(Machine):
    def after_loss(self) -> int:
        return FINAL


class WarningIsCancel(Machine):
    def warned(self, package: Package, i: int) -> Step:
        legs = list(package.legs)
        legs[i] = legs[i]._replace(knowledge=FINAL)
        return self.decide(package._replace(legs=tuple(legs)))


class NeverReopens(Machine):
    def reopens(self) -> bool:
        return False


class OpensTogether(Machine):
    def to_complete(self, legs: Sequence[Leg], missing: Sequence[int]) -> list[int]:
        return list(missing)


WITHOUT = [
    (AbsenceIsEvidence, False, (3, 1, 1, 0)),
    (StatusIsEnough, False, (3, 1, 0, 0)),
    (CancelIsDone, False, (3, 1, 0, 0)),
    (ClosesTogether, False, (3, 1, 0, 0)),
    (SendsAgain, False, (2, 1, 0, 0)),
    (LossIsRejection, False, (2, 1, 1, 0)),
    (WarningIsCancel, False, (2, 1, 0, 0)),
    (NeverReopens, False, (2, 1, 0, 1)),
    (OpensTogether, True, (3, 1, 0, 0)),
]


@pytest.mark.parametrize(("policy", "completes", "size"), WITHOUT)
def test_each_policy_is_needed(
    policy: type[Machine], completes: bool, size: tuple[int, int, int, int]
) -> None:
    legs, lots, drops, busts = size
    explorer = Explorer(policy(completes=completes), legs, lots, drops, busts, warnings=True)
    explorer.explore(stop_at_first=True)
    print(policy.__name__, explorer.found)
    assert explorer.found


def ready(knowledge: int = ACKED, **more: int) -> Package:
    leg = Leg(1, 0, 1, 1, knowledge)
    return Package(WORKING, True, (leg._replace(**more), leg._replace(direction=-1)))


TABLE = [
    ("acknowledged", ready(0), (), ACKED, ()),
    ("acknowledged", ready(CANCELLING), (), CANCELLING, ()),
    ("executed", ready(), (1,), ACKED, ()),
    ("executed", ready(ENDED, reported=1), (1,), FINAL, ()),
    ("ended", ready(filled=1), (1,), FINAL, ()),
    ("ended", ready(), (1,), ENDED, (("ask", 0, 0, 0),)),
    ("ended", ready(), (0,), FINAL, (("cancel", 1, 0, 0),)),
    ("warned", ready(), (), ACKED, (("ask", 0, 0, 0),)),
    ("timed_out", ready(0), (), 0, (("ask", 0, 0, 0),)),
    ("timed_out", ready(), (), ACKED, ()),
]


@pytest.mark.parametrize(("event", "package", "rest", "knowledge", "actions"), TABLE)
def test_a_transition(
    event: str, package: Package, rest: tuple[int, ...], knowledge: int, actions: tuple[Action, ...]
) -> None:
    after, done = getattr(Machine(completes=False), event)(package, 0, *rest)
    assert after.legs[0].knowledge == knowledge
    assert done == actions


def test_nothing_is_sent_while_the_link_is_down() -> None:
    machine = Machine()
    down, actions = machine.disconnected(ready())
    assert [leg.knowledge for leg in down.legs] == [UNKNOWN, UNKNOWN]
    assert actions == ()
    for step in (machine.window_over(down), machine.ended(down, 0, 0), machine.timed_out(down, 0)):
        assert step[1] == () or {action[0] for action in step[1]} == {"ask"}


def test_orders_without_acknowledgement_are_cancelled_too_when_the_window_ends() -> None:
    after, actions = Machine().window_over(ready(0))
    assert actions == (("cancel", 0, 0, 0), ("cancel", 1, 0, 0))
    assert [leg.knowledge for leg in after.legs] == [CANCELLING, CANCELLING]


def test_an_order_that_shows_up_late_reopens_and_is_cancelled() -> None:
    machine = Machine(completes=False)
    over = Package(COMPLETE, True, tuple(Leg(d, 0, 1, 1, FINAL, 1, 1) for d in (1, -1)))
    after, actions = machine.seen(over, 1, 0, is_live=True)
    assert ("cancel", 1, 0, 0) in actions
    assert after.phase != COMPLETE


def test_what_is_filled_beyond_its_order_is_unwound() -> None:
    legs = (Leg(1, 0, 1, 2, FINAL, 4, 4), Leg(-1, 0, 1, 2, ACKED, 2))
    after, actions = Machine().ended(Package(WORKING, True, legs), 1, 2)
    assert actions == ((SEND, 0, -1, 2),)
    assert after.legs[0].lots == 2
