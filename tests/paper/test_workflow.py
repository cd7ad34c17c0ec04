"""`parity workflow`: each gate can fail, the first that does ends it with its code."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.backtesting.data import Data
from engine.checking import surroundings
from engine.cli.main import main
from engine.cli.workflow_gates import last_days
from engine.paper.seats import BarSeat
from engine.session.recording import Message, SessionWriter
from engine.trading.sources import open_bars

DATA = ["--days", "20", "--symbols", "AURA", "--min-sharpe", "-99"]


@pytest.fixture(autouse=True)
def one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the check start one process: each takes a Python to start."""
    monkeypatch.setattr(surroundings, "PLACES", surroundings.PLACES[:1])


def gates(
    capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, list[tuple[str, str, str]], list[dict[str, Any]]]:
    code = main(["workflow", *words, "--json"])
    whole = json.loads(capsys.readouterr().out)
    assert whole["is_passed"] == (code == 0)
    found = [(one["step"], one["strategy"], one["status"]) for one in whole["gates"]]
    return code, found, whole["gates"]


def test_all_gates_can_be_passed(capsys: pytest.CaptureFixture[str]) -> None:
    code, found, whole = gates(capsys, "momentum", *DATA)
    assert code == 0
    assert found == [(step, "momentum", "passed") for step in ("quick", "days", "check", "paper")]
    assert "as the backtest" in whole[-1]["said"]
    assert main(["workflow", "momentum", *DATA, "--until", "quick"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "all gates passed"


@pytest.mark.parametrize(
    ("flags", "step", "said"),
    [
        (["--min-trades", "100000"], "quick", "fewer than 100,000"),
        (["--min-sharpe", "99"], "days", "a Sharpe ratio of"),
        (["--max-drawdown", "0.01%"], "days", "a drawdown of"),
    ],
)
def test_a_gate_of_figures_stops_there(
    capsys: pytest.CaptureFixture[str], flags: list[str], step: str, said: str
) -> None:
    code, found, whole = gates(capsys, "momentum", "breakout", *DATA, *flags)
    assert code == 1
    assert found[-1] == (step, "momentum", "FAILED")
    assert [one[2] for one in found[:-1]] == ["passed"] * (len(found) - 1)
    assert said in whole[-1]["details"][0]
    assert main(["workflow", "momentum", *DATA, *flags]) == 1
    assert capsys.readouterr().out.endswith(f"stopped at {step}: momentum\n")


def test_what_is_missing_is_told_before_the_first_gate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for flag in ("--session", "--may-read"):
        assert main(["workflow", "momentum", *DATA, flag, "nosuch"]) == 66
        said = capsys.readouterr()
        assert "nosuch" in said.err
        assert said.out == ""


def test_paper_without_an_order_tells_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from engine.backtesting.strategy import Strategy\n\n"
        "class Mine(Strategy):\n    def start(self):\n        self.n = 0\n"
        "    def on_bar(self, bar):\n        self.n += 1\n"
        "        return float(self.n % 40 < 20) if self.n > 60 else 0.0\n",
        encoding="utf-8",
    )
    code, found, whole = gates(capsys, str(file), *DATA, "--paper-days", "2")
    assert (code, found[-1]) == (1, ("paper", "Mine", "FAILED"))
    assert whole[-1]["details"] == ["no order in the last 2 days: --paper-days takes more"]


def test_a_strategy_with_a_bias_stops_at_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import time\nfrom engine.backtesting.strategy import Strategy\n\n"
        "class Mine(Strategy):\n    def start(self):\n        self.n, self.now = 0, time.time()\n"
        "    def on_bar(self, bar):\n        self.n += 1\n        return float(self.n % 4 < 2)\n",
        encoding="utf-8",
    )
    code, found, whole = gates(capsys, str(file), *DATA)
    assert (code, found[-1]) == (1, ("check", "Mine", "FAILED"))
    assert whole[-1]["details"] == ["source: uses what no run can repeat"]


def test_paper_that_parts_from_the_backtest_is_a_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def empty(self: BarSeat, instant: object) -> None:
        self._write(1, 1.0, 1.0, 0.0)

    monkeypatch.setattr(BarSeat, "instant", empty)
    values = ["--set", "lag=2", "--set", "threshold=0.0001"]
    code, found, whole = gates(capsys, "momentum", *DATA, *values)
    assert (code, found[-1]) == (70, ("paper", "momentum", "FAILED"))
    assert "part at fill 1 of" in whole[-1]["details"][0]


def test_paper_may_be_a_recorded_session(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "session"
    with SessionWriter(path) as writer:
        for second in range(1, 4_000, 5):
            price = 100.0 + (second // 300 % 2) * second / 1_000.0
            now = second * 10**9
            writer.add(Message(now, now, "quote", ["ANY", price - 0.01, price + 0.01, 1e6, 1e6]))
    values = ["--set", "lag=2", "--set", "threshold=0.0001"]
    code, _, whole = gates(capsys, "momentum", *DATA, *values, "--session", str(path))
    assert code == 0
    assert whole[-1]["said"].endswith(f"over {path}")
    assert not whole[-1]["said"].startswith("0 trades")


def test_what_cannot_be_run_ends_with_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["workflow", "nosuch", *DATA]) == 2
    assert main(["workflow", "momentum", "--source", "csv:none.csv"]) == 66
    assert main(["workflow", "momentum", "--until", "never"]) == 2
    assert main(["workflow", "momentum", "--min-sharpe", "nan"]) == 2
    assert capsys.readouterr().err.count("\n") == 4


def test_the_last_days_are_those_before_the_end() -> None:
    data: Data = open_bars("demo", ["AURA", "BOLT"], "1h", 20)
    cut = last_days(data, 3)
    assert {len(bars) for bars in cut.bars.values()} == {72}
    assert cut.bars["BOLT"].time_ns[-1] == data.bars["BOLT"].time_ns[-1]
    assert list(cut.bars["AURA"].close) == list(data.bars["AURA"].close[-72:])


def test_daily_bars_are_taken_for_longer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["Date,Open,High,Low,Close,Volume"]
    first = date(2022, 1, 3)
    for k in range(800):
        price = 100.0 + (k % 20 if k % 40 < 20 else 20 - k % 20)
        lines.append(f"{first + timedelta(k)},{price},{price},{price},{price},1000")
    (tmp_path / "up.csv").write_text("\n".join(lines) + "\n")
    code, _, whole = gates(
        capsys, "ma_crossover", "--source", f"csv:{tmp_path / 'up.csv'}", "--set", "fast=3",
        "--set", "slow=30", "--min-sharpe", "-99", "--max-drawdown", "100%",
    )  # fmt: skip
    assert code == 0
    # Thirty sessions would trade once; seventeen cycles of 40 days fit into 720 days.
    assert int(whole[0]["said"].split(", ")[1].split()[0].replace(",", "")) > 30
    assert int(whole[-1]["said"].split()[0]) > 1
