"""Chains from a QuantConnect LEAN data folder, as it lies on disk.

Equity options in minute or hour quotes, index options in minute quotes. Only bars of the regular
session count, each known at its end. A quote's age is the time since the end of the bar that
carried it: its true age is up to one bar more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from engine.clock import from_ns
from engine.errors import BadDataError, NoInputError
from engine.feeds.distributions import believed, notes_of
from engine.feeds.lean_carry import Factor, carry_at, read_factors, read_rates
from engine.feeds.lean_chain import Day, chains_of
from engine.feeds.lean_files import Refuse
from engine.feeds.lean_layout import INDEX_OPTIONS, Folder, OptionZip
from engine.feeds.lean_session import (
    CHICAGO,
    NEW_YORK,
    LocalTimes,
    days_of,
    last_day,
    read_book,
    read_underlying,
)
from engine.feeds.names import AM_MONTHLY, plain_name
from engine.feeds.protocol import Loaded, is_within
from engine.feeds.record import CellError
from engine.feeds.text_file import CAPS, Caps
from engine.market.calendar import US
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.nearest import hint

_NS_PER_HOUR = 3_600_000_000_000
_INDEX_OF = {weekly: monthly for monthly, weekly in AM_MONTHLY.items()}


class LeanFeed:
    """Read the option chains of a LEAN data folder.

    A symbol is what LEAN's map files call it today; SPX and SPXW are two symbols, options on the
    index SPX. Minute quotes are taken where a day has both. Contracts are those quoted on the day
    itself, so a strike that a split has replaced is not there any more; nor is a series that has
    settled.

    Parameters
    ----------
    directory
        LEAN's ``Data`` folder, or the one it is in.
    as_of
        UTC nanoseconds: give one chain, as known then. After the close of a day that is the
        chain of its close, before the first open of the data there is none. None gives a chain
        for every whole hour of the last day there is, from 10:00 New York time to the close.
    strict
        Whether the first refused row, or a missing companion file, is fatal.

    Raises
    ------
    NoInputError
        If there is no such folder, or no option quotes in it.
    """

    def __init__(
        self,
        directory: str | Path,
        as_of: int | None = None,
        strict: bool = False,
        max_bytes: int = 0,
    ) -> None:
        self._folder = Folder(directory, Caps.of(max_bytes) if max_bytes else CAPS)
        self._as_of = as_of
        self._strict = strict

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that have option quotes, sorted."""
        return tuple(sorted(self._folder.symbols))

    def chains(
        self, symbol: str, since: int | None = None, until: int | None = None
    ) -> Iterator[Loaded]:
        """Yield the chains of `symbol`, oldest first; the first of a day carries what was refused.

        A range gives one for every whole hour of each of its days.

        Raises
        ------
        NoInputError
            If the folder does not have `symbol`, or has it only after `as_of`.
        InputOutputError
            If an archive is damaged.
        BadDataError
            If no quote of it is valid (any refused row, when strict).
        """
        symbol = plain_name(symbol)
        if symbol not in self._folder.symbols:
            raise NoInputError(
                f"{self._folder.root}: no options of {symbol}: {hint(symbol, self.symbols())}"
            )
        if since is None and until is None:
            yield from self._day(symbol, *self._latest(symbol))
            return
        found = False
        for day, archive in self._days(symbol, since, until):
            for loaded in self._day(symbol, archive, day, is_whole=True):
                if is_within(loaded.chain.ts_ns, since, until):
                    found = True
                    yield loaded
        if not found:
            ends = (from_ns(ts).isoformat() if ts is not None else "..." for ts in (since, until))
            raise NoInputError(
                f"{self._folder.root}: no quotes of {symbol} from {' to '.join(ends)}"
            )

    def _days(
        self, symbol: str, since: int | None, until: int | None
    ) -> Iterator[tuple[date, OptionZip]]:
        """Yield the days of a range that have quotes, oldest first, by minutes if possible."""
        first = date.min if since is None else US.session_date(max(since, 0))
        last = date.max if until is None else US.session_date(max(until, 0))
        days: dict[date, OptionZip] = {}
        for year, ticker, archive in self._folder.hour_zips(symbol):
            if first.year <= year <= last.year:
                for day in days_of(archive):
                    if self._folder.ticker(symbol, day) == ticker:
                        days[day] = archive
        days.update(self._folder.minute_zips(symbol))
        yield from ((day, days[day]) for day in sorted(days) if first <= day <= last)

    def _day(
        self, symbol: str, archive: OptionZip, day: date, *, is_whole: bool = False
    ) -> Iterator[Loaded]:
        problems: list[str] = []

        def refuse(error: CellError) -> None:
            if self._strict:
                raise BadDataError(str(error))
            problems.append(str(error))

        instants = self._instants(day, None if is_whole else self._as_of)
        day_of_quotes = self._read(symbol, archive, day, instants, refuse)
        loaded = self._loaded(day_of_quotes, refuse)
        if not loaded:
            if problems:
                raise BadDataError(
                    f"{archive.path.name}: no valid quote of {symbol}: {problems[0]}"
                )
            last = from_ns(day_of_quotes.instants[-1]).isoformat()
            raise NoInputError(f"{archive.path}: no live quote of {symbol} is known at {last}")
        knows_dividends = day_of_quotes.is_index or self._folder.factor_file(symbol).exists()
        for k, (chain, carry) in enumerate(loaded):
            yield Loaded(
                chain,
                carry,
                tuple(problems) if k == 0 else (),
                notes=notes_of(chain, carry),
                knows_dividends=knows_dividends,
            )

    def _latest(self, symbol: str) -> tuple[OptionZip, date]:
        """Return the archive of the last day that had opened by `as_of`."""
        limit = None
        if self._as_of is not None:
            limit = US.session_date(max(self._as_of, 0))
            if self._as_of <= US.open_ns(limit):
                limit -= timedelta(days=1)
        minute, hourly = self._folder.minute_zips(symbol), self._folder.hour_zips(symbol)
        days = [day for day in minute if limit is None or day <= limit]
        best = (max(days), minute[max(days)]) if days else None
        for year, ticker, archive in reversed(hourly):
            if limit is not None and year > limit.year:
                continue
            if best is not None and (year < best[0].year or best[0] == limit):
                break
            day = last_day(archive, limit)
            is_known = day is not None and self._folder.ticker(symbol, day) == ticker
            if day is not None and is_known and (best is None or day > best[0]):
                best = day, archive
        if best is None:
            asked = from_ns(self._as_of or 0).isoformat()
            first = min([*map(str, minute), *(str(year) for year, _, _ in hourly)], default="")
            why = f"; they begin in {first}" if first else " under the names of its map file"
            raise NoInputError(f"{self._folder.root}: no quotes of {symbol} up to {asked}{why}")
        return best[1], best[0]

    def _instants(self, day: date, as_of: int | None) -> tuple[int, ...]:
        closes = US.close_ns(day)
        if as_of is not None:
            return (min(as_of, closes),)
        hours = (closes - US.open_ns(day)) // _NS_PER_HOUR
        return tuple(closes - k * _NS_PER_HOUR for k in range(hours, -1, -1))

    def _read(
        self,
        symbol: str,
        archive: OptionZip,
        day: date,
        instants: tuple[int, ...],
        refuse: Refuse,
    ) -> Day:
        folder = self._folder
        is_index = folder.symbols[symbol] == INDEX_OPTIONS
        underlying = _INDEX_OF.get(symbol, symbol) if is_index else symbol
        kind, data, zone = (
            ("index", "trade", CHICAGO) if is_index else ("equity", "quote", NEW_YORK)
        )
        name = f"{day:%Y%m%d}_{data}.zip"
        path = folder.market(kind).joinpath("minute", folder.ticker(underlying, day), name)
        times = LocalTimes.of(day, instants, zone)
        shown = folder.shown(path)
        spot = read_underlying(path, shown, times, refuse, folder.caps, is_index=is_index)
        book = read_book(archive, day, LocalTimes.of(day, instants, NEW_YORK), refuse)
        source = f"lean:{folder.shown(archive.path)}"
        return Day(symbol, underlying, is_index, archive.style, source, instants, book, spot)

    def _loaded(self, day: Day, refuse: Refuse) -> list[tuple[OptionChain, Carry]]:
        factors: tuple[Factor, ...] = ()
        if not day.is_index:
            factors = read_factors(self._folder.factor_file(day.symbol), refuse)
        rates_path = self._folder.market("alternative/interest-rate") / "interest-rate.csv"
        rates = read_rates(rates_path, refuse)
        loaded = []
        for chain in chains_of(day, refuse):
            # One session more: a call assigned overnight may cost a dividend after its expiry.
            until = US.next_session(max(expiry.date for expiry in chain.expiries))
            carry = carry_at(factors, rates, US, chain.ts_ns, until)
            loaded.append((chain, believed(chain, carry)))
        return loaded
