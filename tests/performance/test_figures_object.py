"""Figures as JSON: names, nulls, times."""

from __future__ import annotations

import json
import math

import pytest

from engine.performance.figures import figures
from engine.performance.judgement import judge
from engine.report.figures_object import (
    figures_object,
    instant,
    judgement_object,
    plain,
    selection_object,
)
from tests.performance.results import result, trade, walk


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        (0, "1970-01-01T00:00:00Z"), (1_700_000_000_500_000_000, "2023-11-14T22:13:20.5Z"),
        (1_700_000_000_000_000_005, "2023-11-14T22:13:20.000000005Z"),
        (1_700_000_000_250_000_000, "2023-11-14T22:13:20.25Z"),
    ],
)  # fmt: skip
def test_times_are_written_as_short_as_they_are(stamp: int, words: str) -> None:
    assert instant(stamp) == words


def test_what_is_not_defined_is_null() -> None:
    assert plain([1.0, math.nan, math.inf, -math.inf, None, True, "a"]) == [
        1.0, None, None, None, None, True, "a",
    ]  # fmt: skip
    assert plain({"a": (1, {"b": math.nan})}) == {"a": [1, {"b": None}]}


def test_the_figures_of_a_run() -> None:
    found = figures_object(figures(result([100.0, 120.0, 90.0], trades=(trade(5.0),)), 252.0))
    assert found["drawdown"] == {
        "depth": 0.25, "peak": "2024-01-03T00:00:00Z", "trough": "2024-01-04T00:00:00Z",
        "recovered": None, "days": 1.0,
    }  # fmt: skip
    assert (found["trades"]["n"], found["trades"]["profit_factor"]) == (1, None)
    json.dumps(found, allow_nan=False)


def test_a_judgement_and_a_selection() -> None:
    runs = [result(walk(seed, 100)) for seed in range(2)]
    (first, _), selection = judge(runs, [figures(one, 252.0) for one in runs])
    found = judgement_object(first)
    assert found["bars"]["sharpe"] == {
        "low": first.bars.sharpe.low, "high": first.bars.sharpe.high,
    }  # fmt: skip
    assert found["trades"]["gain"] == {"low": None, "high": None}
    both = selection_object(selection)
    assert set(both["overfitting"]) == {"probability", "slope", "loss", "n_trials"}
    assert both["snooping"]["n_trials"] == 2
    assert selection_object(judge(runs[:1], [figures(runs[0], 252.0)])[1]) == {
        "snooping": None, "overfitting": None,
    }  # fmt: skip
