"""An exception once in every handler: trading halts, orders end, and nothing is lost.

Each handler of the whole engine raises the next time it is called. The engine must halt and say
why, leave no order alive, and go on after `parity resume` with what the gateway's own books have.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")

from broker_scene import contract_at
from virtual_desk import VirtualDesk

from engine.errors import HALTED
from engine.execution.evidence import Reconciliation
from engine.execution.modes import Mode
from engine.execution.trader import Trader
from engine.ib.broker import IbBroker
from engine.ib.market import MarketLink
from engine.ib.reception import Reception
from engine.live.arbitrage import ArbitrageEngine
from engine.live.margins import Margins
from engine.live.screens import Screens
from engine.scanner.watch import Watch


class Planted(Exception):
    """What no code of ours expects."""


def _trades(desk: VirtualDesk) -> None:
    """Trading alone sets it off."""


def _asks(desk: VirtualDesk) -> None:
    desk.trader.resume("to be asked everything")


def _loses_ib(desk: VirtualDesk) -> None:
    desk.world.act("lost", seconds=1.0)


def _farm(desk: VirtualDesk) -> None:
    desk.world.act("farm", seconds=1.0)


def _drops(desk: VirtualDesk) -> None:
    desk.world.act("drop")


class Handler(NamedTuple):
    owner: type
    name: str
    trigger: Callable[[VirtualDesk], None] = _trades


HANDLERS = (
    Handler(ArbitrageEngine, "_consider"), Handler(ArbitrageEngine, "_judge"),
    Handler(ArbitrageEngine, "_look_at_latch"),
    Handler(ArbitrageEngine, "_look_at_time"), Handler(ArbitrageEngine, "_prove"),
    Handler(Trader, "consider"), Handler(Trader, "on_event"), Handler(Trader, "on_time"),
    Handler(Trader, "record_proof"), Handler(Trader, "exposure"),
    Handler(Reconciliation, "on_evidence", _asks), Handler(Reconciliation, "on_link_up", _drops),
    Handler(Reconciliation, "on_link_down", _drops),
    Handler(Reception, "on_open_order"), Handler(Reception, "on_status"),
    Handler(Reception, "on_execution"), Handler(Reception, "on_commission"),
    Handler(Reception, "on_completed", _asks), Handler(Reception, "on_open_end", _asks),
    Handler(Reception, "on_completed_end", _asks), Handler(Reception, "on_executions_end", _asks),
    Handler(Reception, "on_position", _asks), Handler(Reception, "on_positions_end", _asks),
    Handler(Reception, "on_summary", _asks), Handler(Reception, "on_summary_end", _asks),
    Handler(Reception, "on_code", _loses_ib), Handler(Reception, "answer", _asks),
    Handler(IbBroker, "_on_state", _loses_ib), Handler(IbBroker, "_on_code", _loses_ib),
    Handler(IbBroker, "_reconcile", _drops), Handler(IbBroker, "_whole", _asks),
    Handler(IbBroker, "_pump", _drops),
    Handler(MarketLink, "_read"), Handler(MarketLink, "_state", _loses_ib),
    Handler(MarketLink, "_code", _loses_ib), Handler(MarketLink, "_stale", _farm),
    Handler(MarketLink, "_subscribe_again", _farm), Handler(MarketLink, "_alive"),
    Handler(Watch, "changed"), Handler(Watch, "refresh", _farm), Handler(Watch, "on_time"),
    Handler(Watch, "rest"), Handler(Screens, "screen"), Handler(Margins, "_learn"),
)  # fmt: skip


# One of each kind in every run.
SAMPLE = (
    "ArbitrageEngine._judge", "Trader.on_event", "Reconciliation.on_link_up",
    "Reception.on_execution",
    "IbBroker._reconcile", "MarketLink._state", "Watch.changed", "Screens.screen",
)  # fmt: skip


def name_of(handler: Handler) -> str:
    return f"{handler.owner.__name__}.{handler.name}"


EACH = [
    pytest.param(one, id=name_of(one), marks=() if name_of(one) in SAMPLE else pytest.mark.long)
    for one in HANDLERS
]


def held(desk: VirtualDesk) -> dict[str, float]:
    return {
        contract_at(desk.world, i).name: float(position.quantity)
        for i, position in desk.books.held().items()
    }


def complete(desk: VirtualDesk) -> int:
    return sum(one.phase == "COMPLETE" for one in desk.trader.view().packages)


@pytest.mark.parametrize("handler", EACH)
def test_a_fault_in_a_handler_halts_and_loses_nothing(
    handler: Handler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = VirtualDesk(monkeypatch, tmp_path)
    real = getattr(handler.owner, handler.name)
    state = {"is_set": False, "n": 0}

    def raising(self: Any, *said: Any, **more: Any) -> Any:
        if state["is_set"]:
            state["is_set"] = False
            state["n"] += 1
            raise Planted("here")
        return real(self, *said, **more)

    monkeypatch.setattr(handler.owner, handler.name, raising)

    async def story(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: complete(desk) >= 1)
        state["is_set"] = True
        handler.trigger(desk)
        await desk.until(lambda: state["n"] == 1, 30.0)
        await desk.until(lambda: desk.trader.mode is Mode.HALTED, 10.0)
        assert "Planted" in " ".join(desk.trader.state.halts)
        await desk.until(lambda: desk.live() == [], 10.0)
        n = complete(desk)
        desk.engine.resume("looked at")
        await desk.until(lambda: desk.trader.mode is Mode.READY, 30.0)
        await desk.until(lambda: complete(desk) > n, 60.0)

    desk.run(story)
    assert desk.raised is None
    assert desk.code == 0
    journal = desk.story()
    assert any("Planted" in text for _, text, *_ in journal.notes)
    positions = desk.trader.state.executions.positions()
    assert {name: n for name, n in positions.items() if n} == held(desk)
    assert not [one for one in journal.orders.values() if one.is_open]


def test_a_fault_in_a_callback_of_the_loop_halts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = VirtualDesk(monkeypatch, tmp_path)

    def raising() -> None:
        raise Planted("here")

    async def story(desk: VirtualDesk) -> None:
        await desk.is_up()
        desk.world.loop.call_later(0.1, raising)
        await desk.until(lambda: desk.trader.mode is Mode.HALTED, 5.0)

    desk.run(story)
    assert desk.code == HALTED
    assert "Planted" in desk.story().halted


def test_who_looks_goes_away_and_everything_ends_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = VirtualDesk(monkeypatch, tmp_path)

    async def story(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: complete(desk) >= 1)

        def closed(_: object) -> None:
            raise BrokenPipeError(32, "Broken pipe")

        monkeypatch.setattr(Screens, "screen", closed)
        await desk.until(lambda: False, 30.0)

    desk.run(story)
    assert desk.live() == []
    journal = desk.story()
    assert journal.notes[-1][1] == "stopped (cancel)"
    assert journal.halted == ""
