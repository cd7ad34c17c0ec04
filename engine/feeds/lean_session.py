"""What one day of a LEAN folder says of an option series at given instants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from engine.clock import to_ns
from engine.feeds.lean_files import (
    HOUR_MS,
    LEVELS,
    MINUTE_MS,
    OPEN_INTEREST,
    QUOTE,
    QUOTES,
    TRADE,
    Archive,
    Layout,
    Refuse,
    Rows,
    SeenQuote,
    Window,
    hour_rows,
    minute_rows,
    quotes_at,
    totals_at,
)
from engine.feeds.lean_layout import OptionZip, Series, series_of
from engine.feeds.record import CellError, parse_day
from engine.feeds.text_file import CAPS, Caps
from engine.market.calendar import US, zone_named

NEW_YORK = US.zone
CHICAGO = "America/Chicago"

_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class LocalTimes:
    """The instants and the session of a day as milliseconds since midnight in one zone.

    No zone in use changes its clocks during a session, so elapsed time is wall time.
    """

    instants: tuple[int, ...]
    opens: int
    closes: int

    @classmethod
    def of(cls, day: date, instants_ns: Sequence[int], zone: str) -> LocalTimes:
        """Return those of session `day` and of `instants_ns`, floored."""
        midnight = to_ns(datetime(day.year, day.month, day.day, tzinfo=zone_named(zone)))

        def since(ts_ns: int) -> int:
            return (ts_ns - midnight) // _NS_PER_MS

        return cls(
            tuple(since(ts_ns) for ts_ns in instants_ns),
            since(US.open_ns(day)),
            since(US.close_ns(day)),
        )

    def window(self, length: int) -> Window:
        """Return which bars of `length` count."""
        return Window(self.opens, self.closes, length)


@dataclass(frozen=True, slots=True)
class Book:
    """By contract, in the order of the instants: quotes, volume so far, open interest.

    `volume` and `open_interest` are None where the folder has no such file. A contract that is not
    in the first did not trade; of one not in the second nothing is known.
    """

    quotes: dict[Series, list[SeenQuote | None]]
    volume: dict[Series, list[float]] | None = None
    open_interest: dict[Series, list[float]] | None = None


def read_book(archive: OptionZip, day: date, times: LocalTimes, refuse: Refuse) -> Book:
    """Return the book of `archive` on `day`. O(rows of the day up to the last instant)."""
    if archive.is_hourly:
        stamp = f"{day:%Y%m%d}"

        def hourly(text: str, place: str) -> Rows:
            return hour_rows(text, QUOTE, place, refuse, stamp)

        return Book(_quotes(archive, hourly, times, HOUR_MS, refuse))

    def by_minute(text: str, place: str) -> Rows:
        return minute_rows(text, QUOTE, place, refuse)

    return Book(
        _quotes(archive, by_minute, times, MINUTE_MS, refuse),
        _totals(archive, "trade", TRADE, 5, times, refuse),
        _totals(archive, "openinterest", OPEN_INTEREST, 1, times, refuse),
    )


def _quotes(
    option_zip: OptionZip,
    rows_of: Callable[[str, str], Rows],
    times: LocalTimes,
    length: int,
    refuse: Refuse,
) -> dict[Series, list[SeenQuote | None]]:
    window = times.window(length)
    found: dict[Series, list[SeenQuote | None]] = {}
    with Archive(option_zip.path, option_zip.caps) as archive:
        for name in archive.names():
            place = archive.place(name)
            series = _series(name, place, option_zip, refuse)
            if series is None:
                continue
            rows = rows_of(archive.text(name), place)
            known = quotes_at(rows, times.instants, window, QUOTES, place, refuse)
            if known[-1] is not None:
                found[series] = known
    return found


def _totals(
    option_zip: OptionZip,
    data: str,
    columns: tuple[str, ...],
    column: int,
    times: LocalTimes,
    refuse: Refuse,
) -> dict[Series, list[float]] | None:
    path = option_zip.companion(data)
    if not path.exists():
        return None
    caps = option_zip.caps
    is_running = data == "trade"
    # Open interest is published once, before the open, and known from its stamp on.
    window = times.window(MINUTE_MS) if is_running else Window(-1, times.closes, 0)
    found: dict[Series, list[float]] = {}
    with Archive(path, caps) as archive:
        for name in archive.names():
            place = archive.place(name)
            series = _series(name, place, option_zip, refuse)
            if series is None:
                continue
            rows = minute_rows(archive.text(name), columns, place, refuse)
            found[series] = totals_at(
                rows, times.instants, window, column, columns, place, refuse, is_running=is_running
            )
    return found


def _series(name: str, place: str, option_zip: OptionZip, refuse: Refuse) -> Series | None:
    try:
        series = series_of(name, place)
    except CellError as error:
        refuse(error)
        return None
    if series.style != option_zip.style:
        refuse(CellError(f"{place}: expected {option_zip.style} contracts, got {series.style}"))
        return None
    return series


def read_underlying(
    path: Path,
    shown: str,
    times: LocalTimes,
    refuse: Refuse,
    caps: Caps = CAPS,
    *,
    is_index: bool,
) -> list[SeenQuote | None]:
    """Return the quote of an equity, or the level of an index, at each of the instants."""
    unknown: list[SeenQuote | None] = [None] * len(times.instants)
    if not path.exists():
        refuse(CellError(f"{shown}: no such file: the price of the underlying is not known"))
        return unknown
    layout: Layout = LEVELS if is_index else QUOTES
    with Archive(path, caps) as archive:
        for name in archive.names():
            place = archive.place(name)
            rows = minute_rows(archive.text(name), layout.columns, place, refuse)
            window = times.window(MINUTE_MS)
            return quotes_at(rows, times.instants, window, layout, place, refuse)
    refuse(CellError(f"{shown}: nothing is in it: the price of the underlying is not known"))
    return unknown


def last_day(option_zip: OptionZip, limit: date | None) -> date | None:
    """Return the last day, up to `limit`, that an archive of hour bars has a row for."""
    bound = "99999999" if limit is None else f"{limit:%Y%m%d}"
    best = ""
    with Archive(option_zip.path, option_zip.caps) as archive:
        for name in archive.names():
            for raw in reversed(archive.text(name).splitlines()):
                stamp = raw[:8]
                if stamp <= best:
                    break
                if stamp <= bound and parse_day(stamp) is not None:
                    best = stamp
                    break
            if best == bound:
                break
    return parse_day(best)


def days_of(option_zip: OptionZip) -> list[date]:
    """Return the days that an archive of hour bars has rows for, oldest first. O(rows)."""
    stamps: set[str] = set()
    with Archive(option_zip.path, option_zip.caps) as archive:
        for name in archive.names():
            stamps.update(raw[:8] for raw in archive.text(name).splitlines())
    days = {parse_day(stamp) for stamp in stamps}
    return sorted(day for day in days if day is not None)
