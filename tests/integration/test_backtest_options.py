"""`parity backtest options` as a person and a program meet it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.cli.main import main

FAST = ["backtest", "options", "--days", "6", "--step", "3h"]


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*FAST, *words]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the one line in which a request is refused."""
    assert main(["backtest", "options", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("entry", ["vertical C 20-60d 0.40/0.20", "covered call 20-60d 0.30"])
def test_the_table_fits(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, entry: str
) -> None:
    monkeypatch.setattr("engine.cli.width.PIPE_WIDTH", width)
    out = shown(capsys, "--entry", entry, "--exit", "25%|1x", "--most", "2", "--cash", "1e6")
    assert max(len(line) for line in out.splitlines()) <= width
    assert "ZDIV" in out
    assert "at the middle of the quotes" in out
    assert ("margin" in out.splitlines()[1]) is (width == 160)


def test_the_json_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--entry", "condor 20-60d 0.30/0.10", "--exit", "30%|1x", "--json")
    found = json.loads(shown(capsys, *words))
    assert found["source"] == "demo"
    assert found["packages"]
    gains = [one["gain"] for one in found["packages"]]
    assert found["end_equity"] - found["start_cash"] == pytest.approx(sum(gains), abs=1e-6)
    middle = [one["mid_gain"] for one in found["packages"]]
    assert found["end_mid_equity"] - found["start_cash"] == pytest.approx(sum(middle), abs=1e-6)
    assert found["fees"] == pytest.approx(sum(one["fees"] for one in found["packages"]))
    assert found["figures"]["n_returns"] == 6


def test_each_csv_is_the_same_run(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--entry", "short strangle 20-60d 0.20", "--exit", "20%|1x")
    found = json.loads(shown(capsys, *words, "--json"))
    tables = {
        name: list(csv.DictReader(io.StringIO(shown(capsys, *words, "--csv", name))))
        for name in ("packages", "equity", "entries")
    }
    assert [float(row["gain"]) for row in tables["packages"]] == [
        one["gain"] for one in found["packages"]
    ]
    assert len(tables["equity"]) == found["chains"]
    assert float(tables["equity"][-1]["equity"]) == found["end_equity"]
    moved = sum(float(row["amount"]) for row in tables["entries"])
    assert float(tables["equity"][-1]["cash"]) == pytest.approx(found["start_cash"] + moved)


def test_both_runtimes_and_every_backend_give_these_bytes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("--entry", "condor 20-60d 0.30/0.10", "--exit", "30%|1x", "--margin", "grid", "--json")
    digest = hashlib.sha256(shown(capsys, *words).encode()).hexdigest()
    assert digest == "f78e7d9b662d6241720f7d7f59e817f5f93b1ea76b6bc42c2962aa56e1443808"


class Outside(HTMLParser):
    """Collects what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_is_whole_and_fetches_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    shown(capsys, "--entry", "single C 20-60d 0.40", "--exit", "20%|0.2x", "--html", str(path))
    text = path.read_text(encoding="utf-8")
    reader = Outside()
    reader.feed(text)
    assert reader.found == []
    assert "<script" not in text
    assert "at the middle" in text
    assert text.count("<tr>") >= 2


def test_where_nothing_is_traded_it_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "--entry", "single C 20-25d atm")
    assert "No package was traded." in out
    assert "nothing to enter: no expiry within 20 to 25 days (17 chains)" in out


STRATEGY = """
from engine.backtesting.options.entries import parse_entry
from engine.backtesting.options.choosing import choose
from engine.backtesting.options.strategy import ChainStrategy
from engine.backtesting.parameters import whole


class Mine(ChainStrategy):
    lots = whole(2, 1, 10)

    def on_chain(self, chain):
        if not self.packages():
            combo = choose(parse_entry("single P 20-60d 0.30"), self.sight())
            if not isinstance(combo, str):
                self.enter(combo, self.lots, label="mine")


class Other:
    pass
"""


def test_a_strategy_of_a_file_trades(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(STRATEGY, encoding="utf-8")
    found = json.loads(shown(capsys, "--strategy", f"{path}:Mine", "--json"))
    assert found["strategy"] == "Mine"
    assert found["parameters"] == {"lots": 2}
    assert [one["lots"] for one in found["packages"]][:1] == [2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--entry", "vertical C"], "the days to expiry are missing"),
        (["--exit", "never"], "no exit 'never'"),
        (["--entry", ""], "an entry names a structure"),
        (["--exit", ""], "no exit ''"),
        (["--scan", "--entry", "single C 30d 0.3"], "choose one"),
        (["--strategy", "momentum"], "a ChainStrategy"),
        (["--symbols", "ZCOIN"], "settles in coins"),
        (["--source", "demo:5"], "write demo"),
        (["--source", "dmo"], "unknown source 'dmo'"),
        (["--assignment", "always"], "--assignment"),
        (["--lots", "0"], "from 1 to 1000000"),
        (["--html", "page.txt"], "ends in .html"),
        (["--as-of", "2015-12-24"], "unknown option --as-of"),
    ],
)
def test_a_slip_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert said in told(capsys, *words)


def test_an_unknown_symbol_is_no_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "options", "--symbols", "ZDVI"]) == 66
    assert "ZDIV" in capsys.readouterr().err


def test_chains_are_those_of_the_days_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--days", "5", "--from", "2026-03-05", "--to", "2026-03-06", "--json"]
    found = json.loads(shown(capsys, *words))
    assert found["chains"] > 0
    assert {one["opened"][:10] for one in found["packages"]} == {"2026-03-05"}
    assert main(["backtest", "options", "--from", "2030-01-01"]) == 66
    assert "no chain of ZDIV from 2030-01-01 00:00" in capsys.readouterr().err


def test_a_recorded_session_is_a_feed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "one.session"
    assert main(["record", str(path), "ZDIV", "--source", "demo", "--count", "1"]) == 0
    capsys.readouterr()
    words = ["backtest", "options", "--source", f"session:{path}", "--entry",
             "single C 20-60d 0.40", "--json"]  # fmt: skip
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["symbols"] == ["ZDIV"]
    assert len(found["packages"]) == 1


@pytest.mark.parametrize("hook", ["start(self)", "on_chain(self, chain)"])
def test_a_strategy_that_fails_is_no_bug_of_ours(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, hook: str
) -> None:
    file = tmp_path / "mine.py"
    head = "from engine.backtesting.options.strategy import ChainStrategy\n\n"
    file.write_text(f"{head}class Mine(ChainStrategy):\n    def {hook}:\n        1 / 0\n")
    assert main(["backtest", "options", "--days", "2", "--strategy", str(file)]) == 65
    error = capsys.readouterr().err
    assert error == f"parity: {file}:5: ZeroDivisionError: division by zero (strategy Mine)\n"
