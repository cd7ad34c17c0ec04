"""Where bars come from: the demo market, CSV files, a LEAN folder, the store.

Whatever the source writes, a bar here is stamped by its close, its prices are as they were traded,
and the bars of all symbols are of one length. What was wrong with rows is in the notes.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.backtesting.data import Data, Dividend, Split
from engine.clock import NS_PER_DAY
from engine.errors import BadDataError, UsageError
from engine.market.bars import Bars
from engine.nearest import hint
from engine.plural import plural
from engine.trading.demo_bars import SEED, SYMBOLS, demo_bars
from engine.trading.intervals import DAY, HOUR, interval_of, shown
from engine.trading.resampling import is_always_open, resampled

if TYPE_CHECKING:
    from datetime import date, tzinfo
    from pathlib import Path

    from engine.store.protocol import Store
    from engine.trading.lean_bars import Instrument
    from engine.trading.rows import Complaints, Rows

SOURCES = ("demo", "csv", "lean", "store")
DEMO_DAYS, MOST_DAYS = 30, 3650
US_CALENDAR, ALWAYS = "us", "crypto"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a source: symbols (none: all), length of bars (0: its own), days (0: all).

    `zone` is that of times in files that name none; `is_end` says that they are ends of bars.
    """

    symbols: tuple[str, ...] = ()
    interval_ns: int = 0
    days: int = 0
    zone: str = "UTC"
    is_end: bool = False
    seed: int = SEED


def open_bars(
    source: str = "demo",
    symbols: Sequence[str] = (),
    interval: str = "",
    days: int = 0,
    *,
    zone: str = "UTC",
    is_end: bool = False,
    seed: int = SEED,
    store: str | None = None,
) -> Data:
    """Return bars: of ``demo``, ``csv:FILE``, ``lean:DIR`` or ``store``.

    `interval` is the length of a bar ("1h"), an empty one that of the source; bars that are shorter
    are put together by session. `days` keeps the last ones of the data. `store` is the address of
    the store, else the one of the environment.

    Raises
    ------
    EngineError
        What is wrong with the request or the data, in one line.
    """
    if not 0 <= days <= MOST_DAYS:
        raise UsageError(f"days: expected at most {MOST_DAYS:,}, not {days}")
    if len(set(symbols)) != len(symbols):
        raise UsageError(f"a symbol is named twice: {', '.join(symbols)}")
    wanted = Wanted(
        tuple(symbols), interval_of(interval) if interval else 0, days, zone, is_end, seed
    )
    kind, _, rest = source.partition(":")
    if kind == "demo" and not rest:
        return _demo(wanted)
    if kind == "csv":
        return _csv(rest, wanted)
    if kind == "lean":
        return _lean(rest, wanted)
    if kind == "store":
        return _store(rest or store, wanted)
    raise UsageError(f"no source {source!r}: {hint(kind, SOURCES)}; such as csv:prices.csv")


def _demo(wanted: Wanted) -> Data:
    interval = wanted.interval_ns or HOUR
    for symbol in wanted.symbols:
        if symbol not in SYMBOLS:
            raise UsageError(f"no symbol {symbol} in the demo market: {hint(symbol, SYMBOLS)}")
    days = wanted.days or DEMO_DAYS
    made = interval if interval < HOUR else HOUR
    if interval > HOUR and interval % HOUR:
        made = 60 * 10**9
    if days * NS_PER_DAY // made > 5_000_000:
        raise UsageError(
            f"{plural(days, 'day')} of {shown(interval)}: more bars than the demo makes"
        )
    bars = {
        symbol: demo_bars(symbol, made, days, wanted.seed)
        for symbol in wanted.symbols or tuple(SYMBOLS)
    }
    if made != interval:
        bars = {symbol: resampled(one, interval, None) for symbol, one in bars.items()}
    return Data(bars, interval, "demo", calendar=ALWAYS)


