"""The parts of the live engine by themselves: time that is lost, faults, the collector, screens."""

from __future__ import annotations

import asyncio
import gc
import io
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from engine.cli.screen import Screen as PlainConsole
from engine.clock import NS_PER_SECOND
from engine.config import ScanSettings
from engine.errors import HALTED, InputOutputError
from engine.execution.broker import Ended
from engine.execution.limits import Limits
from engine.execution.paper import PaperBroker
from engine.execution.trader import Trader
from engine.feeds.demo_listing import AS_OF_NS
from engine.feeds.demo_market import DemoMarket, Rates
from engine.feeds.protocol import Loaded
from engine.feeds.recorded import message_of
from engine.live import paper
from engine.live.arbitrage import ArbitrageEngine
from engine.live.collector import Collector
from engine.live.demo_source import DemoSource
from engine.live.folder import folder_of
from engine.live.latch import read_latch, set_latch
from engine.live.loop import Stop
from engine.live.start import LiveRequest
from engine.live.story import Story
from engine.live.vigil import Vigil
from engine.report import live_screen as shown
from engine.report.live_lines import package_line, sighting_line, state_line, summary_line
from engine.report.live_table import live_table
from engine.session.recording import SessionWriter
from engine.settings.live import LiveSettings
from engine.settings.overrides import CarryOverrides


@dataclass
class TwoClocks:
    wall: int = 10**18
    monotonic: int = 0

    def now_ns(self) -> int:
        return self.wall

    def monotonic_ns(self) -> int:
        return self.monotonic

    def pass_by(self, monotonic: float, wall: float) -> None:
        self.monotonic += int(monotonic * NS_PER_SECOND)
        self.wall += int(wall * NS_PER_SECOND)


@pytest.mark.parametrize(
    ("monotonic", "wall", "words"),
    [
        (0.1, 0.1, ""), (0.99, 0.99, ""), (1.2, 1.2, "was stopped"), (0.1, 3600.0, "was moved"),
        (0.1, -3600.0, "was moved"), (0.1, 1.5, ""), (0.1, -1.5, ""), (5.0, 5.0, "was stopped"),
    ],
)  # fmt: skip
def test_lost_time_is_noticed_once(monotonic: float, wall: float, words: str) -> None:
    clock = TwoClocks()
    vigil = Vigil(clock)
    clock.pass_by(monotonic, wall)
    said = vigil.look()
    assert words in said
    assert bool(said) == bool(words)
    clock.pass_by(0.1, 0.1)
    assert vigil.look() == ""


def on_paper(tmp_path: Path, seconds: float, **settings: Any) -> tuple[int, str, Story]:
    """Trade on paper in this process; return code, output and what the journal says."""
    chosen = LiveSettings(broker="paper", journal=tmp_path, **settings)
    request = LiveRequest(chosen, ("ZETF",), ScanSettings(), CarryOverrides(), seconds=seconds)
    out = io.StringIO()
    console = PlainConsole(is_plain=True, file=out, width=200)

    async def trade() -> int:
        return await paper.trade(request, "demo", 0, console, stop=Stop())

    code = asyncio.run(trade())
    return code, out.getvalue(), Story.of(folder_of(tmp_path, "paper", "DU1234567").journal)


def test_a_fault_of_the_program_halts_and_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(Trader, "consider", broken)
    code, out, story = on_paper(tmp_path, 3.0)
    assert code == HALTED
    assert "HALTED" in out
    assert out.splitlines()[-1].startswith("trading is halted: exception: ZeroDivisionError")
    assert "ZeroDivisionError" in story.halted
    assert story.orders == {}


def test_a_task_that_dies_halts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: DemoSource) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(DemoSource, "step", broken)
    code, _, story = on_paper(tmp_path, 2.0)
    assert code == HALTED
    assert "KeyError" in story.halted


def test_a_journal_that_cannot_be_written_ends_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise InputOutputError("journal: No space left on device")

    cancelled = []
    monkeypatch.setattr(Trader, "consider", full)
    monkeypatch.setattr(PaperBroker, "cancel_all", lambda _: cancelled.append(1))
    with pytest.raises(InputOutputError, match="orders were cancelled"):
        on_paper(tmp_path, 30.0)
    assert cancelled
    assert read_latch(folder_of(tmp_path, "paper", "DU1234567")) is not None


def test_a_kill_stops_trading_though_its_latch_cannot_be_written(tmp_path: Path) -> None:
    stopped: list[str] = []
    engine = object.__new__(ArbitrageEngine)
    engine.folder = folder_of(tmp_path, "paper", "DU1234567").make()
    engine.folder.latch.mkdir()  # nothing can be read from it, nor put in its place
    engine._clock = TwoClocks()
    engine.trader = SimpleNamespace(kill=stopped.append)  # type: ignore[assignment]
    with pytest.raises(InputOutputError):
        engine.kill("fire")
    assert stopped == ["fire"]


