"""docs/BACKTEST_OPTIONS.md does what it says: its outputs, its entries, its strategy."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from engine.backtesting.options.entries import parse_entry
from engine.backtesting.options.exits import parse_exits
from engine.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "BACKTEST_OPTIONS.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```\n\$ parity (.+?)\n(.+?)\n```", PAGE, re.DOTALL)
ENTRIES = [
    words
    for line in PAGE.splitlines()
    if line.startswith("| `") and "|" in line[2:] and line.split("|")[1].count("d ")
    for words in re.findall(r"`([^`]+)`", line.split("|")[1])
]


@pytest.mark.parametrize(("command", "wanted"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_page_shows_what_is_printed(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    wanted: str,
) -> None:
    monkeypatch.setattr("engine.cli.width.PIPE_WIDTH", 100)
    assert main(shlex.split(command)) == 0
    out = capsys.readouterr().out
    assert [line.rstrip() for line in out.rstrip().splitlines()] == wanted.splitlines()


def test_the_page_shows_two_runs() -> None:
    assert len(SHOWN) == 2


def test_every_entry_and_exit_of_the_page_means_something() -> None:
    assert len(ENTRIES) >= 15
    for words in ENTRIES:
        assert parse_entry(words).legs
    rules = re.search(r"`--exit` has rules.+?touch, before fees", PAGE, re.DOTALL)
    assert rules is not None
    for words in re.findall(r"`([0-9][^`|]*)`", rules[0]):
        assert parse_exits(words)


def test_the_strategy_of_the_page_trades(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = re.search(r"```python\n(.+?)```", PAGE, re.DOTALL)
    assert found is not None
    path = tmp_path / "mine.py"
    path.write_text(found[1], encoding="utf-8")
    words = ["backtest", "options", "--strategy", f"{path}:Mine", "--days", "4", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["packages"]
