"""Splits and official closes of a LEAN data folder: what a backtest of options needs beside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from engine.feeds.lean_carry import Factor, read_factors
from engine.feeds.lean_files import Archive, Refuse
from engine.feeds.lean_layout import EQUITY_OPTIONS, Folder
from engine.feeds.record import CellError, parse_day
from engine.market.calendar import US

_SCALE = 1e4  # prices of daily bars are in ten-thousandths
_CLOSE = 4


@dataclass(frozen=True, slots=True)
class ShareSplit:
    """From the open of `ex_date` on, `ratio` shares for one."""

    ex_date: date
    ratio: float


def splits_of(factors: tuple[Factor, ...]) -> tuple[ShareSplit, ...]:
    """Return the splits that a factor file tells, oldest first; ratios to four digits.

    >>> last = Factor(date(2050, 1, 1), 1.0, 1.0, 0.0)
    >>> rows = (Factor(date(2014, 6, 6), 1.0, 0.142857, 645.57), last)
    >>> splits_of(rows)
    (ShareSplit(ex_date=datetime.date(2014, 6, 9), ratio=7.0),)
    """
    found = []
    for row, after in pairwise(factors):
        ratio = round(after.split / row.split, 4)
        if ratio != 1.0 and ratio > 0.0:
            found.append(ShareSplit(US.next_session(row.last), ratio))
    return tuple(found)


def read_splits(folder: Folder, symbol: str, refuse: Refuse) -> tuple[ShareSplit, ...]:
    """Return the splits of a symbol; none of an index, or where there is no factor file."""
    if folder.symbols.get(symbol) != EQUITY_OPTIONS:
        return ()
    return splits_of(read_factors(folder.factor_file(symbol), refuse))


def read_closes(folder: Folder, symbol: str, refuse: Refuse) -> dict[date, float]:
    """Return the closes of the daily bars of an equity, by day; none where there are no bars.

    Raises
    ------
    InputOutputError
        If the archive is damaged.
    """
    path = folder.market("equity") / "daily" / f"{symbol.lower()}.zip"
    if folder.symbols.get(symbol) != EQUITY_OPTIONS or not path.is_file():
        return {}
    closes: dict[date, float] = {}
    with Archive(path, folder.caps) as archive:
        for name in archive.names():
            for line, raw in enumerate(archive.text(name).splitlines(), 1):
                cells = raw.split(",")
                day = parse_day(cells[0][:8])
                text = cells[_CLOSE].strip() if len(cells) > _CLOSE else ""
                if day is None or not (text.isascii() and text.isdigit() and int(text[:15])):
                    place = archive.place(name)
                    expected = "YYYYMMDD HH:MM,open,high,low,close,volume"
                    refuse(CellError(f"{place}:{line}: expected {expected}, got {raw[:60]!r}"))
                    continue
                closes[day] = int(text[:15]) / _SCALE
    return closes
