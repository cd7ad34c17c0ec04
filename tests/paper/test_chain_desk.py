"""Strategies over chains on paper: what they trade is what a backtest of the same chains trades."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import main
from engine.feeds.demo_days import demo_days
from engine.feeds.recorded import message_of
from engine.session.recording import SessionWriter

SOURCE = """
from engine.backtesting.options.choosing import choose
from engine.backtesting.options.entries import parse_entry
from engine.backtesting.options.strategy import ChainStrategy
from engine.backtesting.parameters import whole


class Mine(ChainStrategy):
    hours = whole(1, 1, 10)

    def start(self):
        self.wanted = parse_entry("short strangle 30-60d 0.20")

    def on_chain(self, chain):
        for package in self.packages(chain.symbol):
            if chain.ts_ns - package.opened_ns >= self.hours * 3_600_000_000_000:
                self.leave(package, "hours")
        if not self.packages(chain.symbol):
            combo = choose(self.wanted, self.sight(chain.symbol))
            if not isinstance(combo, str):
                self.enter(combo)


class Broken(ChainStrategy):
    def on_chain(self, chain):
        return 1 / 0
"""


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(SOURCE, encoding="utf-8")
    return str(path)


@pytest.fixture
def session(tmp_path: Path) -> str:
    """Return a session of two days of chains."""
    path = tmp_path / "two.session"
    with SessionWriter(path) as writer:
        for loaded in demo_days(0, "ZDIV", 2, 1800.0, compact=True):
            writer.add(message_of(loaded, loaded.chain.ts_ns))
    return str(path)


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(list(words)) == 0
    return json.loads(capsys.readouterr().out)


def test_simulate_trades_what_the_backtest_trades(
    capsys: pytest.CaptureFixture[str], mine: str, session: str
) -> None:
    source = f"session:{session}"
    words = ["--source", source, "--cash", "100000", "--json"]
    expected = shown(capsys, "backtest", "options", "--strategy", f"{mine}:Mine", *words)
    found = shown(capsys, "simulate", f"{mine}:Mine", *words, "--trades")
    (account,) = found["accounts"]
    assert account["trades"] == len(account["closed"]) > 3
    assert account["equity"] == expected["end_equity"]
    assert account["fees"] == expected["fees"]
    closed = [one for one in expected["packages"] if one["closed"]]
    assert [one["gain"] for one in account["closed"]] == [one["gain"] for one in closed]
    assert (found["fills"], found["events"], found["bars"]) == ("touch", expected["chains"], 0)
    assert found["symbols"] == expected["symbols"]


def test_paper_tells_fills_and_accounts(
    capsys: pytest.CaptureFixture[str], mine: str, session: str
) -> None:
    words = ["paper", "--strategies", f"{mine}:Mine", "--source", f"session:{session}"]
    assert main([*words, "--set", "hours=1,2", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    accounts = [one for one in lines if one["kind"] == "account"]
    assert [one["parameters"] for one in accounts] == [{"hours": 1}, {"hours": 2}]
    assert accounts[0]["trades"] > accounts[1]["trades"] > 0
    fills = [one for one in lines if one["kind"] == "fill"]
    assert len(fills) == sum(one["fills"] for one in accounts)
    assert main([*words, "--plain"]) == 0
    out = capsys.readouterr().out
    assert " chains" in out
    assert "Mine" in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["simulate", "{mine}:Mine", "--bars", "1h"], "--bars is of shares"),
        (["simulate", "{mine}:Mine", "--fees", "0"], "--fees is of shares"),
        (["paper", "--strategies", "{mine}:Mine,momentum"], "run them apart"),
        (["backtest", "{mine}:Mine"], "decides over chains of options: parity backtest options"),
        (["backtest", "{mine}:Mine", "--search", "random"], "a search has bars alone"),
        (["workflow", "{mine}:Mine"], "its gates have bars alone"),
    ],
)
def test_what_does_not_fit_is_one_line(
    capsys: pytest.CaptureFixture[str], mine: str, words: list[str], said: str
) -> None:
    assert main([word.format(mine=mine) for word in words]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_strategy_that_fails_is_told_with_its_line(
    capsys: pytest.CaptureFixture[str], mine: str, session: str
) -> None:
    assert main(["simulate", f"{mine}:Broken", "--source", f"session:{session}"]) == 65
    err = capsys.readouterr().err
    assert "mine.py:26: ZeroDivisionError: " in err
    assert "(strategy Broken)" in err
