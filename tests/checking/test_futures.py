"""Every future keeps the past to the bit, changes what it says, and is made of bars that can be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.backtesting.data import Data, Dividend, Split
from engine.checking.futures import (
    ALONE,
    CRASHED,
    CUT,
    DELISTED,
    FROZEN,
    RANDOM,
    SEVERAL,
    SOARED,
    SPLITS,
    VOLUMES,
    WORDS,
    changed,
    later,
)
from engine.market.bars import Bars
from tests.checking.markets import HOUR_NS, market

COLUMNS = ("time_ns", "open", "high", "low", "close", "volume")
DATA = market(60)
CUT_ROW = 25
CUT_NS = DATA.bars["AAA"].time_ns[CUT_ROW - 1]


def rows(bars: Bars, start: int, stop: int) -> list[bytes]:
    return [getattr(bars, name)[start:stop].tobytes() for name in COLUMNS]


@pytest.mark.parametrize("mode", SEVERAL)
def test_the_past_is_kept_and_the_future_is_not(mode: str) -> None:
    before = {name: rows(bars, 0, 60) for name, bars in DATA.bars.items()}
    other = changed(DATA, mode, CUT_NS, 1)
    assert {name: rows(bars, 0, 60) for name, bars in DATA.bars.items()} == before
    for name, bars in other.bars.items():
        assert rows(bars, 0, CUT_ROW) == rows(DATA.bars[name], 0, CUT_ROW)
    moved = [
        name
        for name, bars in other.bars.items()
        if rows(bars, 0, 60) != rows(DATA.bars[name], 0, 60)
    ]
    if mode == SPLITS:
        assert not moved
        assert other.actions != DATA.actions
    else:
        assert len(moved) == (1 if mode in (ALONE, DELISTED) else 3)


@pytest.mark.parametrize("mode", SEVERAL)
def test_its_bars_are_bars(mode: str) -> None:
    for bars in changed(DATA, mode, CUT_NS, 1).bars.values():
        for row in range(len(bars)):
            low, high = bars.low[row], bars.high[row]
            assert 0.0 < low <= min(bars.open[row], bars.close[row])
            assert max(bars.open[row], bars.close[row]) <= high
            assert bars.volume[row] > 0.0


def test_each_changes_what_it_says() -> None:
    was = DATA.bars["BBB"]
    at = {mode: changed(DATA, mode, CUT_NS, 1).bars["BBB"] for mode in SEVERAL}
    assert len(at[CUT]) == CUT_ROW
    assert at[CRASHED].low[30] == was.low[30] / 2.0
    assert at[SOARED].high[59] == was.high[59] * 3.0
    assert set(at[FROZEN].close[CUT_ROW - 1 :]) == {was.close[CUT_ROW - 1]}
    assert at[VOLUMES].close == was.close
    assert at[VOLUMES].volume[CUT_ROW:] != was.volume[CUT_ROW:]
    assert at[RANDOM].close[CUT_ROW:] != was.close[CUT_ROW:]
    assert set(WORDS) == set(SEVERAL)


def test_the_same_seed_makes_the_same_future() -> None:
    one, two = changed(DATA, RANDOM, CUT_NS, 1), changed(DATA, RANDOM, CUT_NS, 1)
    other = changed(DATA, RANDOM, CUT_NS, 2)
    assert one == two
    assert one.bars["AAA"].close != other.bars["AAA"].close


def test_before_all_bars_there_is_only_future() -> None:
    for mode in (CUT, FROZEN, RANDOM):
        bars = changed(DATA, mode, 0, 1).bars["AAA"]
        assert len(bars) == (0 if mode == CUT else 60)


def test_every_symbol_is_changed_alone_at_some_instant() -> None:
    touched = set()
    for time in DATA.bars["AAA"].time_ns[:-1]:
        other = changed(DATA, DELISTED, time, 1)
        touched |= {name for name, bars in other.bars.items() if len(bars) < 60}
    assert touched == {"AAA", "BBB", "CCC"}


def with_actions() -> Data:
    actions = (
        Split("AAA", CUT_NS - HOUR_NS, 2.0),
        Dividend("BBB", CUT_NS, 0.5),
        Split("AAA", CUT_NS + HOUR_NS, 3.0),
    )
    return replace(DATA, actions=actions)


def test_splits_to_come_are_changed_and_those_past_are_kept() -> None:
    data = with_actions()
    other = changed(data, SPLITS, CUT_NS, 1)
    assert other.actions[:2] == data.actions[:2]
    assert other.actions[2] == Split("AAA", CUT_NS + 1, 7.0)
    assert changed(data, CUT, CUT_NS, 1).actions == data.actions[:2]
    assert changed(data, CRASHED, CUT_NS, 1).actions == data.actions


def test_a_late_start_has_what_closes_from_then_on() -> None:
    data = later(with_actions(), CUT_NS)
    assert rows(data.bars["CCC"], 0, 99) == rows(DATA.bars["CCC"], CUT_ROW - 1, 60)
    assert len(data.actions) == 2
