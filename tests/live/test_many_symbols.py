"""Several symbols at once: both are watched, traded and booked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")

from test_handler_faults import held
from virtual_desk import VirtualDesk

from engine.execution.limits import SIMULATED
from engine.execution.package import COMPLETE
from engine.feeds.demo_market import Rates

SYMBOLS = ("ZETF", "ZGRO")
RATES = Rates(spot_every=1e9, flicks=20.0, plant_every=0.4, plant_life=(5.0, 9.0))
LIMITS = replace(SIMULATED, max_working_packages=6)


@pytest.mark.parametrize("lines", [200, pytest.param(100, marks=pytest.mark.long)])
def test_both_symbols_are_traded_and_booked(
    lines: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = VirtualDesk(
        monkeypatch, tmp_path, symbols=SYMBOLS, rates=RATES, world={"most_lines": lines},
        lines=lines, limits=LIMITS,
    )  # fmt: skip

    def complete(symbol: str) -> int:
        trades = desk.trader.state.trades.values()
        return sum(one.plan.symbol == symbol and one.value.phase == COMPLETE for one in trades)

    async def story(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: min(complete(symbol) for symbol in SYMBOLS) >= 2, 300.0)

    desk.run(story)
    assert desk.raised is None
    assert desk.code == 0
    positions = desk.trader.state.executions.positions()
    assert {name: n for name, n in positions.items() if n} == held(desk)
    assert desk.live() == []
    refs = [ref for trade in desk.trader.state.trades.values() for ref in trade.sent]
    executions = desk.trader.state.executions
    assert 1_000_000.0 + executions.cash(refs) - executions.fees(refs) == pytest.approx(
        desk.books.cash, abs=0.005
    )
    text = desk.out.getvalue()
    for symbol in SYMBOLS:
        assert f"{symbol} " in text
