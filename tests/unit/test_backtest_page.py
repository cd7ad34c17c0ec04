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
    monkeypatch.setattr("engine.cli.backtest_output.PIPE_WIDTH", 80)
    found = re.search(r"```\n\$ parity (backtest --quick)\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    assert main(found[1].split()) == 0
    assert capsys.readouterr().out == found[2]


def test_the_strategy_of_the_page_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    found = re.search(r"`mine.py`:\n\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    lines = [line for line in found[1].splitlines() if line]
    assert len(lines) <= 12
    Path("mine.py").write_text(found[1])
    assert main(["backtest", "mine.py", "--symbols", "AURA", "--set", "fast=5,10,20"]) == 0
    assert "fast=20 slow=40" in capsys.readouterr().out


def test_every_indicator_column_and_key_is_on_the_page() -> None:
    made = [
        name
        for name, value in vars(indicators).items()
        if isinstance(value, type) and value.__module__ == indicators.__name__
    ]
    titles = [column.title for column in COLUMNS if column.title not in ("strategy", "symbols")]
    for word in (*made, *titles):
        assert re.search(rf"\b{word}\b", PAGE), word
