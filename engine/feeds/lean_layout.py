"""Where things lie in a LEAN data folder: option zips by symbol and day, and renamed tickers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.errors import BadDataError, InputOutputError, NoInputError
from engine.feeds.record import CellError, parse_day
from engine.feeds.text_file import CAPS, Caps, read_text

EQUITY_OPTIONS = "option"
INDEX_OPTIONS = "indexoption"
MARKET = "usa"

_ANY = re.compile(r".*")
_CSV = re.compile(r".+\.csv")
_MINUTE_ZIP = re.compile(r"(\d{8})_quote_(american|european)\.zip")
_HOUR_ZIP = re.compile(r"(.+)_(\d{4})_quote_(american|european)\.zip")
_MEMBER = re.compile(r".+_(american|european)_(call|put)_([0-9]{1,11})_([0-9]{8})\.csv")
# Of a map file: it becomes the name of a folder.
_TICKER = re.compile(r"[a-z0-9][a-z0-9._$^-]{0,31}")


@dataclass(frozen=True, slots=True)
class Series:
    """What the name of a member says: one contract."""

    listed: date
    strike: float
    right: str
    style: str


def series_of(member: str, place: str) -> Series:
    """Return the contract that `member` of an option zip holds.

    >>> series_of("20140606_aapl_minute_quote_american_call_6450000_20140621.csv", "")
    Series(listed=datetime.date(2014, 6, 21), strike=645.0, right='C', style='american')

    Raises
    ------
    CellError
        If its name is not one LEAN gives.
    """
    found = _MEMBER.fullmatch(member)
    listed = parse_day(found[4]) if found else None
    if not found or listed is None or not 1990 <= listed.year < 2200 or int(found[3]) == 0:
        raise CellError(
            f"{place}: expected a name like 20151224_goog_minute_quote_american_call_7500000"
            "_20160115.csv"
        )
    right = "C" if found[2] == "call" else "P"
    return Series(listed, int(found[3]) / 1e4, right, found[1])


@dataclass(frozen=True, slots=True)
class OptionZip:
    """One archive of option quotes: a day of minute bars or a year of hour bars."""

    path: Path
    style: str
    is_hourly: bool
    caps: Caps = CAPS

    def companion(self, data: str) -> Path:
        """Return the path beside it that holds "trade" or "openinterest" instead of quotes."""
        return self.path.with_name(self.path.name.replace("_quote_", f"_{data}_"))


class Folder:
    """A LEAN data folder, listed once.

    Raises
    ------
    NoInputError
        If it does not exist or holds no option quotes.
    """

    def __init__(self, path: str | Path, caps: Caps = CAPS) -> None:
        self.root = _root(Path(path))
        self.caps = caps
        self.symbols: dict[str, str] = {}
        self._maps: dict[str, list[tuple[date, str]]] = {}
        for kind in (EQUITY_OPTIONS, INDEX_OPTIONS):
            for ticker in sorted(self._tickers(kind)):
                self.symbols.setdefault(self._symbol(kind, ticker), kind)
        if not self.symbols:
            raise NoInputError(
                f"{path}: no option quotes in it: expected {EQUITY_OPTIONS}/{MARKET}/minute/"
                "SYMBOL/YYYYMMDD_quote_american.zip; name LEAN's Data folder"
            )

    def market(self, kind: str) -> Path:
        """Return the folder of `kind` ("option", "equity", ...) for the US market."""
        return self.root / kind / MARKET

    def _tickers(self, kind: str) -> set[str]:
        market = self.market(kind)
        minute = {
            folder.name
            for folder, _ in _matching(market / "minute", _ANY)
            if _matching(folder, _MINUTE_ZIP)
        }
        hour = {found[1] for _, found in _matching(market / "hour", _HOUR_ZIP)}
        return minute | hour

    def _symbol(self, kind: str, ticker: str) -> str:
        if kind == EQUITY_OPTIONS and not self._map(ticker):
            for path, _ in _matching(self._map_folder, _CSV):
                if any(name == ticker for _, name in self._map(path.stem)):
                    return path.stem.upper()
        return ticker.upper()

    @property
    def _map_folder(self) -> Path:
        return self.market("equity") / "map_files"

    def _map(self, symbol: str) -> list[tuple[date, str]]:
        """Return (last day, ticker) of `symbol`, oldest first; none where it has no map file."""
        stem = symbol.lower()
        if stem not in self._maps:
            path = self._map_folder / f"{stem}.csv"
            self._maps[stem] = _map_rows(path) if path.exists() else []
        return self._maps[stem]

    def ticker(self, symbol: str, day: date) -> str:
        """Return the ticker, in lower case, that `symbol` traded under on `day`."""
        if self.symbols.get(symbol) != INDEX_OPTIONS:
            for last, name in self._map(symbol):
                if day <= last:
                    return name
        return symbol.lower()

    def _names(self, symbol: str) -> list[str]:
        mapped = self._map(symbol) if self.symbols.get(symbol) == EQUITY_OPTIONS else []
        return sorted({*(name for _, name in mapped), symbol.lower()})

    def factor_file(self, symbol: str) -> Path:
        """Return where the dividends and splits of `symbol` lie, if they do."""
        return self.market("equity") / "factor_files" / f"{symbol.lower()}.csv"

    def minute_zips(self, symbol: str) -> dict[date, OptionZip]:
        """Return the minute archives of `symbol` by day, under the ticker of that day."""
        market = self.market(self.symbols[symbol])
        zips: dict[date, OptionZip] = {}
        for name in self._names(symbol):
            for path, found in _matching(market / "minute" / name, _MINUTE_ZIP):
                day = parse_day(found[1])
                if day is not None and self.ticker(symbol, day) == name:
                    zips.setdefault(day, OptionZip(path, found[2], False, self.caps))
        return zips

    def hour_zips(self, symbol: str) -> list[tuple[int, str, OptionZip]]:
        """Return (year, ticker, archive) of the hour archives of `symbol`, oldest first."""
        names = self._names(symbol)
        market = self.market(self.symbols[symbol])
        return [
            (int(found[2]), found[1], OptionZip(path, found[3], True, self.caps))
            for path, found in sorted(
                _matching(market / "hour", _HOUR_ZIP), key=lambda entry: entry[1][2]
            )
            if found[1] in names
        ]

    def shown(self, path: Path) -> str:
        """Return `path` as people are shown it: from the folder's own root."""
        return path.relative_to(self.root).as_posix()


