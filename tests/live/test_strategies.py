"""Strategies at the simulated gateway: what they are told equals its ledger."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from live_desk import ACCOUNT, CASH, Desk, market, request, story, unarmed
from served_gateway import Served

from engine.backtesting.orders import Fill
from engine.backtesting.strategy import Strategy
from engine.cli.main import main
from engine.errors import HALTED
from engine.execution.limits import SIMULATED
from engine.execution.single import FAMILY
from engine.feeds.demo_market import Rates
from engine.live.seats import Place, Strategies
from engine.live.start import LiveRequest
from engine.market.bars import Bar

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")

BAR_NS = 10**9 // 4
MOVING = Rates(spot_every=0.2, flicks=5.0, plant_every=1e9)
TOLD: list[Fill] = []


class Flip(Strategy):
    """Long, short, flat, bar after bar."""

    def start(self) -> None:
        self.bars = 0

    def on_bar(self, bar: Bar) -> float:
        self.bars += 1
        return (0.5, -0.5, 0.0)[self.bars % 3]

    def on_fill(self, fill: Fill) -> None:
        TOLD.append(fill)


class Holds(Flip):
    """Buys once and keeps it."""

    def on_bar(self, bar: Bar) -> float:
        return 0.5


class Breaks(Flip):
    """Fails at its second bar."""

    def on_bar(self, bar: Bar) -> float:
        self.bars += 1
        return 1.0 / (2 - self.bars)


def asked(journal: Path, port: int, kind: type[Strategy], **changes: object) -> LiveRequest:
    TOLD.clear()
    one = request(journal, port, **changes)
    return replace(one, strategies=Strategies((Place("mine", kind),), BAR_NS, 10_000.0))


def ledger(served: Served) -> tuple[float, float]:
    """Return cash, and shares of ZETF, that the gateway has of the account."""

    def read() -> tuple[float, float]:
        account = served.gateway.accounts[ACCOUNT]
        held = [one.quantity for index, one in account.positions.items() if one.quantity
                and not served.gateway.listing.instruments[index].right]  # fmt: skip
        return account.cash, float(held[0]) if held else 0.0

    return served.call(read)


def fills(count: int) -> Callable[[], bool]:
    return lambda: len(TOLD) >= count


def test_what_a_strategy_is_told_is_what_the_gateway_has(tmp_path: Path) -> None:
    with market(MOVING) as served:
        desk = Desk(asked(tmp_path, served.port, Flip))
        lines = desk.run(fills(4))
        assert desk.code == 0
        cash, held = ledger(served)
        assert sum(fill.units for fill in TOLD) == held
        paid = sum(-fill.units * fill.price - fill.fee for fill in TOLD)
        assert cash - CASH == pytest.approx(paid, abs=0.011 * len(TOLD))
        assert any("mine:" in line and "fills, worth $" in line for line in lines)
        told = story(tmp_path)
        assert {p.planned.plan.family for p in told.packages.values()} == {FAMILY}
        assert main(["orders", "--journal", str(tmp_path)]) == 0


def test_what_it_holds_is_known_after_a_restart(tmp_path: Path) -> None:
    with market(MOVING) as served:
        Desk(asked(tmp_path, served.port, Holds)).run(fills(1))
        before = ledger(served)
        assert before[1] > 0.0
        again = Desk(asked(tmp_path, served.port, Holds))
        lines = again.run(lambda: any("READY" in line for line in again.lines))
        # It wants what it has, but for a share or two that the price has made of it.
        assert abs(ledger(served)[1] - before[1]) <= 2.0
        assert any(f"holds {ledger(served)[1]:+,.10g} ZETF" in line for line in lines)
        assert story(tmp_path).differences == ()


def test_nothing_is_sent_unarmed_and_nothing_after_a_kill(tmp_path: Path) -> None:
    with market(MOVING) as served:
        ticks: list[int] = []
        desk = Desk(unarmed(asked(tmp_path / "a", served.port, Flip)))
        desk.run(lambda: len(ticks) > 60 or bool(ticks.append(1)))
        assert served.call(lambda: served.gateway.desk.every) == []

        def killed() -> bool:
            return main(["kill", "--reason", "enough", "--journal", str(tmp_path / "b")]) == 0

        desk = Desk(asked(tmp_path / "b", served.port, Flip))
        lines = desk.run(fills(1), killed)
        n_orders = served.call(lambda: len(served.gateway.desk.every))
        assert any("HALTED" in line for line in lines)
        again = Desk(asked(tmp_path / "b", served.port, Flip))
        ticks.clear()
        again.run(lambda: len(ticks) > 60 or bool(ticks.append(1)))
        assert served.call(lambda: len(served.gateway.desk.every)) == n_orders


def test_a_limit_refuses_and_says_so(tmp_path: Path) -> None:
    with market(MOVING) as served:
        limits = replace(SIMULATED, max_shares=3)
        desk = Desk(asked(tmp_path, served.port, Flip, limits=limits))
        desk.run(lambda: story(tmp_path).refusals["quantity"] > 0)
        assert served.call(lambda: served.gateway.desk.every) == []


def test_a_strategy_that_fails_halts_trading(tmp_path: Path) -> None:
    with market(MOVING) as served:
        desk = Desk(asked(tmp_path, served.port, Breaks))
        desk.run(lambda: story(tmp_path).halted != "")
    halted = story(tmp_path).halted
    assert re.search(r"test_strategies\.py:\d+: ZeroDivisionError: .*\(strategy mine\)", halted)
    assert desk.code == HALTED


def test_live_money_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["live", "AAPL", "--broker", "ib", "--live", "--strategies", "momentum"]
    assert main(words) == 77
    assert "--strategies trades paper accounts alone" in capsys.readouterr().err
