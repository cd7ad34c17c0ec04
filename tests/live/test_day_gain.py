"""The day's loss of strategies: over restarts, over a resume, and not before there is a price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("ib_async", reason="the live engine needs it (requirements-ib.txt)")

from live_desk import Desk, folder, market, story
from test_strategies import MOVING, Flip, Holds, asked

from engine.backtesting.data import Data
from engine.backtesting.terms import Terms
from engine.clock import NS_PER_DAY, NS_PER_SECOND
from engine.execution.limits import SIMULATED
from engine.live.day_gain import DayGain, last_of, lost
from engine.live.resume import resume
from engine.market.bars import Bars
from engine.paper.broker_seat import BrokerSeat, Held
from engine.paper.events import Touch
from engine.session.journal import Journal

NOON = 1_772_640_000 * NS_PER_SECOND  # 2026-03-04 16:00 UTC


@dataclass
class Log:
    """A journal in memory."""

    written: list[Any] = field(default_factory=list)

    def append(self, kind: str, data: Mapping[str, object], *, is_durable: bool = True) -> Any:
        self.written.append(SimpleNamespace(kind=kind, data=data))
        return self.written[-1]

    def entries(self) -> Any:
        return tuple(self.written)


def seat(name: str = "mine", units: float = 10.0, cash: float = -1_000.0) -> BrokerSeat:
    """Return a seat that has bought 10 shares at 100 before."""
    data = Data({"Z": Bars.none()}, NS_PER_SECOND, "live", calendar="us")
    return BrokerSeat(name, Holds(), data, Terms(cash=10_000.0), 0, Held({"Z": units}, cash))


def quoted(one: BrokerSeat, price: float) -> None:
    one.touch(Touch(NOON, "Z", price, price, 100.0, 100.0))


def test_what_is_held_is_worth_nothing_known_before_its_first_quote() -> None:
    one, log = seat(), Log()
    gain = DayGain(log, (one,))  # type: ignore[arg-type]
    assert gain.usd(NOON) == 0.0
    assert log.written == []
    quoted(one, 100.0)
    assert gain.usd(NOON) == 0.0  # the day begins here
    quoted(one, 93.0)
    assert gain.usd(NOON) == -70.0


def test_a_restart_forgives_no_loss_and_a_new_day_does() -> None:
    one, log = seat(), Log()
    quoted(one, 100.0)
    gain = DayGain(log, (one,))  # type: ignore[arg-type]
    gain.usd(NOON)
    quoted(one, 90.0)
    assert gain.usd(NOON + 61 * NS_PER_SECOND) == -100.0
    assert lost(log.entries(), NOON + 62 * NS_PER_SECOND) == 100.0
    assert lost(log.entries(), NOON + NS_PER_DAY) == 0.0
    again, new = seat(), seat("new", 0.0, 0.0)
    # More cash for a strategy is no gain, and a strategy that is new has lost nothing yet.
    again.account.terms = replace(again.account.terms, cash=20_000.0)
    again.account.ledger.cash += 10_000.0
    quoted(again, 90.0)
    quoted(new, 90.0)
    after = DayGain(log, (again, new))  # type: ignore[arg-type]
    assert after.usd(NOON + 70 * NS_PER_SECOND) == -100.0
    assert after.usd(NOON + NS_PER_DAY) == 0.0
    assert len(log.written) == 4


def test_what_is_no_such_entry_says_nothing() -> None:
    log = Log()
    for data in ({}, {"day": "x", "start": {}, "now": {}}, {"day": "2026-03-04", "start": 1}):
        log.append("gains", data)
    assert last_of(log.entries())[1:] == ({}, {})


def test_a_loss_halts_and_a_resume_accepts_it(tmp_path: Path) -> None:
    limits = replace(SIMULATED, max_day_loss_usd=0.5)
    with market(MOVING) as served:
        desk = Desk(asked(tmp_path, served.port, Flip, limits=limits))
        desk.run(lambda: "the day has lost" in story(tmp_path).halted)
        with Journal(folder(tmp_path).journal) as journal:
            found = lost(journal.entries(), story(tmp_path).last_ns)
        assert found > 0.5
        now = story(tmp_path).last_ns
        clock = SimpleNamespace(now_ns=lambda: now, monotonic_ns=lambda: now)
        resume(folder(tmp_path), "seen", clock)  # type: ignore[arg-type]
        with Journal(folder(tmp_path).journal) as journal:
            (resumed,) = [one.data for one in journal.entries() if one.kind == "resume"]
        assert resumed["accepted_usd"] == found
        # What was lost is accepted, and not more: the next limit is as far away as the first.
        after = Desk(asked(tmp_path, served.port, Flip, limits=limits))
        after.run(lambda: "the day has lost" in story(tmp_path).halted)
        assert f"halt at ${found + 0.5:,.2f}" in story(tmp_path).halted
