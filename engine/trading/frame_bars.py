"""Bars of tables in memory: DataFrames, one or by symbol, as notebooks have them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, tzinfo
from typing import Any

from engine.backtesting.data import Data
from engine.errors import BadDataError, UsageError
from engine.market.bars import Bars
from engine.trading.csv_bars import column_places
from engine.trading.rows import MOST_ROWS, Complaints, Rows
from engine.trading.sources import Wanted, bars_of, data_of, zone_of

NAME = "DataFrame"


def is_frame(value: object) -> bool:
    """Tell whether a value is a DataFrame, without importing what makes them."""
    return hasattr(value, "columns") and hasattr(value, "index") and hasattr(value, "iloc")


def frame_data(frames: object, wanted: Wanted) -> Data:
    """Return the bars of a DataFrame, or of a mapping of symbols to them.

    A frame has columns open, high, low, close and perhaps volume, whatever their case, and times in
    its index or in a column; with a column of symbols, or a second level of columns, it has several
    of them.

    Raises
    ------
    EngineError
        If it is none, or has no bars.
    """
    tell, zone = Complaints(), zone_of(wanted.zone)
    found: dict[str, tuple[Bars, int]] = {}
    for symbol, frame in _by_symbol(frames).items():
        if wanted.symbols and symbol not in wanted.symbols:
            continue
        rows, days = _rows(frame, symbol, zone, tell)
        rows = rows.ordered(f"of {symbol}", tell)
        if rows:
            found[symbol] = bars_of(rows, days, is_end=wanted.is_end)
    for symbol in wanted.symbols:
        if symbol not in found:
            raise BadDataError(f"{NAME}: no bars of {symbol}")
    return data_of(found, wanted, NAME, tell)


def _by_symbol(frames: object) -> dict[str, Any]:
    if isinstance(frames, Mapping):
        if not frames or not all(is_frame(frame) for frame in frames.values()):
            raise UsageError("bars: expected DataFrames by symbol, or one DataFrame")
        return {str(symbol): frame for symbol, frame in frames.items()}
    frame: Any = frames
    if getattr(frame.columns, "nlevels", 1) == 2:
        for level in (1, 0):
            names = [str(name) for name in frame.columns.get_level_values(1 - level)]
            if "open" in {name.lower() for name in names}:
                symbols = dict.fromkeys(frame.columns.get_level_values(level))
                return {str(name): frame.xs(name, axis=1, level=level) for name in symbols}
        raise BadDataError(f"{NAME}: no column Open in either level of its columns")
    places = _places(frame)
    if "symbol" in places:
        column = frame.iloc[:, places["symbol"]]
        return {
            str(name).upper(): frame[(column == name).to_numpy()] for name in dict.fromkeys(column)
        }
    return {"BARS": frame}


def _places(frame: Any) -> dict[str, int]:
    places = column_places([str(name) for name in frame.columns])
    missing = [name for name in ("open", "high", "low", "close") if name not in places]
    if missing:
        raise BadDataError(f"{NAME}: no column {missing[0]}; it has "
                           f"{', '.join(map(str, list(frame.columns)[:10]))}")  # fmt: skip
    return places


def _rows(
    frame: Any, symbol: str, zone: tzinfo, tell: Complaints
) -> tuple[Rows, dict[int, date] | None]:
    """Return the rows of a frame, and the day of each where they are whole days."""
    if not 0 < len(frame) <= MOST_ROWS:
        raise BadDataError(f"{NAME}: {len(frame):,} rows of {symbol}")
    places = _places(frame)
    stamps, days = _times(frame, places, zone)
    columns = [
        [float(value) for value in frame.iloc[:, places[name]].to_numpy(dtype="float64")]
        for name in ("open", "high", "low", "close")
    ]
    volumes = [0.0] * len(frame)
    if "volume" in places:
        column = frame.iloc[:, places["volume"]].to_numpy(dtype="float64")
        volumes = [float(value) if value == value else 0.0 for value in column]
    rows = Rows()
    for number, (stamp, *prices, volume) in enumerate(zip(stamps, *columns, volumes, strict=True)):
        opened, high, low, close = prices
        wrong = rows.add(stamp, opened, high, low, close, volume)
        if wrong:
            tell.add("that are no bars", f"{NAME} {symbol} row {number}: {wrong}")
    return rows, days


def _times(
    frame: Any, places: Mapping[str, int], zone: tzinfo
) -> tuple[list[int], dict[int, date] | None]:
    pandas: Any = __import__("pandas")
    index = frame.index
    if not isinstance(index, pandas.DatetimeIndex):
        if "time" not in places:
            raise BadDataError(f"{NAME}: no times: make them its index, or a column time")
        index = frame.iloc[:, places["time"]]
    try:
        index = pandas.DatetimeIndex(pandas.to_datetime(index))
    except (ValueError, TypeError) as error:
        raise BadDataError(f"{NAME}: its times cannot be read: {error}") from None
    if index.hasnans:
        raise BadDataError(f"{NAME}: a time is missing")
    local = index.tz_localize(None)
    aware = index.tz_localize(zone) if index.tz is None else index
    stamps = [int(stamp) for stamp in aware.as_unit("ns").asi8]
    if (local == local.normalize()).all():
        return stamps, dict(zip(stamps, (one.date() for one in local), strict=True))
    return stamps, None
