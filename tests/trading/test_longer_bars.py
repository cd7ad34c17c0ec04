"""Longer bars from shorter ones, held to a slow reading of the rule."""

from __future__ import annotations

from array import array
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

import pytest

from engine.clock import NS_PER_DAY, to_ns
from engine.market.bars import Bars
from engine.market.calendar import US
from engine.trading.intervals import DAY, HOUR, MINUTE, WEEK, interval_of, shown
from engine.trading.resampling import is_always_open, resampled

NEW_YORK = ZoneInfo("America/New_York")
Row = tuple[int, float, float, float, float, float]


def bars_at(stamps: list[int], seed: int = 1) -> Bars:
    rng = Random(seed)
    columns = [array("d") for _ in range(5)]
    for _ in stamps:
        low, high = sorted((rng.uniform(5, 9), rng.uniform(5, 9)))
        for column, value in zip(
            columns, (rng.uniform(low, high), high, low, rng.uniform(low, high), rng.random() * 9),
            strict=True,
        ):  # fmt: skip
            column.append(value)
    return Bars(array("q", stamps), *columns)


def rows_of(bars: Bars) -> list[Row]:
    return list(
        zip(bars.time_ns, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
    )


def merged(groups: dict[int, list[Row]]) -> list[Row]:
    found = []
    for end, rows in sorted(groups.items()):
        volume = 0.0
        for row in rows:
            volume += row[5]
        found.append(
            (end, rows[0][1], max(r[2] for r in rows), min(r[3] for r in rows), rows[-1][4], volume)
        )
    return found


def a_week_of_minutes(first: str) -> list[int]:
    """Return closes of minutes of ten days around the clock, some left out."""
    rng, start = Random(5), datetime.fromisoformat(first).replace(tzinfo=NEW_YORK)
    begin = to_ns(start)
    return [begin + k * MINUTE for k in range(1, 10 * 1440) if rng.random() < 0.9]


# A week with an early close and a holiday, and one in which the clocks change.
@pytest.mark.parametrize("first", ["2024-11-25", "2024-03-06"])
@pytest.mark.parametrize("minutes", [5, 30, 60, 120])
def test_sessions_are_cut_from_their_open(first: str, minutes: int) -> None:
    bars = bars_at(a_week_of_minutes(first))
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in rows_of(bars):
        local = datetime.fromtimestamp(row[0] / 1e9, timezone.utc).astimezone(NEW_YORK)
        day = (local - timedelta(microseconds=1)).date()
        if not US.is_session(day):
            continue
        opened = datetime(day.year, day.month, day.day, 9, 30, tzinfo=NEW_YORK)
        closes = opened.replace(hour=13 if US.is_early_close(day) else 16, minute=0)
        if not opened < local <= closes:
            continue
        end = opened
        while end < local:
            end += timedelta(minutes=minutes)
        groups[to_ns(min(end, closes))].append(row)
    assert groups
    assert rows_of(resampled(bars, minutes * MINUTE, US)) == merged(groups)


def test_days_close_with_their_session() -> None:
    bars = bars_at(a_week_of_minutes("2024-11-25"))
    days = resampled(bars, DAY, US)
    closes = [US.close_ns(datetime(2024, 11, day).date()) for day in (25, 26, 27, 29)]
    closes += [US.close_ns(datetime(2024, 12, day).date()) for day in (2, 3, 4)]
    assert list(days.time_ns) == closes
    assert days.time_ns[3] - US.open_ns(datetime(2024, 11, 29).date()) == 3.5 * HOUR


@pytest.mark.parametrize("interval", [5 * MINUTE, HOUR, 4 * HOUR, DAY, WEEK])
def test_a_market_that_never_closes_is_cut_by_the_clock(interval: int) -> None:
    bars = bars_at(a_week_of_minutes("2024-11-25"))
    groups: dict[int, list[Row]] = defaultdict(list)
    monday = to_ns(datetime(2024, 11, 18, tzinfo=timezone.utc))
    for row in rows_of(bars):
        end = monday
        while end < row[0]:
            end += interval
        groups[end].append(row)
    assert rows_of(resampled(bars, interval, None)) == merged(groups)


def test_weeks_of_sessions_end_before_monday() -> None:
    bars = bars_at(a_week_of_minutes("2024-11-25"))
    weeks = resampled(bars, WEEK, US)
    assert [datetime.fromtimestamp(t / 1e9, timezone.utc).weekday() for t in weeks.time_ns] == [
        0,
        0,
    ]


def test_a_market_with_weekends_is_one_that_never_closes() -> None:
    saturday = to_ns(datetime(2024, 11, 23, 12, tzinfo=timezone.utc))
    assert is_always_open(bars_at([saturday]))
    # A daily bar of Friday that closes at midnight is of Friday.
    friday = to_ns(datetime(2024, 11, 23, tzinfo=timezone.utc))
    assert not is_always_open(bars_at([friday]))
    week = [friday - 4 * NS_PER_DAY + k * HOUR for k in range(1, 24 * 4)]
    assert is_always_open(bars_at(week))
    assert not is_always_open(bars_at([stamp for stamp in week if stamp % NS_PER_DAY < 12 * HOUR]))
    assert not is_always_open(bars_at([]))


@pytest.mark.parametrize("text", ["1m", "5m", "90m", "1h", "4h", "1d", "1w", "2w", "15s"])
def test_an_interval_is_written_as_it_is_read(text: str) -> None:
    assert shown(interval_of(text)) == text
