"""`parity backtest check`: files of users, processes in other surroundings, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.backtesting.terms import Terms
from engine.checking import surroundings
from engine.checking.check import Effort, full_run
from engine.checking.check import check as check_all
from engine.checking.decisions import Log
from engine.checking.report import BIASED, CLEAN, SKIPPED
from engine.checking.surroundings import HOME, PLACES, Visit, files_verdict, surroundings_verdict
from engine.cli.backtest_check import latest
from engine.cli.backtest_check_subject import open_subject, source_of
from engine.cli.main import main
from tests.checking.markets import market

SMALL = ["--days", "3", "--symbols", "AURA,BOLT", "--quick"]


@pytest.fixture(autouse=True)
def few_places(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Start one process where others are not asked for: each takes a Python to start."""
    if "all_places" not in request.fixturenames:
        monkeypatch.setattr(surroundings, "PLACES", PLACES[:1])


@pytest.fixture
def all_places() -> None:
    """Ask for every process."""


def check(
    capsys: pytest.CaptureFixture[str], strategy: str, *more: str
) -> tuple[int, dict[str, dict[str, object]]]:
    code = main(["backtest", "check", strategy, *SMALL, "--json", *more])
    whole = json.loads(capsys.readouterr().out)
    assert whole["is_biased"] == (code == 1)
    return code, {one["question"]: one for one in whole["verdicts"]}


def strategy(folder: Path, body: str, top: str = "") -> str:
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    file = folder / "mine.py"
    file.write_text(
        f"from engine.backtesting.strategy import Strategy\n{top}\n\n"
        f"class Mine(Strategy):\n    def on_bar(self, bar):\n{lines}\n",
        encoding="utf-8",
    )
    return f"{file}:Mine"


def test_a_shipped_strategy_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = check(capsys, "momentum")
    assert code == 0
    assert {name for name, one in found.items() if one["status"] == CLEAN} == set(found)
    assert set(found) == {
        "look-ahead", "warm-up", "state", "symbols", "kernel", "source", "prices", "surroundings",
        "files",
    }  # fmt: skip


@pytest.mark.usefixtures("all_places")
@pytest.mark.parametrize(
    ("top", "body", "said"),
    [
        ("import time", "return float(int(time.time() // 86_400) % 7) / 7.0", "clock"),
        ("", "return (hash(bar.symbol) % 997) / 997.0", "hashes"),
        ("from datetime import datetime",
         "return datetime.fromtimestamp(bar.time_ns // 10**9).hour / 24.0", "time zone"),
        ("import random", "return random.random()", "state"),
    ],
    ids=["clock", "hashes", "zone", "chance"],
)  # fmt: skip
def test_surroundings_that_move_decisions_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], top: str, body: str, said: str
) -> None:
    code, found = check(capsys, strategy(tmp_path, body, top))
    assert code == 1
    if said == "state":
        assert found["state"]["status"] == BIASED
        assert "same once more" in str(found["surroundings"]["said"])
    else:
        assert said in str(found["surroundings"]["said"])
        assert found["look-ahead"]["status"] == CLEAN
    assert found["surroundings"]["status"] == BIASED
    assert found["files"]["status"] == CLEAN


def test_a_file_that_is_read_is_named_or_vouched_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    universe = tmp_path / "members.txt"
    universe.write_text("BOLT", encoding="utf-8")
    name = strategy(
        tmp_path, "return float(bar.symbol in MEMBERS)", f"MEMBERS = open({str(universe)!r}).read()"
    )
    code, found = check(capsys, name)
    assert code == 1
    assert found["files"]["details"] == [str(universe)]
    assert found["source"]["status"] == BIASED
    code, found = check(capsys, name, "--may-read", str(universe))
    assert code == 0
    assert found["files"]["status"] == CLEAN


def test_a_function_of_bars_or_of_data_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rules.py"
    file.write_text(
        "def ahead(bars):\n"
        "    close = bars.close\n"
        "    return [float(close[min(row + 1, len(close) - 1)] > close[row])\n"
        "            for row in range(len(close))]\n"
        "def last(data):\n"
        "    return {name: [float(bars.close[-1] > 50.0 if len(bars) else 0.0)] * len(bars)\n"
        "            for name, bars in data.bars.items()}\n",
        encoding="utf-8",
    )
    assert check(capsys, f"{file}:ahead")[0] == 1
    assert check(capsys, f"{file}:last", "--takes", "data")[0] == 1


def test_a_frame_is_handed_to_a_function_that_takes_one(tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="a DataFrame needs pandas, which PyPy has not")
    file = tmp_path / "frames.py"
    file.write_text(
        "def shifted(frame):\n    return (frame.close.shift(-1) > frame.close).astype(float)\n",
        encoding="utf-8",
    )
    name = f"{file}:shifted"
    subject, source = open_subject(name, {}, "frame", None, Terms()), source_of(name)
    data = market(60)
    (found, *_) = check_all(subject, data, full_run(subject, data), source=source, effort=Effort(3))
    assert found.status == BIASED
    assert "line 2: shift takes a later row" in found.details


def test_a_table_says_what_moved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = strategy(
        tmp_path,
        "self.rows.append(bar.close)\nreturn float(len(self.rows) > 150)",
        "rows = []\nclass Base(Strategy):\n    rows = []\n",
    )
    text = Path(name.rpartition(":")[0])
    text.write_text(text.read_text().replace("Mine(Strategy)", "Mine(Base)"), encoding="utf-8")
    assert main(["backtest", "check", name, *SMALL]) == 1
    out = capsys.readouterr().out
    assert "state         biased" in out
    assert "target was" in out
    assert out.splitlines()[-1].startswith("biased: state")
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("return None", 65, "asked for no position in 72 bars"),
        ("return 1.0 / (bar.close - bar.close)", 65, "row 1 of AURA: ZeroDivisionError"),
        ("return 'up'", 65, "could not convert"),
    ],
)
def test_what_cannot_be_checked_is_no_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, code: int, said: str
) -> None:
    assert main(["backtest", "check", strategy(tmp_path, body), *SMALL]) == code
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nosuch"], 2),
        (["momentum", "--set", "lag"], 2),
        (["momentum", "--set", "nosuch=1"], 2),
        (["nosuch.py:Mine"], 66),
        ([], 2),
    ],
)
def test_a_wrong_request_is_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    assert main(["backtest", "check", *words]) == code
    assert capsys.readouterr().err.count("\n") == 1


def test_the_last_closes_are_enough(capsys: pytest.CaptureFixture[str]) -> None:
    data = market(60)
    assert latest(data, 60) is data
    cut = latest(data, 20)
    assert {len(bars) for bars in cut.bars.values()} == {20}
    assert list(cut.bars["BBB"].close) == list(data.bars["BBB"].close[40:])
    assert main(["backtest", "check", "momentum", *SMALL, "--most", "40", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bars"] == 80
    assert main(["backtest", "check", "momentum", *SMALL, "--most", "1"]) == 2


@pytest.mark.usefixtures("all_places")
def test_a_process_that_fails_is_no_pass() -> None:
    visits = {place: Visit(Log(), ()) for place in PLACES}
    assert surroundings_verdict(visits).status == CLEAN
    visits[PLACES[2]] = Visit(Log(), (), "ended with 1: no memory")
    assert surroundings_verdict(visits).status == SKIPPED
    assert files_verdict({HOME: Visit(Log(), (), "gone")}, ()).status == SKIPPED
    assert files_verdict({HOME: Visit(Log(), ("a", "b"))}, ("a",)).details == ("b",)