def _csv(spec: str, wanted: Wanted) -> Data:
    from engine.trading import csv_bars
    from engine.trading.history_cache import kept, states

    files = csv_bars.files_of(spec)
    seen = states(files)
    if seen is None:  # a pipe, or not there
        return _read_csv(spec, files, wanted)
    return kept(("csv", spec, seen, repr(wanted)), lambda: _read_csv(spec, files, wanted))


def _read_csv(spec: str, files: Sequence[Path], wanted: Wanted) -> Data:
    from engine.trading import csv_bars
    from engine.trading.rows import Complaints

    tell = Complaints()
    zone = zone_of(wanted.zone)
    tables = csv_bars.chosen(
        ((path.name, csv_bars.read_table(path, zone, tell)) for path in files), wanted.symbols
    )
    found: dict[str, tuple[Bars, int]] = {}
    for symbol, table in tables.items():
        rows = table.rows[symbol].ordered(f"of {symbol}", tell)
        if not rows:
            continue
        days = table.days[symbol] if table.is_dated or rows.step() >= DAY else None
        found[symbol] = bars_of(rows, days, is_end=table.is_end or wanted.is_end)
    return data_of(found, wanted, f"csv:{spec}", tell)


def zone_of(name: str) -> tzinfo:
    """Return a time zone.

    Raises
    ------
    UsageError
        If none is called so; the message names the nearest.
    UnavailableError
        If this machine knows none.
    """
    from zoneinfo import available_timezones

    from engine.market.calendar import zone_named

    known = available_timezones()
    if known and name not in known:
        raise UsageError(f"no time zone {name!r}: {hint(name, sorted(known), listed=3)}")
    return zone_named(name)


def bars_of(rows: Rows, days: Mapping[int, date] | None, *, is_end: bool) -> tuple[Bars, int]:
    """Return bars, stamped by their closes, and their length.

    `days` has the day of each row where rows are of whole days; else times are starts of bars, or
    with `is_end` ends.
    """
    step = rows.step()
    if days is not None:
        from engine.trading.csv_bars import ends_of

        length = DAY if step < 4 * DAY else step
        is_always = any(day.weekday() >= 5 for day in days.values())
        bars = rows.bars(lambda stamps: ends_of(days, stamps, length, is_always=is_always))
        return bars, length
    step = step or HOUR
    late = 0 if is_end else step
    return rows.bars(lambda stamps: array("q", [stamp + late for stamp in stamps])), step


def _lean(folder: str, wanted: Wanted) -> Data:
    from pathlib import Path

    from engine.trading import lean_bars
    from engine.trading.history_cache import kept, states

    if not folder:
        raise UsageError("lean: needs a folder: lean:Data")
    instruments = lean_bars.find(lean_bars.LeanFolder(Path(folder)), wanted.symbols)
    steps = [lean_bars.native_interval(one, wanted.interval_ns) for one in instruments]
    files = [
        path
        for one, step in zip(instruments, steps, strict=True)
        for path in lean_bars.files_of(one, step)
    ]
    seen = states(files)
    if seen is None:
        return _read_lean(folder, instruments, steps, wanted)
    return kept(
        ("lean", folder, seen, repr(wanted)),
        lambda: _read_lean(folder, instruments, steps, wanted),
    )


def _read_lean(
    folder: str, instruments: Sequence[Instrument], steps: Sequence[int], wanted: Wanted
) -> Data:
    from engine.trading import lean_bars
    from engine.trading.rows import Complaints

    tell = Complaints()
    found: dict[str, tuple[Bars, int]] = {}
    actions: list[Split | Dividend] = []
    for one, step in zip(instruments, steps, strict=True):
        rows = lean_bars.read_rows(one, step, 0, tell).ordered(f"of {one.symbol}", tell)
        if rows:
            found[one.symbol] = rows.bars(lambda stamps: array("q", stamps)), step
            actions.extend(lean_bars.read_actions(one, tell))
    calendar = ALWAYS if all(one.is_coin for one in instruments) else US_CALENDAR
    return data_of(found, wanted, f"lean:{folder}", tell, actions, calendar)


