"""The verb `backtest`: its table, its forms for machines, and one line for all that goes wrong."""

from __future__ import annotations

import csv
import io
import json
import math
from itertools import pairwise
from pathlib import Path

import pytest

from engine.backtesting.parameters import build
from engine.backtesting.run import run as run_one
from engine.backtesting.terms import Terms
from engine.cli import backtest, backtest_arguments
from engine.cli.main import main
from engine.performance.figures import figures
from engine.trading.loading import load_strategy
from engine.trading.sources import open_bars
from engine.trading.trial import only

Capture = pytest.CaptureFixture[str]
MINE = """\
from engine import Strategy, whole


class Mine(Strategy):
    every = whole(24, 2, 100)

    def start(self):
        self.seen = 0

    def on_bar(self, bar):
        self.seen += 1
        if self.seen % self.every == 0:
            return 0.0 if self.position() else 1.0


class Other(Mine):
    every = 5
"""
LIMITS = """\
from engine import Strategy


class Bracket(Strategy):
    def on_bar(self, bar):
        if not self.position():
            self.buy(10.0, sl=bar.close * 0.9995, tp=bar.close * 1.0005)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(MINE)
    Path("limits.py").write_text(LIMITS)


def told(capsys: Capture, *words: str) -> tuple[int, str, str]:
    code = main(["backtest", *words])
    out, err = capsys.readouterr()
    return code, out, err


def machine(capsys: Capture, *words: str) -> dict[str, object]:
    code, out, _ = told(capsys, "--json", *words)
    assert code == 0
    found: dict[str, object] = json.loads(out)
    return found


def test_without_a_word_every_strategy_meets_the_demo_market(capsys: Capture) -> None:
    code, out, err = told(capsys)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "demo: AURA, BOLT, CRAG, DUNE, EMBR"
    assert lines[1] == "720 bars of 1h, 2026-06-01 01:00 to 2026-07-01 00:00 UTC"
    names = [line.split()[0] for line in lines[6:11]]
    assert names == ["momentum", "mean_reversion", "breakout", "ma_crossover", "volatility"]
    assert "√8,760 a year" in out
    assert "no luck of 25 tests tried" in out
    assert err.startswith("parity: 25 tests in ")
    assert "\x1b" not in out


def test_a_wider_terminal_shows_more(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    heads = []
    for width in (80, 100, 120, 160, 200):
        monkeypatch.setattr("engine.cli.width.PIPE_WIDTH", width)
        _, out, _ = told(capsys, "--quick", "--sets", "2")
        assert max(map(len, out.splitlines())) <= width
        heads.append(out.splitlines()[4].split())
    least = ["strategy", "symbols", "return", "Sharpe", "max", "DD", "trades", "win"]
    assert [name for name in heads[0] if name in least] == least
    assert all(set(few) <= set(many) for few, many in pairwise(heads))
    assert {"tests", "exposure", "fees", "DSR", "CAGR", "vol", "Sortino"} <= set(heads[3])


@pytest.mark.parametrize(("days", "is_shown"), [(10, False), (11, True)])
def test_a_ratio_of_few_bars_is_none(capsys: Capture, days: int, is_shown: bool) -> None:
    few = ["momentum", "--symbols", "CRAG", "--bars", "1d", "--lag", "2", "--days", str(days)]
    _, out, _ = told(capsys, *few)
    row = out.splitlines()[6].split()
    assert (row[3] != "-") == is_shown
    assert ("no ratios of fewer than 10 bars" in out) != is_shown
    found = machine(capsys, *few)
    (of_table,), (test,) = found["rows"], found["tests"]  # type: ignore[misc]
    assert (of_table["sharpe"] is not None) == (of_table["sortino"] is not None) == is_shown
    assert (of_table["deflated_sharpe"] is not None) == is_shown
    assert of_table["n_returns"] == test["figures"]["n_returns"] == days - 1
    assert test["figures"]["sharpe"] is not None  # whoever reads JSON may judge it


def test_figures_are_those_of_the_run_itself(capsys: Capture) -> None:
    costs = ["--fees", "1/order", "--slippage", "0.01", "--cash", "5000"]
    chosen = ["mine.py:Mine", "--symbols", "bolt", "--set", "every=10"]
    found = machine(capsys, *chosen, *costs, "--trades")
    (test,) = found["tests"]  # type: ignore[misc]
    data = only(open_bars("demo"), ("BOLT",))
    made = build(load_strategy("mine.py:Mine"), {"every": 10})
    result = run_one(made, data, Terms(cash=5000.0, fee_order=1.0, slippage_price=0.01))
    expected = figures(result, 8760.0)
    shown = test["figures"]
    assert shown["total_return"] == expected.total_return
    assert shown["sharpe"] == expected.sharpe
    assert shown["max_drawdown"] == expected.max_drawdown
    assert shown["trades"]["n"] == len(result.trades) > 10
    assert shown["fees"] == result.fees == len(result.fills) * 1.0
    assert test["parameters"] == {"every": 10}
    assert test["equity"]["equity"] == list(result.equity)
    assert [one["gain"] for one in test["trades"]] == [one.gain for one in result.trades]
    assert found["convention"] == {"bars_per_year": 8760.0, "rate": 0.0, "deviation": "sample"}


def test_the_rows_are_made_of_the_tests(capsys: Capture) -> None:
    found = machine(capsys, "momentum", "breakout", "--sets", "3", "--symbols", "AURA,DUNE")
    tests, rows = found["tests"], found["rows"]
    assert (found["n_tests"], len(rows)) == (12, 2)  # type: ignore[arg-type]
    for row in rows:  # type: ignore[attr-defined]
        mine = [one for one in tests if one["strategy"] == row["strategy"]]  # type: ignore[attr-defined]
        one_figures = [one["figures"] for one in mine]
        assert row["n_tests"] == len(mine) == 6
        mean = math.fsum(one["total_return"] for one in one_figures) / 6
        assert row["low_return"] == pytest.approx(mean, rel=1e-14)
        assert row["max_drawdown"] == max(one["max_drawdown"] for one in one_figures)
        assert row["n_trades"] == sum(one["trades"]["n"] for one in one_figures)
        wins = sum(one["trades"]["n_wins"] for one in one_figures)
        assert row["win_rate"] == pytest.approx(wins / row["n_trades"])
        assert row["fees"] == pytest.approx(math.fsum(one["fees"] for one in one_figures))
        best = max(mine, key=lambda one: one["figures"]["sharpe"])
        assert row["deflated_sharpe"] == best["deflated_sharpe"]
    by_symbol = machine(
        capsys, "momentum", "--sets", "3", "--symbols", "AURA,DUNE", "--by", "symbol"
    )
    assert [row["symbols"] for row in by_symbol["rows"]] == [["AURA"], ["DUNE"]]  # type: ignore[attr-defined]


def test_parameters_are_flags(capsys: Capture) -> None:
    chosen = ("ma_crossover", "--symbols", "AURA")
    expected = machine(capsys, *chosen, "--set", "fast=5", "--set", "slow=20")
    for words in (("--fast", "5", "--slow", "20"), ("--fast=5", "--slow=20")):
        assert machine(capsys, *chosen, *words)["tests"] == expected["tests"]
    both = machine(
        capsys, "--strategies", "momentum,ma_crossover", "--lag", "5,10", "--symbols=AURA"
    )
    assert len(both["tests"]) == 3  # type: ignore[arg-type]
    for words, text in (
        (("ma_crossover", "--fast"), "--fast is a parameter: give it a value"),
        (("momentum", "--fast", "5"), "unknown option --fast"),
        (("ma_crossover", "--fast", "900"), "fast must be a whole number from"),
    ):
        code, _, err = told(capsys, *words)
        assert code == 2
        assert text in err


def test_names_may_have_commas_between(capsys: Capture) -> None:
    found = machine(capsys, "momentum,breakout", "volatility", "--symbols", "AURA")
    assert [row["strategy"] for row in found["rows"]] == ["momentum", "breakout", "volatility"]  # type: ignore[attr-defined]


def test_quick_takes_the_bars_of_a_file_as_they_are(capsys: Capture) -> None:
    rows = "".join(f"2024-{k // 28 + 1:02}-{k % 28 + 1:02},9,11,8,{9 + k % 3}\n" for k in range(90))
    Path("x.csv").write_text(f"Date,Open,High,Low,Close\n{rows}")
    found = machine(capsys, "momentum", "--quick", "--source", "csv:x.csv")
    bars = found["bars"]
    assert bars["interval"] == "1d"  # type: ignore[index]
    assert (bars["symbols"][0]["bars"], found["n_tests"]) == (90, 5)  # type: ignore[index]


def test_processes_change_nothing(capsys: Capture) -> None:
    def bare(*words: str) -> dict[str, object]:
        found = machine(capsys, "--quick", "--symbols", "AURA,CRAG", "--trades", *words)
        del found["timing"]
        return found

    assert bare() == bare("--jobs", "3")


def test_an_account_may_hold_all_symbols_together(capsys: Capture) -> None:
    found = machine(capsys, "momentum", "--together", "--symbols", "DUNE,AURA")
    (test,) = found["tests"]  # type: ignore[misc]
    assert test["symbols"] == ["DUNE", "AURA"]


def test_what_bars_leave_open_is_an_interval(capsys: Capture) -> None:
    _, out, _ = told(capsys, "limits.py", "--symbols", "EMBR")
    (row,) = [line for line in out.splitlines() if line.startswith("Bracket")]
    assert " … " in row
    assert "could be either, by the bar" in out
    found = machine(capsys, "limits.py", "--symbols", "EMBR")
    (one,) = found["rows"]  # type: ignore[misc]
    assert one["low_return"] < one["high_return"]
    assert 0 < one["n_ambiguous"] <= one["n_trades"]


def test_what_a_strategy_prints_is_no_result(capsys: Capture) -> None:
    Path("loud.py").write_text(
        "from engine import Strategy\n\nprint('loaded')\n\n\nclass Loud(Strategy):\n"
        "    def start(self):\n        print('started')\n"
    )
    code, out, err = told(capsys, "loud.py", "--symbols", "AURA", "--json")
    assert (code, json.loads(out)["n_tests"]) == (0, 1)
    assert "loaded\nstarted\n" in err


def test_csv_has_a_line_per_test(capsys: Capture) -> None:
    code, out, _ = told(capsys, "momentum", "--sets", "2", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, len(rows)) == (0, 10)
    assert rows[1]["parameters"] == "lag=12 threshold=0.005 short=-1.0"
    assert float(rows[0]["max_drawdown"]) > 0.0


def test_sets_go_around_what_is_given() -> None:
    kind = load_strategy("ma_crossover")
    around = backtest_arguments.around(kind, {"slow": 50}, 4)
    assert [one["fast"] for one in around] == [10, 5, 20, 8]
    assert {one["slow"] for one in around} == {50}
    assert all("short" not in one for one in around)
    # A range that leaves no room has fewer of them.
    assert len(backtest_arguments.around(kind, {"slow": 50, "fast": 3}, 4)) == 1


def test_several_values_are_several_tests(capsys: Capture) -> None:
    found = machine(capsys, "ma_crossover", "momentum", "--set", "fast=5,10", "--set",
                    "ma_crossover.slow=20,40", "--symbols", "AURA")  # fmt: skip
    chosen = [
        (one["parameters"]["fast"], one["parameters"]["slow"])
        for one in found["tests"]  # type: ignore[attr-defined]
        if one["strategy"] == "ma_crossover"
    ]
    assert chosen == [(5, 20), (5, 40), (10, 20), (10, 40)]
    assert found["n_tests"] == 5


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["momentun"], 2, "no strategy 'momentun': did you mean momentum?"),
        (["no.py:X"], 66, "no.py: no such file"),
        (["mine.py:Min"], 2, "has no class Min: did you mean Mine?"),
        (["mine.py"], 2, "mine.py has 2 strategies"),
        (["momentum", "--set", "lag=x"], 2, "momentum: lag must be a whole number from 2 to 240"),
        (["momentum", "--set", "lag=5000"], 2, "lag must be a whole number from 2 to 240"),
        (["momentum", "--set", "leg=5"], 2, "no strategy has a parameter leg: did you mean 'lag'?"),
        (["momentum", "--set", "lag"], 2, "expected NAME=VALUE"),
        (["momentum", "--set", "momentun.lag=5"], 2, "no strategy momentun is run"),
        (["--symbols", "AURA,,"], 2, "expected names with commas"),
        (["--symbols", "XXXX"], 2, "no symbol XXXX in the demo market"),
        (["--bars", "1y"], 2, "expected a length such as 1m, 5m, 1h"),
        (["--days", "0"], 2, "expected a number of days"),
        (["--source", "csv:no.csv"], 66, "no.csv: no such file"),
        (["--source", "lean:no"], 66, "no: no such folder"),
        (["--source", "yahoo"], 2, "no source 'yahoo'"),
        (["--source", "store"], 66, ""),
        (["--store", "sqlite:x"], 2, "--store is the address of --source store"),
        (["--cash", "-1"], 2, "expected a number above 0"),
        (["--fees", "1"], 2, "--fees 1: expected 0.05%"),
        (["--fees", "0.1%+x"], 2, "expected 0.05%"),
        (["--slippage", "99%"], 2, "--slippage 99%"),
        (["--participation", "200%"], 2, "expected a share such as 10%"),
        (["--jobs", "0"], 2, "expected a number of processes"),
        (["--sets", "11"], 2, "expected a number from 1 to 10"),
        (["--trades"], 2, "--trades is for --json"),
        (["--json", "--csv"], 2, "not allowed with argument"),
        (["--bars", "30d"], 65, "2 bars of AURA: at least 3"),
        (["--quik"], 2, "unknown option --quik: did you mean --quick?"),
        (["--by", "x"], 2, "invalid choice"),
        (["raises.py"], 65, "raises.py:6: ZeroDivisionError: "),
        (["starts.py"], 65, "starts.py:6: ValueError: no ☂"),
        (["makes.py"], 65, "makes.py:6: TypeError: no such luck"),
        (["needs.py"], 65, "Bad: "),
        (["returns.py"], 65, "is on_bar given a number to return?"),
        (["leaves.py"], 65, "leaves.py:6: SystemExit: 4"),
        (["orders.py"], 2, "orders.py:6: an order of nan units of AURA: it must"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(Path.cwd()))
    monkeypatch.delenv("ENGINE_STORE", raising=False)
    head = "from engine import Strategy\n\n\nclass Bad(Strategy):\n"
    Path("raises.py").write_text(f"{head}    def on_bar(self, bar):\n        return 1 / 0\n")
    Path("starts.py").write_text(f"{head}    def start(self):\n        raise ValueError('no ☂')\n")
    Path("makes.py").write_text(
        f"{head}    def __init__(self):\n        raise TypeError('no such luck')\n"
    )
    Path("needs.py").write_text(f"{head}    def __init__(self, more):\n        self.more = more\n")
    Path("leaves.py").write_text(f"{head}    def on_bar(self, bar):\n        raise SystemExit(4)\n")
    Path("orders.py").write_text(
        f"{head}    def on_bar(self, bar):\n        self.buy(float('nan'))\n"
    )
    Path("returns.py").write_text(f"{head}    def on_bar(self, bar):\n        return 'long'\n")
    found, out, err = told(capsys, *words)
    assert (found, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1
    assert err.startswith("parity: ")
    assert "bug" not in err


def test_other_jobs_are_named_in_the_help(capsys: Capture) -> None:
    assert main(["backtest", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in backtest.JOBS)


@pytest.mark.parametrize(
    ("words", "job"),
    [
        (["check", "x.py"], "check"),
        (["options"], "options"),
        (["speed-test"], "speed-test"),
        (["--days", "3", "--search", "grid"], "--search"),
        (["--search=tpe"], "--search"),
        (["momentum", "check"], ""),
        ([], ""),
    ],
)
def test_the_job_is_the_first_word_or_a_search_anywhere(words: list[str], job: str) -> None:
    assert backtest.job_of(words) == job


def test_notes_of_bars_and_runs_go_to_stderr(capsys: Capture) -> None:
    rows = "".join(f"2024-01-{day:02}T00:00:00Z,10,11,9,{9 + day % 3}\n" for day in range(1, 29))
    Path("x.csv").write_text(f"time,open,high,low,close\n{rows}2024-01-29T00:00:00Z,x,1,1,1\n")
    code, out, err = told(capsys, "momentum", "--set", "lag=2", "--source", "csv:x.csv")
    assert code == 0
    assert "parity: 1 row that are no bars: x.csv:30: open nan is no price" in err
    assert "no price" not in out


@pytest.mark.parametrize("job", backtest.JOBS)
def test_every_job_has_help_of_its_own(capsys: Capture, job: str) -> None:
    assert main(["backtest", job, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: parity backtest{'' if job.startswith('--') else ' ' + job}")
    assert backtest.JOBS[job][1] in " ".join(out.split())


def test_what_would_steer_a_terminal_is_spelled_out(capsys: Capture) -> None:
    rows = "".join(f"\x1b[31mX,2024-01-{day:02},9,11,8,{9 + day % 3}\n" for day in range(1, 29))
    Path("x.csv").write_text(f"Ticker,Date,Open,High,Low,Close\n{rows}\x1b[2J,x,1,1,1,1\n")
    code, out, err = told(capsys, "momentum", "--source", "csv:x.csv")
    assert code == 0
    assert "\x1b" not in out + err
    assert out.count("\\x1b[31MX") == 2
    code, out, _ = told(capsys, "momentum", "--source", "csv:x.csv", "--csv")
    assert "\x1b" not in out


def test_a_word_that_is_nearly_a_job_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "chek", "mine.py:Cross"]) == 2
    assert "no strategy 'chek': did you mean parity backtest check?" in capsys.readouterr().err


def test_a_zone_that_is_none_and_no_trials_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "ma_crossover", "--zone", "Nope"]) == 2
    assert "no time zone 'Nope'" in capsys.readouterr().err
    assert main(["backtest", "ma_crossover", "--search", "random", "--trials", "0"]) == 2
    assert "above 0, got '0'" in capsys.readouterr().err
