"""A column of OCC symbols stands for root, expiry, strike and right."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.errors import BadDataError
from engine.feeds.csv_file import CsvFeed
from engine.feeds.record import parse_instant
from tests.unit.csv_chains import only, written

HEADER = "ts_recv,bid_px,ask_px,contractSymbol,strike"
MAPPING = {
    "underlying_bid": "=99.9", "underlying_ask": "=100.1", "bid": "bid_px", "ask": "ask_px",
}  # fmt: skip
NOW = parse_instant("2026-03-04T15:00:00Z")


@pytest.mark.parametrize("root", ["ABCD  ", "ABCD", "O:ABCD", "abcd"])
def test_symbols_are_read_padded_or_not(tmp_path: Path, root: str) -> None:
    rows = [f"1,2.5,2.6,{root}260417{right}00092500,92.5" for right in "CP"]
    loaded = only(written(tmp_path, *rows, header=HEADER), "ABCD", mapping=MAPPING, as_of=NOW)
    chain = loaded.chain
    assert (chain.symbol, chain.n_rows, list(chain.strike)) == ("ABCD", 1, [92.5])
    assert chain.expiries[0].date == date(2026, 4, 17)
    assert list(chain.bid) == [2.5, 2.5]
    assert loaded.problems == ()


def test_what_is_no_symbol_or_adjusted_costs_its_row(tmp_path: Path) -> None:
    good = "1,2.5,2.6,ABCD260417C00092500,92.5"
    rows = [good, good.replace("ABCD2", "ABCD12"), good.replace("C0009", "X0009"),
            good.replace("260417", "261317")]  # fmt: skip
    loaded = only(written(tmp_path, *rows, header=HEADER), "ABCD", mapping=MAPPING, as_of=NOW)
    assert loaded.chain.n_rows == 1
    adjusted, odd, day = loaded.problems
    assert (
        "chain.csv:3: column trading_class: expected the class ABCD (one with a digit" in adjusted
    )
    assert "chain.csv:4: column contractSymbol: expected an OCC symbol like" in odd
    assert "chain.csv:5: column expiry: expected a date" in day


def test_the_rest_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, "1,2.5,2.6,ABCD260417C00092500,92.5", header=HEADER)
    with pytest.raises(BadDataError, match="The column contractSymbol holds contracts, which"):
        CsvFeed(path)


def test_a_strike_has_all_its_digits(tmp_path: Path) -> None:
    row = "1,2.5,2.6,ABCD260417C12345125,1"
    spot = {**MAPPING, "underlying_bid": "=12000", "underlying_ask": "=12001"}
    loaded = only(written(tmp_path, row, header=HEADER), "ABCD", mapping=spot, as_of=NOW)
    assert list(loaded.chain.strike) == [12345.125]
