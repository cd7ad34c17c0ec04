"""`parity live` on uvloop, where the extra `fast` is installed: the same loop, another engine."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")
pytest.importorskip("uvloop", reason="uvloop is not installed: the extra `fast`")

from live_desk import market, request
from test_live_trading import live_orders

from engine.cli.screen import Screen
from engine.live import loop, trading
from engine.live.loop import Stop
from engine.live.story import Story

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython", reason="uvloop is CPython's alone"
)


def test_it_trades_on_uvloop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(trading, "WARM_ORDERS", 20)
    monkeypatch.setattr(trading, "REHEARSAL_SECONDS", 0.0)
    kinds: list[Any] = []

    with market() as served:
        asked = request(tmp_path, served.port)

        async def main() -> int:
            kinds.append(type(asyncio.get_running_loop()))
            stop = Stop()
            stop.listen()
            asyncio.get_running_loop().call_later(6.0, stop.event.set)
            with (tmp_path / "out").open("w", encoding="utf-8") as out:
                console = Screen(is_plain=True, file=out, width=200)
                code = await trading.trade(asked, console, stop=stop)
            stop.deaf()
            return code

        assert loop.run(main) == 0
        assert live_orders(served) == 0
    assert kinds == [sys.modules["uvloop"].Loop]
    story = Story.of(next(tmp_path.glob("sim-*/journal")))
    assert any(one.phase == "COMPLETE" for one in story.packages.values())
    assert story.halted == ""
