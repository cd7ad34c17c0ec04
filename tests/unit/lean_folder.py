"""Folders in the layout of LEAN, made by hand, and what is read from them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import pytest

from engine.clock import to_ns
from engine.errors import EngineError
from engine.feeds.lean import LeanFeed
from engine.feeds.protocol import Loaded
from engine.feeds.record import CellError
from engine.market.chain import OptionChain

OPEN, NOON = 34_200_000, 43_200_000
DAY = "20160607"  # a Tuesday in summer: New York is UTC - 4
AT_NOON = to_ns(datetime(2016, 6, 7, 16, 0, tzinfo=timezone.utc))
CALL = "call_1000000_20160617"
PUT = "put_1000000_20160617"


def row(ms: int, bid: float | None, ask: float | None, bid_size: int = 5, ask_size: int = 7) -> str:
    """One quote bar; the close is told apart from open, high and low."""

    def side(price: float | None, size: int) -> str:
        if price is None:
            return ",,,,0"
        close = round(price * 10_000)
        return f"{close - 3},{close + 9},{close - 9},{close},{size}"

    return f"{ms},{side(bid, bid_size)},{side(ask, ask_size)}"


def no_problem(error: CellError) -> None:
    raise AssertionError(str(error))


def write_zip(path: Path, members: Mapping[str, str | list[str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in members.items():
            archive.writestr(name, rows if isinstance(rows, str) else "\n".join(rows) + "\n")
    return path


def member(series: str, day: str = DAY, ticker: str = "xyz", style: str = "american") -> str:
    return f"{day}_{ticker}_minute_quote_{style}_{series}.csv"


def write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def write_options(
    root: Path, contracts: Mapping[str, list[str]], day: str = DAY, ticker: str = "xyz"
) -> Path:
    path = root / "option/usa/minute" / ticker / f"{day}_quote_american.zip"
    return write_zip(path, {member(s, day, ticker): rows for s, rows in contracts.items()})


def write_equity(root: Path, rows: list[str], day: str = DAY, ticker: str = "xyz") -> Path:
    path = root / "equity/usa/minute" / ticker / f"{day}_quote.zip"
    return write_zip(path, {f"{day}_{ticker}_minute_quote.csv": rows})


def one_symbol(tmp_path: Path) -> Path:
    """A folder with one symbol, one day, two contracts."""
    write_options(
        tmp_path,
        {
            CALL: [row(OPEN, 2.0, 2.2), row(NOON - 60_000, 2.1, 2.3, 11, 12)],
            PUT: [row(OPEN + 60_000, 1.5, 1.6), row(OPEN + 120_000, None, 1.7, ask_size=9)],
        },
    )
    write_equity(tmp_path, [row(OPEN, 100.0, 100.1), row(NOON - 60_000, 100.5, 100.6, 300, 200)])
    write_text(tmp_path / "equity/usa/factor_files/xyz.csv", "20160101,1,1,1\n20501231,1,1,0\n")
    return tmp_path


def only(root: Path, as_of: int = AT_NOON, symbol: str = "XYZ", *, strict: bool = True) -> Loaded:
    (loaded,) = LeanFeed(root, as_of, strict).chains(symbol)
    return loaded


def values(chain: OptionChain, quote: int) -> tuple[float, ...]:
    columns = (
        chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age,
    )  # fmt: skip
    return tuple(column[quote] for column in columns)


def hour_row(stamp: str, bid: float, ask: float) -> str:
    return stamp + row(0, bid, ask)[1:]


def raised_by(root: Path, error: type[EngineError], as_of: int | None = None) -> str:
    with pytest.raises(error) as raised:
        list(LeanFeed(root, as_of).chains("XYZ"))
    message = str(raised.value)
    assert "\n" not in message
    return message
