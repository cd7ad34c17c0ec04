"""The LEAN sample by the standard library alone, and our chains in the same form."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from engine.feeds.record import CellError
from engine.market.calendar import US
from engine.market.chain import OptionChain

Key = tuple[date, float, str]
Values = tuple[float, ...]


def no_problem(error: CellError) -> None:
    raise AssertionError(str(error))


def quotes(chain: OptionChain) -> dict[Key, Values]:
    """Every contract that was ever quoted, by last trading day, strike and right."""
    columns = (
        chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age,
    )  # fmt: skip
    found = {}
    for e, expiry in enumerate(chain.expiries):
        for row in chain.rows(e):
            for right in "CP":
                values = tuple(column[chain.quote_index(row, right)] for column in columns)
                if not (math.isnan(values[4]) and math.isnan(values[5])):
                    found[expiry.date, chain.strike[row], right] = values
    return found


def raw_rows(path: Path, member: str = "") -> list[list[str]]:
    with zipfile.ZipFile(path) as archive:
        name = member or archive.namelist()[0]
        return [line.split(",") for line in archive.read(name).decode().splitlines()]


def raw_members(path: Path) -> Iterator[tuple[Key, list[list[str]]]]:
    """Every member of an option zip and its rows, each contract by its last trading day."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            _, right, strike, listed = name[:-4].rsplit("_", 3)
            day = datetime.strptime(listed, "%Y%m%d").date()
            rows = [line.split(",") for line in archive.read(name).decode().splitlines()]
            yield (US.last_trading_day(day), int(strike) / 10_000, right[0].upper()), rows
