"""The trader over an expiry day and an early assignment at the gateway: what time did is told."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import ACCOUNT, play
from client_time import keep_clock_out
from test_trader_with_brokers import AllMayPass, plan_of
from venue import MemoryLog

from engine.clock import NS_PER_DAY
from engine.execution import entries
from engine.execution.modes import Mode
from engine.execution.recovery import recover
from engine.execution.rules import Rules
from engine.execution.trader import Trader
from engine.market.contract import Contract


@pytest.fixture(autouse=True)
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)


class MarketClock:
    """The gateway's market as the wall clock."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene

    def now_ns(self) -> int:
        return int(self._scene.world.gateway.market.now_ns)

    def monotonic_ns(self) -> int:
        return int(self._scene.world.clock.monotonic_ns())


class Night:
    """A trader at the gateway's own time, whose days a test lets pass."""

    def __init__(self, scene: Any) -> None:
        self.scene, self.clock = scene, MarketClock(scene)
        self.log = MemoryLog(self.clock)  # type: ignore[arg-type]

        def at(contract: Contract, side: int) -> float:
            bid, ask, _, _ = scene.quote(contract)
            return float(ask if side > 0 else bid)

        self.trader = Trader(
            scene.broker, self.log, AllMayPass(), self.clock, is_armed=True, rules=Rules(),
            quotes=at,
        )  # fmt: skip

    async def pass_(self, seconds: float) -> None:
        for _ in range(int(seconds / 0.1)):
            await self.scene.wait(0.1)
            self.trader.on_time()

    async def buy(self, *packages: Any) -> None:
        await self.pass_(1.0)
        for legs in packages:
            self.trader.begin(plan_of(self.scene, legs, 2), (0.0,) * len(legs))
            await self.pass_(2.0)
        assert [t.lots for t in self.trader.state.trades.values()] == [2] * len(packages)

    async def until(self, day: str) -> None:
        """Let days pass to the morning of one of them."""
        gateway = self.scene.world.gateway
        while gateway.stamp_text() < day + " 14:35:00":
            gateway._market_base_ns += NS_PER_DAY // 48
            await self.pass_(0.2)
        await self.pass_(20.0)

    def settled(self) -> list[list[Any]]:
        return [
            row
            for one in self.log.entries()
            if one.kind == entries.SETTLED
            for row in one.data["bookings"]  # type: ignore[attr-defined]
        ]

    def agrees(self) -> None:
        """The journal, also read anew, holds what the gateway's books hold."""
        for state in (self.trader.state, recover(self.log.entries())):
            held = {n: q for n, q in sorted(state.executions.positions().items()) if q}
            assert held == self.scene.held()


def after(scene: Any, day: Any) -> str:
    calendar = scene.world.gateway.market.calendar("ZETF")
    return f"{calendar.next_session(day):%Y%m%d}"


WORDS = {"exercise": "exercised", "assignment": "assigned", "expired worthless": "expired"}


@pytest.mark.parametrize(("side", "how"), [(1, "exercise"), (-1, "assignment")])
def test_an_expiry_day_is_no_mismatch(side: int, how: str) -> None:
    async def story(scene: Any) -> None:
        night = Night(scene)
        await night.buy(scene.box(side), scene.conversion())
        day = scene.options("C")[0].expiry
        await night.until(after(scene, day))
        record = scene.world.gateway.settlement.record
        booked = {one.what for one in record if one.what in WORDS}
        assert {how, "expired worthless"} <= booked
        rows = night.settled()
        assert {row[2] for row in rows} == {WORDS[what] for what in booked}
        night.agrees()
        assert scene.held() == {}
        assert night.trader.state.halts == []
        assert night.trader.mode is Mode.READY
        # At the strikes, the money is that of the gateway: fills, fees, and stock at its strike.
        stock = -sum(row[4] * row[5] for row in rows)
        moved = sum(
            one.amount for one in record if one.what in ("exercise", "assignment")
        )  # fmt: skip
        assert stock == pytest.approx(moved)
        # A connection that is lost changes nothing.
        await scene.drop()
        await night.pass_(10.0)
        assert night.trader.mode is Mode.READY
        assert len(night.settled()) == len(rows)

    play("ib", story)


@pytest.mark.parametrize("is_explained", [True, False])
def test_an_early_assignment_is_explained_and_stock_from_elsewhere_is_not(
    is_explained: bool,
) -> None:
    async def story(scene: Any) -> None:
        night = Night(scene)
        await night.buy(scene.box(), scene.conversion())
        gateway = scene.world.gateway
        books = gateway.accounts[ACCOUNT]
        sold = min(
            (c for c in scene.options("C") if books.quantity(scene.index_of[c.name]) < 0),
            key=lambda c: c.strike,
        )
        place = scene.index_of[sold.name]
        held = books.quantity(place)
        gateway.settlement._settle(gateway.market.now_ns, books, place, held, "early")
        if not is_explained:
            books.trade(scene.index_of["ZETF"], 100, 100.0)
        await night.until(
            after(scene, night.trader.state.trades[min(night.trader.state.trades)].day)
        )
        if is_explained:
            assert night.settled() == [
                [sold.name, held, "assigned", "ZETF", held * 100.0, sold.strike]
            ]  # fmt: skip
            night.agrees()
            assert night.trader.mode is Mode.READY
            assert any("assigned" in text for _, text in night.trader.view().alerts)
        else:
            assert night.settled() == []
            assert night.trader.mode is Mode.HALTED
            assert any("positions differ" in halt for halt in night.trader.state.halts)
            night.trader.resume("looked at")
            await night.pass_(5.0)
            assert night.trader.mode is Mode.READY

    play("ib", story)