def test_what_a_broker_says_to_a_process_that_was_stopped_comes_after_the_kill(
    tmp_path: Path,
) -> None:
    told: list[object] = []
    clock = TwoClocks()
    engine = object.__new__(ArbitrageEngine)
    engine.folder = folder_of(tmp_path, "paper", "DU1234567").make()
    engine.source = SimpleNamespace(doubt=lambda: told.append("doubt"))  # type: ignore[assignment]
    engine.trader = SimpleNamespace(kill=told.append, on_event=told.append)  # type: ignore[assignment]
    engine._vigil, engine._is_ready, engine._is_latched = Vigil(clock), True, False
    engine.is_over, engine.last = False, ""
    ended = Ended("parity-6-0.1", 0, "Cancelled")
    engine.on_event(ended)
    assert told == [ended]
    set_latch(engine.folder, "fire", "a test")
    clock.pass_by(5.0, 5.0)
    engine.on_event(ended)
    assert told[1:3] == ["doubt", "fire"]
    assert told[-1] is ended


def test_a_latch_that_appears_while_it_runs_halts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path, "paper", "DU1234567")
    step = DemoSource.step

    def latched(source: DemoSource) -> None:
        if folder.engine.exists():
            set_latch(folder, "by a file alone", "a test")
        step(source)

    monkeypatch.setattr(DemoSource, "step", latched)
    _, out, story = on_paper(tmp_path, 2.0)
    assert "HALTED" in out
    assert story.halted == "by a file alone"


def test_without_arm_paper_sends_nothing(tmp_path: Path) -> None:
    _, out, story = on_paper(tmp_path, 3.0, is_armed=False)
    assert story.orders == {}
    assert "refused=not-armed" in out


def test_paper_says_what_margin_it_takes(tmp_path: Path) -> None:
    limits = Limits(needs_what_if=True)
    _, out, story = on_paper(tmp_path, 6.0, limits=limits)
    assert "sent" in out
    assert any(one.phase == "COMPLETE" for one in story.packages.values())
    little = Limits(needs_what_if=True, min_cushion_usd=999_999_999.0)
    _, out, story = on_paper(tmp_path / "little", 3.0, limits=little)
    assert "margin" in out
    assert story.orders == {}


def test_the_collector_rests_only_while_nothing_is_open() -> None:
    collector = Collector()
    collector.begin()
    try:
        is_pypy = sys.implementation.name == "pypy"
        assert gc.isenabled() != is_pypy
        collector.rest(is_open=True)
        assert collector.n_steps == 0
        collector.rest(is_open=False)
        assert collector.n_steps == 0  # the heap has not grown since
        collector.growth, collector._due = 0, 0
        collector.rest(is_open=False)
        assert collector.n_steps == (1 if is_pypy else 0)
        for _ in range(10_000 if is_pypy else 0):
            collector.rest(is_open=False)
            if collector._due:
                break  # to its end: and from then on the next one is due
        collector.growth = collector._due = 1 << 60
        before = collector.n_steps
        collector.rest(is_open=False)
        assert collector.n_steps == before
        collector.ceiling = 1
        collector.rest(is_open=True)
        assert collector.n_forced == (1 if is_pypy else 0)
    finally:
        collector.end()
    assert gc.isenabled()


# screens

NOW = 1_772_636_424 * NS_PER_SECOND
PACKAGE = shown.PackageLine(
    "2k", "ZETF", "box", "+C 95 -C 110 +P 110 -P 95 2026-04-17", "WORKING", 2, 5, 14.79, 14.77,
    56.39, math.nan, 1.0, True,
)  # fmt: skip
SCREEN = shown.Screen(
    NOW, "sim", "127.0.0.1:33427 (our own)", "DU1234567", True, "READY", "", 19.0,
    links=(shown.Link("market", "ready", shown.GOOD, "91/100 lines, 14 ms"),
           shown.Link("orders", "ready", shown.GOOD, "1 ms")),
    quotes=(shown.Quotes("ZETF", 106.17, 106.19, 90, 90, 0.001, 89.0, 14),),
    sightings=(
        shown.Sighting(NOW, "ZETF", "box", "+C 95 -C 110", 0.1128, 56.39, 5, "sent", True),
        shown.Sighting(NOW, "ZETF", "box", "+C 95 -C 110", math.nan, math.nan, 0, "size, edge"),
    ),
    packages=(
        PACKAGE,
        replace(PACKAGE, id="26", phase="COMPLETE", filled=5, locked_usd=55.0, is_open=False),
        replace(PACKAGE, id="1", phase="HALTED", is_open=False, is_bad=True),
    ),
    profit=shown.Profit(3, 1, 56.39, 55.0, 1.39, -0.001, 7.0),
    gauges=(shown.Gauge("working", 1, 2), shown.Gauge("notional", 44_300.0, 2e6, " $"),
            shown.Gauge("day loss", 490.0, 500.0, " $")),
    timings=(shown.Timing("read to order", 379.0, 27_100.0, 7),
             shown.Timing("order to fill", math.nan, math.nan, 0)),
    n_sightings=7, last="reconciled",
)  # fmt: skip


