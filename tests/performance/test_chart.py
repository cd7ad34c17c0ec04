"""Places, ticks and thinning of the charts of a tear sheet."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from random import Random

import pytest

from engine.clock import NS_PER_DAY, to_ns
from engine.report.chart import (
    Size,
    Times,
    area,
    between,
    line,
    round_dates,
    row_ticks,
    scale,
    svg,
    thinned,
    x_axis,
    y_axis,
)

SIZE = Size(400, 200, left=50, right=10, top=5, bottom=25)


def places(path: str) -> list[tuple[float, float]]:
    return [(float(a), float(b)) for a, b in re.findall(r"([\d.]+),([\d.]+)", path)]


def test_time_runs_from_margin_to_margin() -> None:
    x = Times(SIZE, 1000, 3000)
    assert [x.place(stamp) for stamp in (1000, 2000, 3000)] == [50.0, 220.0, 390.0]
    assert Times(SIZE, 7, 7).place(7) == 50.0


def test_values_run_from_below_to_the_top() -> None:
    y = scale([0.0, 100.0, math.nan], SIZE)
    assert (y.place(0.0), y.place(100.0)) == (175.0, 5.0)
    assert scale([], SIZE).ticks()[0] == 0.0
    assert scale([5.0], SIZE, 0.0).place(0.0) == 175.0


def test_a_line_breaks_where_there_is_no_value() -> None:
    x, y = Times(SIZE, 0, 4), scale([0.0, 4.0], SIZE)
    points = [(0.0, 0.0), (1.0, 1.0), (2.0, math.nan), (3.0, 3.0), (4.0, 4.0)]
    drawn = line(points, x, y, "line", 100)
    assert drawn.count("M") == 2
    assert places(drawn) == [(x.place(a), y.place(b)) for a, b in points if b == b]
    assert line([(0.0, math.nan)], x, y, "line", 10) == ""


def test_areas_end_on_their_base() -> None:
    x, y = Times(SIZE, 0, 2), scale([0.0, 2.0], SIZE)
    points = [(0.0, 1.0), (2.0, 2.0)]
    found = places(area(points, x, y, 0.0, "fill", 10))
    assert found == [(50.0, 175.0), (50.0, 90.0), (390.0, 5.0), (390.0, 175.0)]
    assert area([(0.0, math.nan)], x, y, 0.0, "fill", 10) == ""
    band = places(between(points, [(0.0, 2.0), (2.0, 2.0)], x, y, 10))
    assert band == [(50.0, 90.0), (390.0, 5.0), (390.0, 5.0), (50.0, 5.0)]


@pytest.mark.parametrize("seed", range(4))
def test_thinning_keeps_ends_and_extremes(seed: int) -> None:
    rng = Random(seed)
    points = [(float(k), rng.random()) for k in range(1000)]
    found = thinned(points, 100)
    assert 25 < len(found) <= 100
    assert found == sorted(found)
    assert (found[0], found[-1]) == (points[0], points[-1])
    for pick in (min, max):
        assert pick(points, key=lambda point: point[1]) in found
    assert thinned(points, 1000) == points


def day(*parts: int) -> int:
    return to_ns(datetime(*parts, tzinfo=timezone.utc))  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (day(2024, 1, 1, 9, 30), day(2024, 1, 1, 16), ["12:00", "15:00"]),
        (day(2024, 1, 30), day(2024, 2, 4), ["30 Jan", "01 Feb", "03 Feb"]),
        (day(2023, 11, 5), day(2024, 8, 1), ["Jan 2024", "Apr 2024", "Jul 2024"]),
        (day(2001, 5, 1), day(2020, 5, 1), ["2005", "2010", "2015", "2020"]),
        (day(2024, 1, 1), day(2024, 1, 1), ["01 Jan"]),
        (day(2024, 1, 1, 6), day(2024, 1, 2, 13), ["12:00", "02 Jan", "12:00"]),
    ],
)
def test_ticks_are_round_dates(first: int, last: int, words: list[str]) -> None:
    found = round_dates(first, last, 4)
    assert [name for _, name in found] == words
    assert all(first <= at <= last for at, _ in found)


def test_ticks_of_rows_are_the_first_at_or_after_dates() -> None:
    stamps = [day(2024, 1, 1) + k * NS_PER_DAY * 7 // 5 for k in range(20)]
    found = row_ticks(stamps, 4)
    assert [words for _, words in found] == ["01 Jan", "08 Jan", "15 Jan", "22 Jan"]
    for row, words in found:
        at = day(2024, 1, int(words[:2]))
        assert stamps[row] >= at
        assert row == 0 or stamps[row - 1] < at


def test_words_are_escaped() -> None:
    hostile = '<b>&"'
    y = scale([0.0, 1.0], SIZE)
    for drawn in (
        svg(SIZE, [], hostile), *y_axis(SIZE, y, lambda _: hostile),
        *x_axis(SIZE, [(1.0, hostile)]),
    ):  # fmt: skip
        assert "<b>" not in drawn
        assert "&lt;b&gt;&amp;" in drawn
