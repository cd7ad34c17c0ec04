"""Contracts that do not deliver 100 shares: refused row by row, or by the gate of deliverables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.backend import Backend
from engine.errors import BadDataError
from engine.feeds.csv_file import CsvFeed
from engine.market.chain import OptionChain
from engine.scanner.pipeline import scan_chain
from tests.unit.chains import carry, chain, settings

CONVERSION = {(30, 100.0, "C"): (3.0, 3.02), (30, 100.0, "P"): (1.0, 1.02)}
HEADER = (
    "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,bid,ask,multiplier"
)


def read(folder: Path, symbol: str, *multipliers: int) -> tuple[OptionChain, tuple[str, ...]]:
    start = f"2015-12-24T14:35:00Z,{symbol},99.9,100.1,2016-01-15"
    rows = [f"{start},{100 + k},C,2.5,2.6,{m}" for k, m in enumerate(multipliers)]
    path = folder / "chain.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    (loaded,) = CsvFeed(path).chains(symbol)
    return loaded.chain, loaded.problems


def test_rows_of_other_contracts_are_refused(tmp_path: Path) -> None:
    on, problems = read(tmp_path, "XYZ", 50, 100, 150)
    assert (list(on.strike), on.multiplier) == ([101.0], 100.0)
    assert problems == tuple(
        f"chain.csv:{line}: column multiplier: expected a contract of 100 shares "
        f"(others are left out), got '{got}'"
        for line, got in ((2, 50), (4, 150))
    )


def test_an_index_has_contracts_of_100_too_and_a_coin_any(tmp_path: Path) -> None:
    with pytest.raises(BadDataError, match=r"expected a contract of 100 shares .* got '10'"):
        read(tmp_path, "SPX", 10)
    assert read(tmp_path, "ETH", 1)[0].multiplier == 1.0


@pytest.mark.parametrize(("multiplier", "rejected"), [(100.0, {}), (50.0, {"deliverable": 1})])
def test_a_contract_of_other_shares_is_not_believed(
    multiplier: float, rejected: dict[str, int], backend: Backend
) -> None:
    """After a reverse split a contract may deliver 50 shares and cash: its strike does not say."""
    on = replace(chain(CONVERSION), multiplier=multiplier)
    result = scan_chain(on, settings(carry(), families=("conversion",)), backend)
    assert (result.funnel.candidates, result.funnel.rejected) == (1, rejected)