def _store(address: str | None, wanted: Wanted) -> Data:
    from engine.store import open_store, schema
    from engine.store.address import read_address
    from engine.trading import store_bars
    from engine.trading.history_cache import kept

    where = read_address(address, os.environ, from_command=bool(address))
    with open_store(where, must_exist=True) as store:
        schema.require(store)
        known = store_bars.holdings(store)
        seconds = store_bars.choose(known, wanted.symbols, wanted.interval_ns, where)
        has = [(symbol, step, known[symbol, step]) for symbol, step in seconds.items()]
        newest = max(last for _, _, (_, last) in has)
        since = newest - wanted.days * NS_PER_DAY if wanted.days else 0
        return kept(
            ("store", str(where), has, repr(wanted)),
            lambda: _read_store(store, seconds, since, wanted, f"store {where}"),
        )


def _read_store(
    store: Store, seconds: Mapping[str, int], since_ns: int, wanted: Wanted, source: str
) -> Data:
    from engine.trading import store_bars
    from engine.trading.rows import Complaints

    tell = Complaints()
    found: dict[str, tuple[Bars, int]] = {}
    for symbol, step in seconds.items():
        rows = store_bars.read_rows(store, symbol, step, since_ns, tell)
        if rows:
            rows = rows.ordered(f"of {symbol}", tell)
            found[symbol] = rows.bars(lambda stamps: array("q", stamps)), step * 10**9
    return data_of(found, wanted, source, tell)


def data_of(
    found: Mapping[str, tuple[Bars, int]],
    wanted: Wanted,
    source: str,
    tell: Complaints,
    actions: Sequence[Split | Dividend] = (),
    calendar: str = "",
) -> Data:
    """Return bars of one length and calendar, of the days asked for."""
    lines = tell.lines()
    if not found:
        raise BadDataError(f"{source}: no bars in it{': ' + lines[0] if lines else ''}")
    if not calendar:
        is_always = all(is_always_open(bars) for bars, _ in found.values())
        calendar = ALWAYS if is_always else US_CALENDAR
    interval = wanted.interval_ns or max(step for _, step in found.values())
    bars = {}
    for symbol, (one, step) in found.items():
        if step > interval or interval % step:
            raise UsageError(f"bars of {shown(interval)}: {symbol} has bars of {shown(step)}")
        bars[symbol] = one if step == interval else _longer(one, interval, calendar)
    last = max((one.time_ns[-1] for one in bars.values() if one.time_ns), default=0)
    since = last - wanted.days * NS_PER_DAY if wanted.days else 0
    bars = {symbol: _after(one, since) for symbol, one in bars.items()}
    empty = [symbol for symbol, one in bars.items() if not one.time_ns]
    if empty:
        raise BadDataError(
            f"{source}: no bars of {empty[0]} in the last {plural(wanted.days, 'day')}"
            if wanted.days
            else f"{source}: no bars of {empty[0]} in sessions of the exchange"
        )
    first = min(one.time_ns[0] for one in bars.values())
    kept = sorted(
        (one for one in actions if first < one.time_ns <= last),
        key=lambda one: (one.time_ns, one.symbol, isinstance(one, Split)),
    )
    return Data(bars, interval, source, tuple(kept), calendar, lines)


def _longer(bars: Bars, interval_ns: int, calendar: str) -> Bars:
    from engine.market.calendar import calendar_named

    return resampled(bars, interval_ns, None if calendar == ALWAYS else calendar_named("us"))


def _after(bars: Bars, since_ns: int) -> Bars:
    """Return the bars that close after an instant."""
    from bisect import bisect_right

    first = bisect_right(bars.time_ns, since_ns)
    if not first:
        return bars
    columns = (bars.time_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
    return Bars(*(column[first:] for column in columns))  # type: ignore[arg-type]
