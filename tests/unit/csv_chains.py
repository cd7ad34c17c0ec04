"""Chain files in CSV, written by hand and read back."""

from __future__ import annotations

from pathlib import Path

from engine.feeds.csv_file import CsvFeed

HEADER = (
    "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,"
    "bid,ask,bid_size,ask_size,style,multiplier"
)
START = "2015-12-24T14:35:00Z,XYZ,99.9,100.1,2016-01-15"
GOOD = f"{START},100,C,2.5,2.6,3,4,american,100"


def written(folder: Path, *lines: str, name: str = "chain.csv", header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def only(path: Path, symbol: str = "XYZ", **options):  # type: ignore[no-untyped-def]
    loaded = list(CsvFeed(path, **options).chains(symbol))
    assert len(loaded) == 1
    return loaded[0]
