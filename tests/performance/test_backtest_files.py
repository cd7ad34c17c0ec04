"""``parity backtest --html`` and ``--quantstats``: they say what --json says."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from engine import backtest
from engine.cli.main import main
from tests.performance.test_tear_sheet import Elements

COMMAND = ["backtest", "ma_crossover", "breakout", "--symbols", "AURA,BOLT", "--days", "20"]


def test_the_page_says_what_the_json_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, returns = tmp_path / "sheet.html", tmp_path / "returns.csv"
    files = ["--html", str(page), "--quantstats", str(returns)]
    assert main([*COMMAND, "--json", *files]) == 0
    document = json.loads(capsys.readouterr().out)
    seen = Elements(page.read_text("utf-8"))
    carried = json.loads(seen.json)
    assert len(carried["runs"]) == len(document["tests"]) == 4
    for one, test in zip(carried["runs"], document["tests"], strict=True):
        assert one["figures"] == test["figures"]
        assert one["judgement"]["deflated"] == test["deflated_sharpe"]
        assert (one["symbols"], one["parameters"]) == (test["symbols"], test["parameters"])
        assert "trades" not in test
    assert carried["runs"][0]["judgement"]["n_trials"] == document["n_tests"]
    text = " ".join(" ".join(seen.texts).split())
    assert "cash 10,000.00 fees 0.05% slippage 0.02% tests 4" in text
    rows = list(csv.reader(returns.open(encoding="utf-8")))
    assert rows[0] == [
        "date", "MaCrossover (AURA)", "MaCrossover (BOLT)", "Breakout (AURA)", "Breakout (BOLT)",
    ]  # fmt: skip
    growth = math.prod(1.0 + float(row[1]) for row in rows[1:])
    assert growth - 1.0 == pytest.approx(document["tests"][0]["figures"]["total_return"])


def test_trades_are_in_the_json_where_they_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMAND, "--json", "--trades", "--html", str(tmp_path / "sheet.html")]) == 0
    assert "trades" in json.loads(capsys.readouterr().out)["tests"][0]


def test_the_table_stays_beside_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMAND, "--html", str(tmp_path / "sheet.html")]) == 0
    assert "ma_crossover" in capsys.readouterr().out


def test_intervals_are_those_of_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "sheet.html"
    assert main([*COMMAND, "--intervals", "--json", "--html", str(page)]) == 0
    document = json.loads(capsys.readouterr().out)
    carried = json.loads(Elements(page.read_text("utf-8")).json)
    assert [row["resampled"] for row in document["rows"]] == [
        one["judgement"]["bars"] for one in carried["runs"]
    ]
    assert main([*COMMAND, "--intervals"]) == 0
    shown = capsys.readouterr().out
    low = document["rows"][0]["resampled"]["sharpe"]["low"]
    assert "Sharpe 95%" in shown
    assert f"{low:.2f} … " in shown
    assert "resamples of the bars in blocks of 8 on average" in shown
    assert main([*COMMAND, "--by", "symbol", "--intervals"]) == 2
    assert "single tests" in capsys.readouterr().err
    assert main(COMMAND) == 0
    assert "95%:" not in capsys.readouterr().out


def test_a_backtest_from_python_writes_its_sheet(tmp_path: Path) -> None:
    page = tmp_path / "sheet.html"
    done = backtest("breakout", "demo", symbols=["AURA"], days=20)
    done.tear_sheet(page, n_trials=7)
    carried = json.loads(Elements(page.read_text("utf-8")).json)
    assert carried["runs"][0]["figures"]["sharpe"] == done.figures.sharpe
    assert carried["runs"][0]["judgement"]["n_trials"] == 7
    assert carried["source"] == "demo"


@pytest.mark.parametrize(
    ("flag", "name", "words"),
    [
        ("--html", "sheet.txt", "name a file that ends in .html"),
        ("--html", "no/sheet.html", "there is no folder"),
        ("--quantstats", "no/returns.csv", "there is no folder"),
    ],
)
def test_files_that_cannot_be_are_refused_before_the_tests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, name: str, words: str
) -> None:
    assert main([*COMMAND, flag, str(tmp_path / name)]) != 0
    said = capsys.readouterr()
    assert words in said.err
    assert (said.out, list(tmp_path.iterdir())) == ("", [])
