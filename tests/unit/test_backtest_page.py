"""docs/BACKTEST.md: what it shows is what the commands print, and its strategy runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.report.backtest_table import COLUMNS
from engine.trading import indicators

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "BACKTEST.md").read_text(encoding="utf-8")


def test_the_first_table_is_that_of_today(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cli.width.PIPE_WIDTH", 80)
    found = re.search(r"```\n\$ parity (backtest --quick)\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    assert main(found[1].split()) == 0
    assert capsys.readouterr().out == found[2]


def lines_of(pattern: str) -> str:
    found = re.search(pattern, PAGE, re.DOTALL)
    assert found is not None
    return found[1]


MINE = lines_of(r"`mine.py`:\n\n```python\n(.*?)```")
RECORDED = lines_of(r"showed it:\n\n```\n(.*?)```")
COMMANDS = re.findall(r"^\$ parity ([^\n]*)\n(.*?)(?=^\$ |\Z)", RECORDED, re.DOTALL | re.MULTILINE)


def test_a_strategy_takes_twelve_lines() -> None:
    assert len([line for line in MINE.splitlines() if line]) == 12


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param(*one, marks=[pytest.mark.long] if " check " in one[0] else [], id=one[0])
        for one in COMMANDS
    ],
)
def test_the_recorded_session_is_that_of_today(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: str,
    shown: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("engine.cli.width.PIPE_WIDTH", 80)
    Path("mine.py").write_text(MINE)
    assert main(words.split()) == 0
    told = [line for line in shown.splitlines() if not line.startswith("parity: ")]
    assert capsys.readouterr().out.split() == "\n".join(told).split()


def test_the_session_goes_from_nothing_to_a_sheet() -> None:
    assert [words.split()[1] for words, _ in COMMANDS] == ["mine.py", "check", "mine.py"]
    assert COMMANDS[-1][0].endswith("--html sheet.html")


def test_every_indicator_column_and_key_is_on_the_page() -> None:
    titles = [column.title for column in COLUMNS if column.title not in ("strategy", "symbols")]
    for word in (*indicators.__all__, *titles):
        assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", PAGE), word