def _root(path: Path) -> Path:
    try:
        is_there = path.exists()
    except (OSError, ValueError):  # a name that is too long, or has a zero byte in it
        raise NoInputError(f"{str(path)[:100]!r}: no folder can be called that") from None
    if not is_there:
        raise NoInputError(f"{path}: no such folder")
    if not path.is_dir():
        raise NoInputError(f"{path}: is a file; name LEAN's Data folder")
    inner = path / "Data"
    return inner if not (path / EQUITY_OPTIONS).is_dir() and inner.is_dir() else path


# Not Path.glob: a pattern such as `*_quote_*.zip` matches nothing there on PyPy 3.11, whose
# `re.fullmatch` fails on the atomic groups that fnmatch writes for it.
def _matching(folder: Path, pattern: re.Pattern[str]) -> list[tuple[Path, re.Match[str]]]:
    if not folder.is_dir():
        return []
    try:
        found = [(entry, pattern.fullmatch(entry.name)) for entry in sorted(folder.iterdir())]
    except OSError as error:
        raise InputOutputError(f"{folder}: {error.strerror or error}") from None
    return [(entry, match) for entry, match in found if match]


def _map_rows(path: Path) -> list[tuple[date, str]]:
    rows = []
    for line, raw in enumerate(read_text(path).splitlines(), 1):
        cells = raw.strip().split(",")
        last = parse_day(cells[0])
        if last is None or len(cells) < 2 or not _TICKER.fullmatch(cells[1].lower()):
            if raw.strip():
                got = raw[:60]
                raise BadDataError(f"{path.name}:{line}: expected YYYYMMDD,ticker, got {got!r}")
            continue
        rows.append((last, cells[1].lower()))
    return sorted(rows)
