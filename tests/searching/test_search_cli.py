"""``parity backtest --search``: what it prints, its codes, the same bytes from both runtimes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.runtime.interpreters import CPYTHON, PYPY, find, this_kind
from tests.searching.markets import strategy_file

ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}
SMALL = ["backtest", "ma_crossover", "--search", "random", "--trials", "60", "--symbols", "AURA"]


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(words)
    told = capsys.readouterr()
    return code, told.out, told.err


def test_the_table_says_what_the_best_is_worth(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run([*SMALL, "--walk-forward", "10d/5d", "--top", "3"], capsys)
    assert code == 0
    assert re.search(r"^trial +fast +slow +short +return +Sharpe", out, re.M)
    assert "60 of 60 trials tried" in out
    luck = [one for one in out.splitlines() if one.startswith(("deflated", "SPA", "overfit"))]
    assert [len(one) <= 80 for one in luck] == [True] * 3
    for told in ("deflated Sharpe", "SPA p", "overfit", "mean Sharpe by fast", "out of sample:"):
        assert told in out
    assert "trials in" in err
    assert max(map(len, out.splitlines())) <= 100


def test_json_csv_and_table_tell_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = run([*SMALL, "--csv"], capsys)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["trial"] for row in rows] == [str(k) for k in range(60)]
    code, out, _ = run([*SMALL, "--json", "--all"], capsys)
    assert code == 0
    whole = json.loads(out)
    assert whole["searched"] == ["fast", "slow", "short"]
    assert (whole["n_tried"], whole["validity"]["n_tried"]) == (60, 60)
    for name in ("sharpe", "return", "drawdown"):
        told = whole["trials"]["scores"][name]
        assert told == [float(row[name]) if row[name] else None for row in rows]
    best = max((row for row in rows if row["sharpe"]), key=lambda row: float(row["sharpe"]))
    top = whole["top"][0]
    assert str(top["trial"]) == best["trial"]
    assert str(top["parameters"]["fast"]) == best["fast"]
    assert top["scores"]["sharpe"] == float(best["sharpe"])


def test_a_backtest_of_the_best_says_what_the_search_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out, _ = run([*SMALL, "--json"], capsys)
    top = json.loads(out)["top"][0]
    values = [f"--set={name}={value}" for name, value in top["parameters"].items()]
    _, out, _ = run(["backtest", "ma_crossover", "--symbols", "AURA", "--json", *values], capsys)
    (test,) = json.loads(out)["tests"]
    figures = test.get("figures", test)
    assert figures["sharpe"] == top["scores"]["sharpe"]
    assert figures["total_return"] == top["scores"]["return"]
    assert figures["max_drawdown"] == top["scores"]["drawdown"]


def test_both_runtimes_and_any_workers_print_the_same_bytes(tmp_path: Path) -> None:
    other = find(CPYTHON if this_kind() == PYPY else PYPY)
    pythons = [sys.executable, *([other.path] if other is not None else [])]
    name = strategy_file(tmp_path)
    words = [
        "backtest",
        name,
        "--search",
        "random",
        "--trials",
        "50",
        "--symbols",
        "AURA,BOLT",
        "--days",
        "8",
    ]
    seen = set()
    for python in pythons:
        for more in ([], ["--jobs", "2"]):
            done = subprocess.run(
                [python, "-m", "engine", *words, *more, "--csv"],
                capture_output=True, timeout=120, check=True, env=ENVIRONMENT,
            )  # fmt: skip
            seen.add(done.stdout)
            assert b" failed, the first: " in done.stderr
    (text,) = seen
    assert len(text.splitlines()) == 51


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--search", "gird"], 2, "--search gird: did you mean 'grid'"),
        (["--search", "random", "--metric", "sharp"], 2, "no metric 'sharp'"),
        (["--search", "random", "--trials", "9", "--set", "lag=3"], 2, "has a parameter lag"),
        (["--search", "random", "--only", "fats"], 2, "no parameter fats: did you mean 'fast'"),
        (["--search", "random", "--set", "fast=1,2"], 2, "2"),
        (["--search", "random", "--set", "fast=5,6"], 2, "--set holds a parameter at one value"),
        (["--search", "random", "--walk-forward", "6"], 2, "expected two lengths"),
        (["--search", "random", "--walk-forward", "1y/1m"], 2, "do not last for a search"),
        (["--search", "random", "--anchored"], 2, "--anchored is of --walk-forward"),
        (["--search", "random", "--all"], 2, "--all is for --json"),
        (["--search", "random", "--map", "fast"], 2, "--map takes two parameters"),
        (["--search", "random", "--cluster", "here"], 2, "expected local or tcp://"),
        (["--search", "random", "--study", "x"], 2, "--study is for"),
        (["--search", "tpe", "--trials", "5"], 69, "--search tpe needs Optuna: "),
        (["--search", "random", "--cluster", "local"], 69, "--cluster needs Dask: "),
    ],
)
def test_what_does_not_fit_is_one_line_and_a_code(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name in ("optuna", "dask", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)
    found, out, err = run(["backtest", "ma_crossover", *words], capsys)
    assert (found, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_search_is_of_one_strategy(capsys: pytest.CaptureFixture[str]) -> None:
    for names in ([], ["momentum", "breakout"]):
        code, _, err = run(["backtest", *names, "--search", "random"], capsys)
        assert code == 2
        assert "--search is of one strategy" in err


def test_the_page_loads_nothing_and_has_the_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "s.html"
    code, _, _ = run([*SMALL, "--walk-forward", "10d/5d", "--html", str(page)], capsys)
    assert code == 0
    text = page.read_text()
    assert not re.search(r"(src|href)=|url\(|@import", text)
    assert "Mean Sharpe by fast and slow" in text
    assert text.count("<rect") >= 144
    assert "out of sample" in text


def test_ctrl_c_shows_what_was_found(tmp_path: Path) -> None:
    path = tmp_path / "endless.py"  # a space that a fast machine does not come to the end of
    path.write_text(
        "from engine.backtesting.parameters import real\n"
        "from engine.backtesting.strategy import Strategy\n"
        "class Endless(Strategy):\n    part = real(0.5, 0.0, 1.0)\n"
        "    def on_bar(self, bar):\n        return self.part * (bar.close > bar.open)\n"
    )
    words = ["backtest", str(path), "--search", "random", "--trials", "2000000", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "engine", *words, "--workers", this_kind().lower(), "--jobs", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
    ) as process:  # fmt: skip
        time.sleep(4.0)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    whole = json.loads(out)
    assert whole["is_interrupted"]
    assert 0 < whole["n_tried"] < 2_000_000
    assert len(whole["top"]) == 10
    assert b"interrupted: what was found" in err


def test_every_trial_that_fails_is_bad_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.py"
    path.write_text(
        "from engine.backtesting.parameters import whole\n"
        "from engine.backtesting.strategy import Strategy\n"
        "class Bad(Strategy):\n    n = whole(2, 1, 9)\n    def on_bar(self, bar):\n"
        "        return 1 / 0\n"
    )
    words = ["backtest", str(path), "--search", "grid", "--symbols", "AURA"]
    code, out, err = run(words, capsys)
    assert code == 65
    assert "no trial has a Sharpe" in out
    assert "9 trials failed, the first: " in err
    assert "bad.py:6: ZeroDivisionError" in err
