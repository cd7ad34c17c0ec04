"""Compacted DataFrames give back every bit, and are as small as they are said to be."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from engine.errors import UsageError
from engine.frames import compact

numpy = pytest.importorskip("numpy", reason="the extra data is not installed")
pandas = pytest.importorskip("pandas", reason="the extra data is not installed")


def quotes(n: int, seed: int = 1) -> Any:
    """Rows as a store of quotes gives them: contracts in words, prices on cents."""
    rng = Random(seed)
    days = [date(2026, 3, 20) + timedelta(7 * k) for k in range(8)]
    rows = []
    for _ in range(n):
        symbol = rng.choice(("SPY", "QQQ", "IWM", "GOOG"))
        day, strike = rng.choice(days), rng.randrange(100, 900) * 0.5
        right = rng.choice("CP")
        bid = rng.randrange(1, 400_000) / 100
        rows.append((
            symbol, day, right, strike,
            f"{symbol:<6}{day:%y%m%d}{right}{round(strike * 1000):08d}",
            bid, bid + rng.randrange(1, 40) / 100, float(rng.randrange(500)),
            float("nan") if rng.random() < 0.1 else float(rng.randrange(30_000)),
            rng.random() < 0.1,
            1_700_000_000_000_000_000 + rng.randrange(10**15),
        ))  # fmt: skip
    names = "symbol expiry right strike contract bid ask bid_size open_interest is_stale ts_ns"
    frame = pandas.DataFrame(rows, columns=names.split())
    return frame.astype({"symbol": object, "right": object, "contract": object}).round({"ask": 2})


def bits(column: Any) -> list[object]:
    if str(column.dtype) == "float64":
        return (
            [None if v != v else int(v) for v in column.to_numpy().view("int64")]
            if not (column.isna().any())
            else [repr(v) for v in column]
        )
    return [repr(v) for v in column]


def test_a_hundred_thousand_quotes_shrink_by_more_than_84_percent() -> None:
    frame = quotes(100_000)
    small = compact(frame)
    assert small.saved >= 0.84, str(small)
    assert small.bytes_after == sum(
        int(size) for size in small.frame.memory_usage(index=False, deep=True)
    )
    back = small.restore()
    assert list(back.dtypes) == list(frame.dtypes)
    for name in frame.columns:
        assert bits(back[name]) == bits(frame[name]), name
    how = {column.name: column.how for column in small.columns}
    assert how["bid"] == "float32, rounded to the tick 0.01"
    assert how["bid_size"] == "whole numbers"
    assert how["open_interest"] == "whole numbers with gaps"


COLUMNS: dict[str, list[Any]] = {
    "off any tick": [0.1 + 0.2, 1 / 3, 2.0**-40],
    "too large for float32": [16_777_217.01, 99_999_999.99],
    "a zero with a sign": [0.0, -0.0, 1.0],
    "infinite": [float("inf"), 1.0, float("nan")],
    "all absent": [float("nan")] * 5,
    "whole with gaps": [1.0, float("nan"), 300.0],
    "large whole": [2.0**53, 1.0],
    "huge": [1e300, 1.0],
    "mixed": [1, 1.0, True, "1", None, 1, 1.0, True, "1", None],
    "lists": [[1], [2], [1]],
    "text and gaps": ["a", None, "a", "b", "a", "a"],
    "negative": [-1, -100, 5],
    "wide": [2**62, -(2**62)],
    "flags": [True, False, True],
    "eighths": [0.125, 99.875, 3.5],
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("times", [1, 50])
def test_every_value_comes_back(name: str, times: int) -> None:
    frame = pandas.DataFrame({"x": pandas.Series(COLUMNS[name] * times)})
    small = compact(frame)
    back = small.restore()
    assert back["x"].dtype == frame["x"].dtype
    assert bits(back["x"]) == bits(frame["x"])
    assert [type(v) for v in back["x"]] == [type(v) for v in frame["x"]]
    assert small.bytes_after <= small.bytes_before


@pytest.mark.parametrize("seed", range(30))
def test_random_prices_come_back_bit_for_bit(seed: int) -> None:
    rng = Random(seed)
    per = rng.choice((1, 2, 8, 20, 100, 1000, 10_000))
    top = 10 ** rng.randrange(1, 9)
    values = [rng.randrange(-top, top) / per for _ in range(500)]
    values += [float("nan")] * rng.randrange(3)
    frame = pandas.DataFrame({"x": values})
    assert bits(compact(frame).restore()["x"]) == bits(frame["x"])


def test_a_tick_that_is_asked_for_is_kept_to() -> None:
    frame = pandas.DataFrame(
        {"x": [0.05, 0.1, 0.15] * 10_000 + [7.0 * k / 20 for k in range(40_000)]}
    )
    assert compact(frame, {"x": 0.05}).columns[0].per_unit == 20
    assert compact(frame, {"x": 0.25}).columns[0].per_unit == 0  # they are not on quarters


def test_odd_frames() -> None:
    empty = compact(pandas.DataFrame({"x": []}))
    assert empty.saved == 0.0
    twice = pandas.DataFrame([[1.5, "a"], [2.5, "b"]], columns=["x", "x"], index=["p", "q"])
    assert compact(twice).restore().equals(twice)


def test_what_is_asked_wrongly_is_told() -> None:
    frame = pandas.DataFrame({"x": [1.0]})
    with pytest.raises(UsageError, match="takes a DataFrame, not list"):
        compact([1])
    with pytest.raises(UsageError, match="no column 'y'"):
        compact(frame, {"y": 0.01})
    for tick in (0.0, -1.0, 0.03, 2.0, "a"):
        with pytest.raises(UsageError, match="one over a whole number"):
            compact(frame, {"x": tick})  # type: ignore[dict-item]
