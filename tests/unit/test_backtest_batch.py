"""Many backtests: their order, what is heard of them meanwhile, and what fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Terms
from engine.backtest_batch import ALWAYS, bars_per_year, run_trials
from engine.backtesting.data import Data
from engine.errors import BadDataError
from engine.market.calendar import calendar_named
from engine.performance.years import periods_per_year
from engine.trading.intervals import DAY, HOUR, MINUTE, WEEK
from engine.trading.loading import load_strategy
from engine.trading.sources import open_bars
from engine.trading.trial import Trial, trials

KINDS = {name: load_strategy(name) for name in ("momentum", "breakout")}


@pytest.fixture
def data() -> Data:
    return open_bars("demo", ["AURA", "BOLT"], days=4)


def todo(n: int) -> list[Trial]:
    sets = [{"short": -1.0 if k % 2 else 0.0} for k in range(n)]
    return list(trials(KINDS, dict.fromkeys(KINDS, sets), ["AURA", "BOLT"]))


def test_trials_go_by_strategy_symbol_and_set() -> None:
    names = [(one.strategy, one.symbols[0], one.values["short"]) for one in todo(2)]
    assert names == [
        (strategy, symbol, short)
        for strategy in KINDS
        for symbol in ("AURA", "BOLT")
        for short in (0.0, -1.0)
    ]


@pytest.mark.parametrize("jobs", [1, 3])
def test_progress_is_heard_and_processes_change_nothing(data: Data, jobs: int) -> None:
    heard: list[tuple[int, int]] = []
    work = todo(10)
    found = list(
        run_trials(
            work, data, Terms(), jobs=jobs, keep=True, on_done=lambda *told: heard.append(told)
        )
    )
    alone = list(run_trials(work, data, Terms(), keep=True))
    assert [one.trial for one in found] == work
    assert [one.result for one in found] == [one.result for one in alone]
    assert [repr(one.figures) for one in found] == [repr(one.figures) for one in alone]
    assert all(one.result and one.result.high_equity is one.result.equity for one in found)
    assert heard[-1] == (40, 40)
    assert [done for done, _ in heard] == sorted({done for done, _ in heard})
    assert {total for _, total in heard} == {40}


def test_results_are_kept_where_they_are_asked_for(data: Data) -> None:
    assert all(one.result is None for one in run_trials(todo(1), data, Terms()))


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_first_error_is_that_of_the_run(data: Data, tmp_path: Path, jobs: int) -> None:
    path = tmp_path / "bad.py"
    path.write_text(
        "from engine import Strategy, whole\n\n\nclass Bad(Strategy):\n    at = whole(5, 1, 99)\n\n"
        "    def on_bar(self, bar):\n        return 1 / 0\n"
    )
    kinds = {"bad": load_strategy(str(path))}
    work = list(trials(kinds, {"bad": [{"at": k} for k in range(1, 41)]}, ["AURA"]))
    with pytest.raises(BadDataError, match=r"bad.py:8: ZeroDivisionError"):
        list(run_trials(work, data, Terms(), jobs=jobs))


@pytest.mark.parametrize("interval", [MINUTE, HOUR, 4 * HOUR, DAY, WEEK])
def test_the_bars_of_a_year_are_those_of_the_figures(data: Data, interval: int) -> None:
    for calendar in (ALWAYS, "us"):
        one = Data(data.bars, interval, "x", calendar=calendar)
        assert bars_per_year(one) == periods_per_year(interval, calendar_named(calendar))
