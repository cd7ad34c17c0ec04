"""Days of `parity live` in virtual time: nights, an expiry, a half day, resets, a clock that steps.

The market's days pass hundreds of times as fast as the clock's; nights pass at once. The gateway's
books are the judge, and memory stays as it is.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")

from live_desk import request
from soak import MIB, Hands, resident
from test_handler_faults import held
from virtual_desk import VirtualDesk

from engine.clock import NS_PER_SECOND
from engine.execution.modes import Mode
from engine.execution.paper import PaperBroker
from engine.feeds.demo_market import DemoMarket, Rates
from engine.live.demo_source import DemoSource
from engine.live.folder import Folder
from engine.live.start import Runner
from engine.market.calendar import Calendar, calendar_named

MONDAY_AFTER = "20260316"  # the first expiry is on the Friday before it
HALF_DAY = date(2026, 3, 6)
IS_PYPY = sys.implementation.name == "pypy"


def desk_of(
    patch: pytest.MonkeyPatch, journal: Path, speed: float, plant_every: float, flicks: float
) -> VirtualDesk:
    rates = Rates(
        spot_every=2.0, flicks=flicks, plant_every=plant_every, plant_life=(2.0, 6.0), pace=speed
    )
    return VirtualDesk(patch, journal, rates=rates, world={"speed": speed}, heartbeat=0.2)


def agrees(desk: VirtualDesk) -> None:
    """The journal's positions and money are those of the gateway; nothing was sent out of hours."""
    state = desk.trader.state
    positions = {name: n for name, n in sorted(state.executions.positions().items()) if n}
    assert positions == held(desk)
    calendar = calendar_named("us")
    for entry in desk.engine.tee.entries():
        if entry.kind == "intent":
            day = calendar.session_date(entry.ts_ns)
            assert calendar.is_session(day)
            assert calendar.open_ns(day) <= entry.ts_ns < calendar.close_ns(day)


def days_traded(desk: VirtualDesk) -> list[date]:
    return sorted({trade.day for trade in desk.trader.state.trades.values()})


def test_an_expiry_passes_and_trading_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(monkeypatch, tmp_path, 5_760.0, 0.8, 4.0)

    async def story(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: desk.gateway.stamp_text() > MONDAY_AFTER + " 16:00:00", 600.0)
        await desk.until(lambda: desk.trader.mode is Mode.READY, 30.0)
        await desk.until(lambda: desk.trader.is_quiet, 30.0)

    desk.run(story)
    assert desk.code == 0
    assert desk.trader.state.halts == []
    assert not [note for note in desk.story().notes if "HALT" in str(note)]
    traded = days_traded(desk)
    assert len(traded) >= 6
    assert traded[0] < date(2026, 3, 13) < traded[-1]
    settled = [e for e in desk.engine.tee.entries() if e.kind == "settled"]
    assert settled, "something of ours has expired"
    agrees(desk)


@pytest.mark.long
@pytest.mark.skipif(not resident(), reason="it reads /proc, which is Linux's")
def test_two_weeks_with_all_that_happens_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Calendar.is_early_close
    monkeypatch.setattr(
        Calendar, "is_early_close",
        lambda self, day: (self.name == "us" and day == HALF_DAY) or real(self, day),
    )  # fmt: skip
    desk = desk_of(monkeypatch, tmp_path, 720.0, 1.0, 10.0)
    memory: list[float] = []
    halted: list[str] = []

    async def story(desk: VirtualDesk) -> None:
        await desk.is_up()
        day, last = desk.gateway.stamp_text()[:8], "20260324"
        while day < last:
            await asyncio.sleep(0.5)
            today = desk.gateway.stamp_text()[:8]
            if desk.trader.mode is Mode.HALTED:
                halted.extend(desk.trader.state.halts)
                desk.engine.resume("looked at")
            if today == day:
                continue
            day = today
            memory.append(resident() / MIB)
            # The nightly reset: the gateway goes, and comes back with lower numbers.
            desk.world.act("restart", seconds=3.0, count=5)
            if day == "20260311":
                await asyncio.sleep(5.0)
                desk.world.clock.ahead_ns += 7 * NS_PER_SECOND
        await desk.until(lambda: desk.trader.mode is Mode.READY, 60.0)
        await desk.until(lambda: desk.trader.is_quiet, 60.0)

    desk.run(story)
    assert desk.code == 0
    # The step of the clock has halted it, and nothing else.
    assert halted
    assert {text.partition(":")[0] for text in halted} == {"clock-step"}
    traded = days_traded(desk)
    assert len(traded) >= 12, traded
    assert HALF_DAY in traded
    agrees(desk)
    half = [
        e.ts_ns
        for e in desk.engine.tee.entries()
        if e.kind == "intent" and calendar_named("us").session_date(e.ts_ns) == HALF_DAY
    ]
    assert max(half) < calendar_named("us").close_ns(HALF_DAY)
    warm = memory[5:]
    print("MiB at each midnight:", [round(one) for one in memory])
    # What is kept of a day: its packages and its journal's story; a few hundred of them here.
    per_day = (warm[-1] - warm[0]) / (len(warm) - 1)
    assert per_day < (12.0 if IS_PYPY else 3.0), memory


def test_paper_goes_on_when_an_expiry_has_settled(tmp_path: Path) -> None:
    async def work() -> tuple[int, int, int]:
        hands = Hands()
        rates = Rates(spot_every=600.0, flicks=0.01, plant_every=1e9)
        market = DemoMarket(2, ["ZETF"], compact=True, rates=rates)
        source = DemoSource(market, clock=hands)
        asked = request(tmp_path, 1)
        limits = replace(asked.settings.limits, max_data_stall_s=1e9)
        asked = replace(asked, settings=replace(asked.settings, broker="paper", limits=limits))
        async with AsyncExitStack() as stack:
            broker = PaperBroker("DU0", lambda contract: (0.0, 0.0, 0.0, 0.0), source.clock)
            runner = Runner(
                asked, Folder(tmp_path / "paper"), source, broker, None,  # type: ignore[arg-type]
                place="", advance=broker.advance,
            )  # fmt: skip
            engine = await runner.assemble(stack)
            engine.begin()
            tracked = engine.tracked["ZETF"]
            before = len(tracked.watch.book.listing.expiries)
            while engine._day < date(2026, 3, 17):
                opens = market.next_open_ns()
                hands.passed_ns += max(7_200 * NS_PER_SECOND, opens - market.now_ns)
                source.step()
                engine.on_tick()
                assert engine.n_faults == 0, engine.last
            watch = engine.tracked["ZETF"].watch
            assert source._sinks["ZETF"] is watch
            n = watch.n_searches
            for _ in range(30):
                hands.passed_ns += 600 * NS_PER_SECOND
                source.step()
                engine.on_tick()
            return before, len(watch.book.listing.expiries), watch.n_searches - n

    before, after, searches = asyncio.run(work())
    assert (before, after) == (4, 3)
    assert searches > 0
