"""`parity paper --strategies` and `parity simulate`: the same accounts, whatever shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import main
from engine.session.recording import Message, SessionWriter
from engine.trading.sources import open_bars

BARS = ["--source", "bars:demo", "--days", "6", "--symbols", "AURA,BOLT"]
FREE = ["--fees", "0.05%", "--slippage", "0.02%"]


def simulated(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["simulate", *words, "--json", "--trades"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_simulation_over_bars_is_the_backtest(capsys: pytest.CaptureFixture[str]) -> None:
    made = simulated(capsys, "momentum", "breakout", *BARS)
    words = ["backtest", "momentum", "breakout", "--days", "6", "--symbols", "AURA,BOLT"]
    assert main([*words, "--together", "--json", "--trades"]) == 0
    expected = json.loads(capsys.readouterr().out)["tests"]
    assert [one["account"] for one in made["accounts"]] == [one["strategy"] for one in expected]
    for one, other in zip(made["accounts"], expected, strict=True):
        assert one["closed"] == other["trades"]
        assert one["trades"] == len(other["trades"]) > 0
        assert one["equity"] == other["equity"]["equity"][-1]


def record_bars(path: Path) -> None:
    """Record the demo's bars as an import would."""
    data = open_bars("demo", ["AURA", "BOLT"], "1h", 6)
    with SessionWriter(path) as writer:
        for symbol, bars in data.bars.items():
            for row in range(len(bars)):
                now = bars.time_ns[row]
                cells = [bars.open[row], bars.high[row], bars.low[row], bars.close[row]]
                writer.add(Message(now, now, "bar", [symbol, 3600, *cells, bars.volume[row]]))


def test_a_recorded_session_gives_the_same_as_its_bars(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "session"
    record_bars(path)
    recorded = simulated(capsys, "momentum", "--source", f"session:{path}", *FREE)
    direct = simulated(capsys, "momentum", *BARS, *FREE)
    # Days are of UTC in both: the demo market of bars never closes.
    assert recorded["accounts"] == direct["accounts"]
    assert recorded["fills"] == direct["fills"] == "next open"


def test_paper_and_simulation_are_one(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["momentum", "--set", "lag=3", "--set", "threshold=0.0005", "--symbols", "ZETF"]
    market = ["--for", "40m", "--seed", "4", "--latency", "200ms"]
    whole = simulated(capsys, *words, *market)
    assert whole["fills"] == "touch"
    code = main(
        ["paper", "--strategies", *words, *market, "--speed", "max", "--json", "--parallel"]
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    fills, (account,) = lines[:-1], lines[-1:]
    assert len(fills) == account["fills"] > 3
    assert {one["kind"] for one in fills} == {"fill"}
    for key in ("equity", "trades", "fees", "positions", "drawdown"):
        assert account[key] == whole["accounts"][0][key]
    late = simulated(capsys, *words, *market[:-1], "30s")["accounts"][0]
    assert late["closed"] != whole["accounts"][0]["closed"]


def test_more_accounts_have_other_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    made = simulated(capsys, "momentum", "volatility", *BARS, "--accounts", "7")["accounts"]
    assert [one["account"] for one in made] == ["momentum", "volatility"] * 3 + ["momentum"]
    for name in ("momentum", "volatility"):
        sets = [json.dumps(one["parameters"]) for one in made if one["account"] == name]
        assert len(set(sets)) == len(sets)
    alone = simulated(capsys, "momentum", *BARS)["accounts"]
    assert made[0] == alone[0]


def test_accounts_without_parameters_have_other_seeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "chance.py"
    file.write_text(
        "from engine.backtesting.strategy import Strategy\n\n"
        "class Chance(Strategy):\n"
        "    def on_bar(self, bar):\n"
        "        return float(self.rng.random() < 0.5) / 2.0\n",
        encoding="utf-8",
    )
    made = simulated(capsys, str(file), *BARS, "--accounts", "3")["accounts"]
    assert len({one["equity"] for one in made}) == 3


def test_a_table_and_lines_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--strategies", "momentum,breakout", *BARS]
    assert main(["paper", *words, "--plain"]) == 0
    out = capsys.readouterr().out
    assert main(["simulate", *words]) == 0
    table = capsys.readouterr().out
    assert out.endswith(table)
    assert "momentum" in table
    assert "return" in table
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["paper", "--strategies", "nosuch"], 2, "no strategy 'nosuch'"),
        (["paper", "--strategies", "momentum", "--symbols", "NONE"], 66, "nothing of NONE"),
        (["paper", "--strategies", "momentum", "--json", "--plain"], 2, "choose one"),
        (["paper", "--strategies", "momentum", "--source", "session:none"], 66, "none"),
        (["simulate", "momentum", "--source", "what"], 2, "what"),
        (["simulate", "momentum", "--trades"], 2, "--json"),
        (["simulate", "momentum", "breakout", *BARS, "--accounts", "1"], 2, "each needs one"),
        (["simulate", "momentum", *BARS, "--latency", "1s"], 2, "--latency is for quotes"),
        (["simulate", "momentum", "--accounts", "0"], 2, "1 to 10,000"),
    ],
)
def test_a_wrong_request_is_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert main(words) == code
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_strategy_that_fails_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from engine.backtesting.strategy import Strategy\n\n"
        "class Mine(Strategy):\n    def on_bar(self, bar):\n        return 1 / 0\n",
        encoding="utf-8",
    )
    assert main(["simulate", str(file), *BARS]) == 65
    said = f"{file}:5: ZeroDivisionError: division by zero (strategy Mine)"
    assert capsys.readouterr().err == f"parity: {said}\n"


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        (
            "start(self):\n        1 / 0",
            ":5: ZeroDivisionError: division by zero (strategy Mine)",
        ),
        (
            "on_bar(self, bar):\n        raise SystemExit(3)",
            ":5: SystemExit: 3 (strategy Mine)",
        ),
    ],
)
def test_a_strategy_that_fails_at_its_start_or_leaves_is_no_bug_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hook: str, said: str
) -> None:
    file = tmp_path / "mine.py"
    head = "from engine.backtesting.strategy import Strategy\n\nclass Mine(Strategy):\n    def "
    file.write_text(f"{head}{hook}\n", encoding="utf-8")
    assert main(["simulate", str(file), *BARS]) == 65
    error = capsys.readouterr().err
    assert error.endswith(f"{said}\n")
    assert error.count("\n") == 1


def test_the_pipeline_is_what_paper_runs_without_strategies(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["paper", "--help"]) == 0
    assert "--strategies A,B" in capsys.readouterr().out
    assert main(["paper", "--strategies", "A", "--help"]) == 0
    assert "displayed" in capsys.readouterr().out
