"""`engine.search`: the command line's numbers, from Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import Strategy, search, whole
from engine.cli.main import main
from engine.errors import UsageError
from engine.trading.momentum import Momentum
from tests.searching.markets import strategy_file


def test_it_finds_what_the_command_line_finds(capsys: pytest.CaptureFixture[str]) -> None:
    done = search("ma_crossover", symbols=["AURA"], trials=60, walk_forward="10d/5d", seed=3)
    words = ["backtest", "ma_crossover", "--search", "random", "--trials", "60", "--symbols"]
    assert main([*words, "AURA", "--seed", "3", "--walk-forward", "10d/5d", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert done.best == told["top"][0]["parameters"]
    assert done.validity is not None
    assert done.validity.spa == told["validity"]["spa"]
    assert done.walk is not None
    assert list(done.walk.equity) == told["walk"]["equity"]
    assert "deflated Sharpe" in str(done)
    assert "<svg" in done._repr_html_()


def test_every_trial_is_in_the_frame() -> None:
    pytest.importorskip("pandas")
    done = search(Momentum, symbols=["AURA"], trials=30, only=["lag"], parameters={"short": 0.0})
    frame = done.trials
    assert list(frame.columns[:2]) == ["lag", "return"]
    assert len(frame) == 30
    assert frame["sharpe"].max() == done.found.top[0].metric("sharpe")
    assert frame["sharpe"].idxmax() == done.found.top[0].number


def test_a_class_of_a_file_is_searched(tmp_path: Path) -> None:
    done = search(strategy_file(tmp_path), symbols=["AURA"], days=5, trials=12, only=["size"])
    assert done.found.board is not None
    assert done.found.board.n_tried == 12


def test_a_class_that_workers_cannot_load_is_refused() -> None:
    class Inner(Strategy):
        n = whole(3, 1, 9)

    with pytest.raises(UsageError, match=r"workers cannot load .*Inner: write it to a file"):
        search(Inner, symbols=["AURA"])
    with pytest.raises(UsageError, match="expected a class of Strategy or a name"):
        search(3)  # type: ignore[arg-type]
