"""What a person sees of strategies at a broker: accounts and orders, and no word of arbitrages."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

pytest.importorskip("ib_async", reason="the live engine needs it (requirements-ib.txt)")

from live_desk import Desk, market
from test_strategies import MOVING, TOLD, Flip, asked, fills

from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar
from engine.paper.standings import Standing
from engine.report.live_lines import package_line, sighting_line, state_line, summary_line
from engine.report.live_screen import PackageLine, Screen, Sighting
from engine.report.live_table import live_table
from engine.scanner.scanner import Scanner

NS = 1_000_000_000
FLIP = Standing("Flip", "Flip", {"every": 3}, 9_970.12, -29.88, 1_077.4, {"ZETF": 84.0}, 1, 3, 1,
                0.0, 3.0, 0.003)  # fmt: skip
BIG = replace(FLIP, name="Big", gain=0.0, notes=("2 orders refused: not enough equity",))
ORDER = PackageLine("6", "ZETF", "Flip", "sell 84 ZETF", "COMPLETE", 84, 84, 105.75, 105.77,
                    0.0, 0.0, 4.0, False)  # fmt: skip
REFUSED = Sighting(0, "ZETF", "Flip", "buy 900 ZETF", 0.0, 0.0, 900, "quantity")
SCREEN = Screen(
    1_772_636_403 * NS, "sim", "127.0.0.1:4002", "DU1", True, "READY", "", 12.0,
    packages=(ORDER,), sightings=(REFUSED,), standings=(FLIP, BIG),
)  # fmt: skip


class Large(Strategy):
    """Wants more than its account has."""

    tries = 0

    def on_bar(self, bar: Bar) -> None:
        Large.tries += 1
        self.buy(1e6)


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_speaks_of_strategies(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, height=40, color_system=None)
    console.print(live_table(SCREEN, width, 40))
    file = console.file
    assert isinstance(file, io.StringIO)
    text = file.getvalue()
    for words in (
        "Flip", "9,970.12", "84 ZETF", "sell 84 ZETF", "105.77", "buy 900 ZETF", "quantity",
        "2 orders refused: not enough equity", "parity kill",
    ):  # fmt: skip
        assert words in text, words
    for words in ("edge", "locked", "slippage", "found", "packages", "-105"):
        assert words not in text, words
    assert max(len(line) for line in text.splitlines()) <= width


def test_lines_speak_of_strategies() -> None:
    assert package_line(ORDER, is_of_strategy=True) == (
        "order 6 Flip sell 84 ZETF COMPLETE lots=84/84 limit=105.75 paid=105.77"
    )
    said = sighting_line(REFUSED, is_of_strategy=True)
    assert said == "refused Flip buy 900 ZETF why=quantity"
    said = "Flip: equity=9970.12 gain=-29.88 cash=1077.40 holds=84ZETF fills=3 trades=1"
    assert said in state_line(SCREEN)
    assert summary_line(SCREEN) == "2 strategies, 6 fills: gain -29.88, fees 6.00 USD"


def test_strategies_search_no_quotes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(*_: object) -> None:
        raise AssertionError("searched")

    monkeypatch.setattr(Scanner, "find", find)
    with market(MOVING) as served:
        desk = Desk(asked(tmp_path, served.port, Flip))
        lines = desk.run(fills(2))
    assert desk.code == 0
    assert len(TOLD) >= 2
    assert any(" order " in line and " mine buy " in line for line in lines), lines


def test_what_is_refused_is_told_for_people_and_for_programs(tmp_path: Path) -> None:
    def run(folder: str, **changes: object) -> list[str]:
        with market(MOVING) as served:
            one = asked(tmp_path / folder, served.port, Large)
            desk = Desk(replace(one, **changes))  # type: ignore[arg-type]
            Large.tries = 0
            desk.run(lambda: Large.tries > 3)
            return desk.lines

    lines = run("plain")
    assert any("mine: " in line and "not enough equity" in line for line in lines), lines
    objects = [json.loads(line) for line in run("json", is_json=True) if line.startswith("{")]
    (account,) = [one for one in objects if one["event"] == "account"]
    assert account["account"] == "mine"
    assert "not enough equity" in " ".join(account["notes"])
    assert objects[-1]["event"] == "end"