def drawn(screen: shown.Screen, width: int, height: int) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), record=True)
    console.print(live_table(screen, width, height))
    return console.export_text().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 40), (120, 24), (60, 24)])
def test_a_screen_fits_and_says_what_matters(width: int, height: int) -> None:
    lines = drawn(SCREEN, width, height)
    assert max(map(len, lines)) <= width
    if width >= 80:
        assert len(lines) <= height
    text = "\n".join(lines)
    for words in ("READY", "armed", "DU1234567", "ZETF", "2/5", "working", "= locked in", "+55.00",
                  "44.3k/2M $", "parity kill"):  # fmt: skip
        assert words in text
    assert ("+C 95 -C 110 +P 110 -P 95" in text) == (width >= 120)
    assert "-0.00" not in text
    assert "nan" not in text


def test_many_symbols_packages_and_nothing_at_all_fit_too() -> None:
    many = replace(
        SCREEN, packages=SCREEN.packages * 30, sightings=SCREEN.sightings * 30,
        quotes=SCREEN.quotes * 3,
    )  # fmt: skip
    for width in (80, 160):
        assert len(drawn(many, width, 30)) <= 30
    bare = shown.Screen(NOW, "ib", "h:1", "DU1", False, "READ-ONLY", "not armed", 0.0)
    text = "\n".join(drawn(bare, 80, 24))
    assert "none yet" in text
    assert "not armed" in text


def test_the_command_that_stops_it_is_one_that_finds_it(tmp_path: Path) -> None:
    _, out, _ = on_paper(tmp_path / "a b", 0.5)
    command = f"parity kill --journal '{tmp_path}/a b'"
    assert command in out.splitlines()[0]
    text = "\n".join(drawn(replace(SCREEN, kill=command), 160, 30))
    assert f"{command}  stops trading now" in text


def test_a_halt_is_at_the_top() -> None:
    lines = drawn(replace(SCREEN, mode="HALTED", why="too\x1b[31m hot"), 80, 24)
    assert "HALTED" in lines[0]
    assert "too\\x1b[31m hot" in lines[1]


def test_lines_for_logs_are_plain_and_whole() -> None:
    assert package_line(PACKAGE) == (
        "package 2k ZETF box WORKING lots=2/5 limit=14.79 paid=14.77 edge=56.39 locked=-"
    )
    assert "refused=size, edge" in sighting_line(SCREEN.sightings[1])
    assert "edge=- usd=-" in sighting_line(SCREEN.sightings[1])
    assert state_line(SCREEN).startswith("state mode=READY market=ready orders=ready found=7")
    assert "fees above expected 0.00" in summary_line(SCREEN)


def test_a_recorded_session_is_traded_on_paper(tmp_path: Path) -> None:
    path = tmp_path / "demo.session"
    market = DemoMarket(0, ["ZETF"], compact=True, rates=Rates(plant_every=0.5, plant_life=(9, 9)))
    with SessionWriter(path) as writer:
        for k in range(6):
            market.run_until(AS_OF_NS + k * NS_PER_SECOND // 2)
            loaded = Loaded(market.chain("ZETF"), market.carry("ZETF"))
            writer.add(message_of(loaded, market.now_ns))
    chosen = LiveSettings(broker="paper", journal=tmp_path)
    request = LiveRequest(chosen, ("ZETF",), ScanSettings(), CarryOverrides(), seconds=4.0)
    out = io.StringIO()
    console = PlainConsole(is_plain=True, file=out, width=200)

    async def trade() -> int:
        return await paper.trade(request, f"session:{path}", 0, console, stop=Stop())

    assert asyncio.run(trade()) == 0
    said = out.getvalue()
    assert str(path) in said
    story = Story.of(folder_of(tmp_path, "paper", "DU1234567").journal)
    assert story.n_found > 0
    assert story.halted == ""
