"""SIGTERM in each phase of a package, by each policy: the whole engine, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")

from test_handler_faults import held
from virtual_desk import VirtualDesk

from engine.errors import HALTED
from engine.execution.entries import COMBO, PARALLEL
from engine.execution.limits import SIMULATED
from engine.execution.rules import CANCEL, FLATTEN, LEAVE
from engine.gateway.faults import Rule

DRAIN_SECONDS = 10.0
LIMITS = replace(SIMULATED, max_hedge_loss_usd=20_000.0, max_unhedged_s=600.0,
                 max_unhedged_delta=1e9, collar_market=10.0, max_day_loss_usd=1e7)  # fmt: skip
PARTS = Rule("partial", every=2, fraction=0.4, times=2)
SLOW = Rule("slow", every=1, seconds=0.15)
LATE = Rule("fill_after_cancel", every=1, seconds=0.6)
# What lets a package be in a phase for a while: faults of the gateway, and settings.
PHASES: dict[str, tuple[tuple[Rule, ...], dict[str, Any]]] = {
    "unheard": ((Rule("no_ack", every=1), Rule("partial", every=1, fraction=0.2)),
                {"legs": COMBO, "fill_window": 30.0}),
    "WORKING": ((Rule("partial", every=1, fraction=0.4),), {"legs": COMBO, "fill_window": 30.0}),
    "WORKING apart": ((PARTS,), {"legs": PARALLEL, "fill_window": 30.0}),
    "CLOSING": ((PARTS, LATE), {"legs": PARALLEL, "fill_window": 0.5}),
    "COMPLETING": ((PARTS, SLOW),
                   {"legs": PARALLEL, "fill_window": 1.0}),
    "UNWINDING": ((PARTS, SLOW),
                  {"legs": PARALLEL, "fill_window": 1.0, "is_unwind_only": True}),
}  # fmt: skip


SAMPLE = (
    ("WORKING", LEAVE), ("WORKING apart", CANCEL), ("CLOSING", CANCEL), ("COMPLETING", FLATTEN),
    ("UNWINDING", CANCEL),
)  # fmt: skip
EACH = [
    pytest.param(phase, policy, marks=() if (phase, policy) in SAMPLE else pytest.mark.long)
    for phase in PHASES
    for policy in (CANCEL, LEAVE, FLATTEN)
]


def phase_of(desk: VirtualDesk, name: str) -> bool:
    wanted = name.partition(" ")[0]
    return any(
        one.phase == ("WORKING" if wanted == "unheard" else wanted)
        for one in desk.trader.view().packages
    )


@pytest.mark.parametrize(("phase", "policy"), EACH)
def test_a_signal_ends_a_package(
    phase: str, policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, settings = PHASES[phase]
    desk = VirtualDesk(
        monkeypatch, tmp_path, world={"rules": rules}, on_exit=policy, limits=LIMITS, **settings
    )
    seen: dict[str, Any] = {}

    async def story(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: phase_of(desk, phase), 60.0)
        seen["at"] = desk.world.loop.time()
        seen["plans"] = len(desk.trader.state.trades)
        seen["live"] = desk.live()

    desk.run(story)
    took = desk.world.loop.time() - seen["at"]
    assert desk.raised is None
    assert desk.code == 0
    assert took <= DRAIN_SECONDS
    trader = desk.trader
    assert len(trader.state.trades) == seen["plans"]  # nothing was begun
    journal = desk.story()
    assert journal.notes[-1][1] == f"stopped ({policy})"
    positions = {name: n for name, n in trader.state.executions.positions().items() if n}
    if policy == LEAVE:
        assert set(desk.live()) == set(seen["live"]), "orders stand"
        assert took < 1.0
        return
    assert positions == held(desk)
    assert desk.live() == []
    assert trader.is_quiet
    for trade in trader.state.trades.values():
        assert not trade.residual(trader.state.executions), trade.value


def test_what_never_ends_is_cancelled_before_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Orders that complete and unwind fill in part too: it cannot be made whole.
    rules = (Rule("partial", every=2, fraction=0.4),)
    desk = VirtualDesk(
        monkeypatch, tmp_path, world={"rules": rules}, legs=PARALLEL, limits=LIMITS,
        fill_window=30.0,
    )  # fmt: skip
    seen: list[float] = []

    async def story(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: len(desk.live()) > 1, 60.0)
        seen.append(desk.world.loop.time())

    desk.run(story)
    # What completes and unwinds has a second, not the time of an order that may wait.
    assert desk.world.loop.time() - seen[0] < 7.0
    assert desk.code == HALTED  # legs without their others: a person has to look
    assert desk.live() == []
    positions = desk.trader.state.executions.positions()
    assert {name: n for name, n in positions.items() if n} == held(desk)
