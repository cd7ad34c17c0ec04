"""Bars of a LEAN data folder: shares by day, hour and minute, coins likewise.

Prices are as they were traded; splits and dividends come from the factor file, as events at the
open of the session after the row. Extended hours are left out. A ticker that was another one before
is looked for under each of its names, by the map file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from itertools import pairwise
from pathlib import Path

from engine.backtesting.data import Dividend, Split
from engine.clock import NS_PER_DAY, to_ns
from engine.errors import BadDataError, NoInputError, UsageError
from engine.feeds.lean_carry import Factor, read_factors
from engine.feeds.lean_files import TRADE, Archive
from engine.feeds.record import CellError, parse_day
from engine.feeds.text_file import Caps, read_text
from engine.market.calendar import US, zone_named
from engine.nearest import hint
from engine.trading.intervals import DAY, HOUR, MINUTE, shown
from engine.trading.rows import Complaints, Rows

_SHARES, _COINS = "equity/usa", "crypto"
_RESOLUTIONS = {DAY: "daily", HOUR: "hour", MINUTE: "minute"}
_EXTENDED = "outside of sessions"
_MOST_FILES = 20_000
_MS_OF_DAY = 86_400_000
_CAPS = Caps(advice="no file of LEAN's is that large")


@dataclass(frozen=True, slots=True)
class Instrument:
    """One symbol of a folder: where its bars lie, by what names, and since when it is the one."""

    symbol: str
    market: Path
    tickers: tuple[str, ...]
    is_coin: bool
    first: date | None = None

    @property
    def scale(self) -> float:
        """What prices are divided by: shares count ten-thousandths."""
        return 1.0 if self.is_coin else 1e4


@dataclass(frozen=True, slots=True)
class LeanFolder:
    """A data folder of LEAN: the one that holds ``equity`` or ``crypto``."""

    root: Path

    def instruments(self) -> dict[str, Instrument]:
        """Return what it has bars of, by symbol, shares first.

        Raises
        ------
        NoInputError
            If it is no such folder.
        """
        root = self.root
        if not root.is_dir():
            raise NoInputError(f"{root}: no such folder")
        if not (root / _SHARES).is_dir() and not (root / _COINS).is_dir():
            if (root / "Data").is_dir():
                return LeanFolder(root / "Data").instruments()
            raise NoInputError(f"{root}: no {_SHARES} nor {_COINS} in it; name LEAN's Data folder")
        found: dict[str, Instrument] = {}
        shares = root / _SHARES
        former: set[str] = set()
        for ticker in _tickers(shares, suffix=""):
            names, first = _names(shares, ticker)
            found[ticker.upper()] = Instrument(ticker.upper(), shares, names, False, first)
            former.update(name.upper() for name in names[1:])
        for symbol in sorted(former):  # the bars of a former name are its successor's
            if symbol in found and found[symbol].first is None:
                del found[symbol]
        for market in sorted((root / _COINS).glob("*")):
            for ticker in _tickers(market, suffix="_trade"):
                found.setdefault(
                    ticker.upper(), Instrument(ticker.upper(), market, (ticker,), True)
                )
        if not found:
            raise NoInputError(f"{root}: no bars of shares or coins in it")
        return found


def _tickers(market: Path, suffix: str) -> list[str]:
    names = set()
    for resolution in _RESOLUTIONS.values():
        folder = market / resolution
        for path in folder.glob("*") if folder.is_dir() else ():
            if path.is_dir():
                if any(path.glob("*_trade.zip")):
                    names.add(path.name)
            elif path.suffix == ".zip" and path.stem.endswith(suffix) and "_quote" not in path.stem:
                names.add(path.stem.removesuffix(suffix) if suffix else path.stem)
    return sorted(names)


def _names(market: Path, ticker: str) -> tuple[tuple[str, ...], date | None]:
    """Return the names of a share, the present one first, and the first day of its map file.

    What is older under the same ticker was another share.
    """
    path = market / "map_files" / f"{ticker}.csv"
    names, days = [ticker], []
    if path.exists():
        for line in read_text(path).splitlines()[:1000]:
            day, _, rest = line.partition(",")
            days.append(parse_day(day.strip()) or date.max)
            name = rest.partition(",")[0].strip().lower()
            if name.isalnum() and name not in names:
                names.append(name)
    return tuple(names), min(days, default=None)


def find(folder: LeanFolder, symbols: Sequence[str]) -> list[Instrument]:
    """Return the instruments asked for, all of a folder where none is.

    Raises
    ------
    NoInputError
        If there are no bars of a symbol.
    """
    known = folder.instruments()
    for symbol in symbols:
        if symbol not in known:
            raise NoInputError(f"{folder.root}: no bars of {symbol}: {hint(symbol, known)}")
    return [known[symbol] for symbol in (symbols or known)]


def native_interval(one: Instrument, interval_ns: int) -> int:
    """Return the longest bars on disk that `interval_ns` can be made of; with 0, the longest.

    Raises
    ------
    UsageError
        If there are none so short.
    """
    there = [step for step in _RESOLUTIONS if _files(one, step)]
    if not there:
        raise NoInputError(f"{one.market}: no bars of {one.symbol}")
    fits = [step for step in there if not interval_ns or interval_ns % step == 0]
    if not fits:
        raise UsageError(
            f"bars of {shown(interval_ns)}: {one.symbol} has only {', '.join(map(shown, there))}"
        )
    return fits[0]


def files_of(one: Instrument, step: int) -> list[Path]:
    """Return every file that bars of `step` and events of a symbol are read from."""
    beside = [
        one.market / folder / f"{one.tickers[0]}.csv" for folder in ("factor_files", "map_files")
    ]
    return [*_files(one, step), *(path for path in beside if path.exists())]


def _files(one: Instrument, step: int) -> list[Path]:
    folder = one.market / _RESOLUTIONS[step]
    found: list[Path] = []
    for ticker in one.tickers:
        if step == MINUTE:
            found.extend(sorted((folder / ticker).glob("*_trade.zip")))
        else:
            path = folder / f"{ticker}{'_trade' if one.is_coin else ''}.zip"
            found.extend([path] if path.exists() else [])
    if len(found) > _MOST_FILES:
        raise BadDataError(f"{folder}: more than {_MOST_FILES:,} days of {one.symbol}")
    return found


def read_rows(one: Instrument, step: int, since_ns: int, tell: Complaints) -> Rows:
    """Return the bars of `step` that close after `since_ns`, stamped by their closes."""
    rows = Rows()
    for path in _files(one, step):
        if step == MINUTE and _day_of(path) * NS_PER_DAY + 2 * NS_PER_DAY <= since_ns:
            continue
        with Archive(path, _CAPS) as archive:
            for name in archive.names():
                _read_member(one, step, archive.text(name), archive.place(name), path, rows, tell)
    return rows


def _day_of(path: Path) -> int:
    day = parse_day(path.name[:8])
    return (day - date(1970, 1, 1)).days if day else 1 << 20


def _read_member(
    one: Instrument, step: int, text: str, place: str, path: Path, rows: Rows, tell: Complaints
) -> None:
    times = _Times(path, one, step)
    since = US.open_ns(one.first) if one.first else 0
    for line, raw in enumerate(text.splitlines(), 1):
        cells = raw.split(",")
        if len(cells) != len(TRADE):
            if raw.strip():
                tell.add("without all columns", f"{place}:{line}")
            continue
        end = times.end(cells[0])
        if end is not None and 0 <= end < since:
            tell.add("older than the map file", f"{place}:{line}")
            continue
        if end is None:
            tell.add("whose time cannot be read", f"{place}:{line}: {cells[0][:20]!r}")
            continue
        if end < 0:
            continue
        try:
            numbers = [float(cell) for cell in cells[1:]]
        except ValueError:
            tell.add("that are no bars", f"{place}:{line}: a cell is no number")
            continue
        opened, high, low, close = (number / one.scale for number in numbers[:4])
        wrong = rows.add(end, opened, high, low, close, numbers[4])
        if wrong:
            tell.add("that are no bars", f"{place}:{line}: {wrong}")


class _Times:
    """When the bars of one archive closed; -1 for those outside of sessions, None for no time."""

    def __init__(self, path: Path, one: Instrument, step: int) -> None:
        self._is_coin, self._step = one.is_coin, step
        self._zone = timezone.utc if one.is_coin else zone_named(US.zone)
        self._day = parse_day(path.name[:8]) if step == MINUTE else None
        self._spans: dict[date, tuple[int, int, int]] = {}

    def end(self, text: str) -> int | None:
        if self._step == MINUTE:
            if self._day is None or not (text.isdecimal() and int(text[:9]) < _MS_OF_DAY):
                return None
            return self._within(self._day, int(text) * 1_000_000)
        day = parse_day(text[:8])
        if day is None or text[8:9] != " " or text[11:12] != ":" or len(text) != 14:
            return None
        if not (text[9:11] + text[12:]).isdecimal():
            return None
        if self._step == DAY:
            return self._span(day)[0] + NS_PER_DAY if self._is_coin else self._span(day)[2]
        return self._within(day, (int(text[9:11]) * 60 + int(text[12:])) * MINUTE)

    def _within(self, day: date, since_midnight: int) -> int:
        midnight, opens, closes = self._span(day)
        end = midnight + since_midnight + self._step
        if self._is_coin:
            return end
        # The hour that holds the open begins before it.
        return end if opens < end and end - self._step < closes else -1

    def _span(self, day: date) -> tuple[int, int, int]:
        if day not in self._spans:
            midnight = to_ns(datetime(day.year, day.month, day.day, tzinfo=self._zone))
            is_open = not self._is_coin and US.is_session(day)
            bounds = (US.open_ns(day), US.close_ns(day)) if is_open else (0, 0)
            self._spans[day] = midnight, *bounds
        return self._spans[day]


def read_actions(one: Instrument, tell: Complaints) -> list[Split | Dividend]:
    """Return the splits and dividends of a share, in order of time; of a coin there are none."""
    if one.is_coin:
        return []
    path = one.market / "factor_files" / f"{one.tickers[0]}.csv"

    def refuse(error: CellError) -> None:
        tell.add("of a factor file", str(error))

    return list(_actions(one.symbol, read_factors(path, refuse)))


def _actions(symbol: str, factors: Sequence[Factor]) -> Iterator[Split | Dividend]:
    for row, after in pairwise(factors):
        time_ns = US.open_ns(US.next_session(row.last))
        # The dividend of a row is per share of that day, and so goes before its split.
        amount = round(row.reference * (1.0 - row.price / after.price), 4)
        if amount > 0.0:
            yield Dividend(symbol, time_ns, amount)
        ratio = _ratio(after.split / row.split)
        if ratio != 1.0:
            yield Split(symbol, time_ns, ratio)


def _ratio(quotient: float) -> float:
    """Return the ratio of small whole numbers that a quotient of rounded factors stands for.

    >>> _ratio(0.25 / 0.0357143), _ratio(0.1000001), _ratio(1.0027)
    (7.0, 0.1, 1.0027)
    """
    for shares in range(1, 51):
        whole = round(quotient * shares)
        if whole and abs(quotient * shares / whole - 1.0) < 1e-5:
            return whole / shares
    return round(quotient, 6)
