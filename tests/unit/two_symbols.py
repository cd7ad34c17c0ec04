"""A file with quotes of two symbols, a conversion in each, and the verb that scans it."""

from __future__ import annotations

from pathlib import Path

from engine.cli.main import main

HEADER = "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,bid,ask\n"
ROW = "2015-12-24T15:30:00Z,{},99.9,100.0,2016-02-19,100,{},{},{}\n"


def write_quotes() -> None:
    """Write quotes of two symbols into the working folder, a conversion in each."""
    rows = [HEADER]
    for symbol, bid in (("ABC", 5.0), ("XYZ", 5.2)):
        rows.append(ROW.format(symbol, "C", bid, bid + 0.1))
        rows.append(ROW.format(symbol, "P", 1.0, 1.1))
    Path("quotes.csv").write_text("".join(rows), encoding="utf-8")


def scan(*words: str) -> int:
    return main(["scan", "--source", "csv:quotes.csv", "--backend", "pure", *words])
