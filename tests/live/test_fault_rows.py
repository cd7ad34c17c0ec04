"""Faults of docs/RELIABILITY.md that have no test elsewhere, and the page itself."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")

from broker_scene import IbScene, agrees, play
from client_time import keep_clock_out
from served_gateway import serving

from engine.execution.broker import Evidence, LinkDown, LinkUp
from engine.gateway.faults import Rule
from engine.ib.connection import Link, LinkSettings
from engine.ib.states import State
from engine.live.loop import Stop, drain

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "RELIABILITY.md"
ROWS = 35


def test_a_gateway_that_is_gone_for_ten_minutes_is_reconciled_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The nightly reset: orders and fills of before are known again, and trading goes on."""
    keep_clock_out(monkeypatch)

    async def story(scene: IbScene) -> None:
        resting = scene.order(scene.box(), off=-1.0)
        filled = scene.order(scene.conversion())
        assert scene.broker.place(resting)
        assert scene.broker.place(filled)
        await scene.wait(2.0)
        before = len(scene.of(Evidence))
        scene.world.act("restart", seconds=600.0, count=5)
        await scene.wait(1.0)
        assert not scene.broker.is_ready()
        assert not scene.broker.place(scene.order(scene.box()))
        await scene.wait(590.0)
        assert not scene.broker.is_ready()
        await scene.ready(120.0)
        ups = [event for event in scene.events if isinstance(event, (LinkUp, LinkDown))]
        assert isinstance(ups[-1], LinkUp)
        evidence = await scene.evidence()
        assert len(scene.of(Evidence)) > before
        assert {seen.ref for seen in evidence.orders if seen.is_live} == set(scene.live())
        assert scene.live() == [resting.ref]
        agrees(scene, evidence)
        assert scene.broker.place(scene.order(scene.box()))

    scene = play("ib", story, rules=(Rule("partial", nth=99),))
    assert isinstance(scene, IbScene)


def test_connections_that_come_and_go_leave_no_descriptor() -> None:
    def count() -> int:
        gc.collect()
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    async def once(port: int) -> None:
        link = Link(LinkSettings(port=port, client_id=7, timeout_s=20.0))
        link.start()
        assert await link.wait_until(State.READY, timeout_s=60.0)
        await link.stop()
        await asyncio.sleep(0.02)

    with serving() as served:
        asyncio.run(once(served.port))
        before = count()
        for _ in range(12):
            asyncio.run(once(served.port))
        until = time.monotonic() + 5.0
        while count() > before and time.monotonic() < until:
            time.sleep(0.05)
        assert count() <= before


@pytest.mark.parametrize("is_twice", [False, True])
def test_a_second_signal_does_not_wait_for_what_never_ends(is_twice: bool) -> None:
    calls: list[str] = []
    trader = SimpleNamespace(drain=calls.append, stop=calls.append, is_quiet=False)
    engine: Any = SimpleNamespace(trader=trader, fatal=None, on_tick=lambda **_: None)

    async def go() -> tuple[bool, float]:
        stop = Stop()
        stop.caught(signal.SIGTERM)
        if is_twice:
            stop.caught(signal.SIGTERM)
        else:
            asyncio.get_running_loop().call_later(0.3, setattr, trader, "is_quiet", True)
        begun = time.monotonic()
        return await drain(stop, engine, "cancel", lambda: None), time.monotonic() - begun

    is_clean, seconds = asyncio.run(go())
    assert is_clean is not is_twice
    assert seconds < (0.25 if is_twice else 5.0)
    assert calls == ["cancel", "cancel"]


def test_a_drain_without_more_time_cancels_what_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.live.loop.DRAIN_SECONDS", 0.1)
    monkeypatch.setattr("engine.live.loop.LAST_SECONDS", 0.1)
    calls: list[str] = []
    trader = SimpleNamespace(
        drain=calls.append, stop=calls.append, is_quiet=False,
        cancel_working=lambda: calls.append("cancel what works"),
    )  # fmt: skip
    engine: Any = SimpleNamespace(trader=trader, fatal=None, on_tick=lambda **_: None)
    assert not asyncio.run(drain(Stop(), engine, "cancel", lambda: None))
    assert calls == ["cancel", "cancel what works", "cancel"]


# the page


def _rows() -> dict[int, str]:
    found: dict[int, str] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        match = re.match(r"\| (\d+) \|", line)
        if match:
            assert int(match[1]) not in found, line
            found[int(match[1])] = line
    return found


def test_every_row_of_the_catalogue_is_on_the_page() -> None:
    assert sorted(_rows()) == list(range(1, ROWS + 1))


def test_every_row_names_a_test_or_says_that_there_is_none() -> None:
    for number, line in _rows().items():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        assert len(cells) == 4, f"row {number}: {len(cells)} cells"
        assert "::" in cells[3] or cells[3].startswith("not tested"), f"row {number}"


def test_every_test_that_the_page_names_is_there() -> None:
    named = re.findall(r"`([a-z0-9_/]+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > ROWS
    for file, name in named:
        path = ROOT / "tests" / file
        assert path.exists(), file
        source = path.read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", source, re.MULTILINE), f"{file}::{name}"
