"""All cheats are caught, no honest strategy is flagged: a sample here, more instants when long."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.backend import select
from engine.backtesting.data import Data, Split
from engine.backtesting.parameters import build
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.checking.check import (
    KERNEL,
    LOOK_AHEAD,
    ORDER_OF_SYMBOLS,
    PRICES,
    SOURCE,
    STATE,
    Effort,
    Source,
    check,
    full_run,
)
from engine.checking.report import BIASED, CLEAN, NOTED, SKIPPED, Verdict
from engine.checking.subject import BARS, DATA, FunctionSubject, StrategySubject, Subject
from engine.market.bars import Bar
from engine.trading import SHIPPED
from engine.trading.loading import load_strategy
from engine.trading.ma_crossover import MaCrossover
from tests.checking import cheats, honest
from tests.checking.markets import HOUR_NS, market

FEW = Effort(evenly=6, first=14, at_decisions=5)
FEWER = Effort(evenly=4, first=8, at_decisions=4)
MARKET = market(120)


def verdicts(
    subject: Subject, data: Data = MARKET, effort: Effort = FEW, source: Source | None = None
) -> dict[str, Verdict]:
    full = full_run(subject, data)
    found = check(subject, data, full, source=source, backend=select("pure"), effort=effort)
    return {one.question: one for one in found}


def of_class(kind: type[Strategy]) -> StrategySubject:
    def host(strategy: Strategy, data: Data) -> object:
        return run(strategy, data, Terms(cash=50_000.0, fee_rate=0.0002))

    return StrategySubject(kind.__name__, partial(build, kind), host)


def of_function(function: Callable[[Any], Any]) -> FunctionSubject:
    takes = DATA if function in (*cheats.BY_DATA, *honest.BY_DATA) else BARS
    return FunctionSubject(function.__name__, function, takes)


CHEATS = (*cheats.BY_BARS, *cheats.BY_DATA)
HONEST = (*honest.BY_BARS, *honest.BY_DATA)
KINDS = (*honest.CLASSES, *map(load_strategy, SHIPPED))


@pytest.mark.parametrize("function", CHEATS, ids=lambda one: one.__name__)
def test_a_rule_that_knows_the_future_is_caught(function: Callable[[Any], Any]) -> None:
    found = verdicts(of_function(function))[LOOK_AHEAD]
    assert found.status == BIASED
    assert found.field == "target"
    assert found.row > 0
    assert found.symbol in MARKET.symbols
    assert found.was != found.became


@pytest.mark.parametrize("function", HONEST, ids=lambda one: one.__name__)
def test_an_honest_rule_is_not_flagged(function: Callable[[Any], Any]) -> None:
    found = verdicts(of_function(function))
    assert {name: one.said for name, one in found.items() if one.status == BIASED} == {}
    assert found[LOOK_AHEAD].status == CLEAN


@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.__name__)
def test_an_honest_strategy_is_not_flagged(kind: type[Strategy]) -> None:
    file = sys.modules[kind.__module__].__file__
    assert file is not None
    source = Source(Path(file).read_text(encoding="utf-8"), kind.__name__, file)
    found = verdicts(of_class(kind), effort=FEWER, source=source)
    assert {name: one.said for name, one in found.items() if one.status == BIASED} == {}
    assert found[LOOK_AHEAD].status == found[SOURCE].status == CLEAN


def test_enough_of_each() -> None:
    assert len(CHEATS) + 3 >= 12
    assert len(HONEST) + len(KINDS) >= 12
    assert len(SHIPPED) == 5


def test_what_a_class_keeps_of_the_last_run_is_found() -> None:
    cheats.RemembersTheLastRun.seen.clear()
    found = verdicts(of_class(cheats.RemembersTheLastRun))
    assert found[STATE].status == BIASED
    assert found[STATE].was == "nothing"
    assert found[LOOK_AHEAD].status == SKIPPED


class LearnsSlowly(Strategy):
    """Counts its runs in the class, and changes its mind at the fourth."""

    runs = 0

    def start(self) -> None:
        type(self).runs += 1

    def on_bar(self, bar: Bar) -> float:
        return 1.0 if self.runs < 4 else 0.0


def test_state_that_shows_after_many_runs_is_found_too() -> None:
    assert verdicts(of_class(LearnsSlowly), effort=Effort(2, 2, 0))[STATE].status == BIASED


def test_a_kernel_that_is_another_rule_is_found() -> None:
    class Half(MaCrossover):
        def on_bar(self, bar: Bar) -> float:
            return 0.5 * super().on_bar(bar)

    few = Effort(1, 1, 0)
    found = verdicts(of_class(Half), effort=few)[KERNEL]
    assert (found.status, found.row) == (BIASED, 40)
    assert verdicts(of_class(MaCrossover), effort=few)[KERNEL].status == CLEAN


def test_the_order_of_symbols_is_a_note_where_it_matters() -> None:
    few = Effort(1, 1, 0)
    assert verdicts(of_class(honest.Cross), effort=few)[ORDER_OF_SYMBOLS].status == NOTED
    assert verdicts(of_class(honest.Relative), effort=few)[ORDER_OF_SYMBOLS].status == CLEAN


def test_who_finds_the_data_of_the_run_is_caught() -> None:
    assert verdicts(of_class(cheats.LooksIntoTheHost))[LOOK_AHEAD].status == BIASED


def test_who_reads_a_file_is_told_by_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("members.txt").write_text("AAA CCC", encoding="utf-8")
    text = Path(str(cheats.__file__)).read_text(encoding="utf-8")
    source = Source(text, "ReadsTheUniverse", "cheats.py")
    found = verdicts(of_class(cheats.ReadsTheUniverse), source=source)
    assert found[SOURCE].status == BIASED
    assert any("read_text" in line for line in found[SOURCE].details)


def test_no_single_future_would_do() -> None:
    """What is caught by one kind of future only: each has its reason to be there."""
    only = {
        cheats.back_adjusted_by_jumps: "at half the prices",
        cheats.adjusted_prices: "of other splits and dividends",
        cheats.survivors_only: "with one symbol delisted",
    }
    for function, words in only.items():
        found = verdicts(of_function(function))[LOOK_AHEAD]
        assert [line.split(":")[0] for line in found.details] == [words]


def test_a_fill_backwards_is_caught_in_the_first_rows_alone() -> None:
    evenly = Effort(evenly=4, first=0, at_decisions=0)
    subject = of_function(cheats.filled_backwards)
    assert verdicts(subject, effort=evenly)[LOOK_AHEAD].status == CLEAN
    first = Effort(evenly=0, first=14, at_decisions=0)
    assert verdicts(subject, effort=first)[LOOK_AHEAD].status == BIASED


def test_adjusted_prices_are_known_by_the_split_without_a_jump() -> None:
    time = MARKET.bars["BBB"].time_ns[60] + HOUR_NS // 2
    adjusted = replace(MARKET, actions=(Split("BBB", time, 4.0),))
    subject = of_function(honest.rolling_z)
    assert verdicts(subject, adjusted)[PRICES].status == BIASED
    bars = MARKET.bars["BBB"]
    prices = {
        name: getattr(bars, name)[:61]
        + type(bars.open)("d", [one / 4.0 for one in getattr(bars, name)[61:]])
        for name in ("open", "high", "low", "close")
    }
    raw = replace(adjusted, bars={**MARKET.bars, "BBB": replace(bars, **prices)})
    assert verdicts(subject, raw)[PRICES].status == CLEAN


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_the_whole_zoo_at_the_usual_effort(seed: int) -> None:
    data = market(420, seed=seed)
    for function in CHEATS:
        assert verdicts(of_function(function), data, Effort())[LOOK_AHEAD].status == BIASED
    for subject in (*map(of_function, HONEST), *map(of_class, KINDS)):
        found = verdicts(subject, data, Effort())
        assert [one.said for one in found.values() if one.status == BIASED] == [], subject.name
