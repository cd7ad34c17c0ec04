"""What a symbol is taken for, as vendors write it, and what a row or a user says of it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from engine import scan
from engine.api import load
from engine.feeds.names import INDICES, kind_by, plain_name
from engine.market.chain import AMERICAN, COIN, EQUITY, EUROPEAN, INDEX
from engine.report.wording import chain_words
from tests.unit.csv_chains import GOOD, HEADER, only, written

VENDORS = ("^{}", "${}", "${}.X", "I:{}", "_{}", ".{}", "{}:IND")


@pytest.mark.parametrize("written_as", VENDORS)
def test_an_index_is_one_under_every_vendors_name(tmp_path: Path, written_as: str) -> None:
    """Also one that nobody here has heard of: only indices are written so."""
    for name in ("SPX", "QQZZ"):
        row = GOOD.replace(",XYZ,", f",{written_as.format(name)},").replace("american", "")
        chain = only(written(tmp_path, row), name).chain
        assert (chain.symbol, chain.underlying.kind) == (name, INDEX)
        assert chain.underlying.is_tradable is False
    # And it is found under the name that it was written with.
    assert only(written(tmp_path, row), written_as.format("qqzz")).chain.symbol == "QQZZ"


@pytest.mark.parametrize("name", ["BRK.B", "A", "USD", "ETH", "GOOG", "X", "BF.B"])
def test_a_share_keeps_its_name(name: str) -> None:
    assert plain_name(name) == name
    assert name not in INDICES


@pytest.mark.parametrize(
    ("symbol", "said", "currency", "style", "multiplier", "kind"),
    [
        ("XYZ", "", "USD", "", math.nan, EQUITY),
        ("XYZ", "", "USD", AMERICAN, 100.0, EQUITY),
        ("XYZ", "", "USD", EUROPEAN, 100.0, INDEX),  # no name we know: not taken for a share
        ("XYZ", "share", "USD", EUROPEAN, 100.0, EQUITY),
        ("RUI", "", "", "", math.nan, INDEX),
        ("RUI", "share", "", "", math.nan, EQUITY),
        ("ETH", "", "", "", math.nan, EQUITY),  # a listed fund
        ("ETH", "", "USD", "", 100.0, EQUITY),
        ("ETH", "", "ETH", "", math.nan, COIN),
        ("ETH", "", "USDC", "", math.nan, COIN),
        ("ETH", "", "", EUROPEAN, 1.0, COIN),
        ("ETH", "coin", "", "", math.nan, COIN),
        ("USD", "", "USD", "", 100.0, EQUITY),
    ],
)
def test_what_a_symbol_is(
    symbol: str, said: str, currency: str, style: str, multiplier: float, kind: str
) -> None:
    assert kind_by(symbol, said, currency, style, multiplier) == kind


def test_a_column_and_a_flag_say_what_a_symbol_is(tmp_path: Path) -> None:
    header = HEADER.replace("multiplier", "kind")
    row = GOOD.replace("american,100", ",{}")
    by_column = only(written(tmp_path, row.format("index"), header=header))
    assert (by_column.chain.underlying.kind, by_column.chain.style) == (INDEX, EUROPEAN)
    two = written(tmp_path, row.format("stock"), row.format("stonk"), header=header)
    (bad,) = only(two).problems
    assert "column kind: expected share, index or coin, got 'stonk'" in bad
    path = written(tmp_path, GOOD.replace("american", ""))
    assert load(f"csv:{path}", kind="index").chain.underlying.kind == INDEX
    assert load(f"csv:{path}", kind={"XYZ": "index"}).chain.style == EUROPEAN
    assert load(f"csv:{path}", kind={"ABC": "index"}).chain.underlying.kind == EQUITY


def test_no_conversion_is_found_on_an_index_of_any_name(tmp_path: Path) -> None:
    """The call is dear by 8: a share would be converted."""
    rows = [
        f"2026-03-04T15:00:00Z,{{}},99.9,100.1,2026-06-19,100,{right},{bid},{bid + 0.1},9,9,,"
        for right, bid in (("C", 12.0), ("P", 4.0))
    ]
    for name, found in (("XYZ", True), ("^VIX", False), ("RUI", False)):
        path = written(tmp_path, *(row.format(name) for row in rows))
        result = scan(f"csv:{path}", rates=0.04, dividends="none", backend="pure")
        assert bool(result.opportunities) is found
    assert "the index itself cannot be traded" in set(result.funnel.skipped.values())


@pytest.mark.parametrize("cell", ["\x1b]0;X\x07", "=CMD|' /C calc'!A0", "@SUM", "A" * 40, "-X"])
def test_what_would_steer_a_terminal_or_a_sheet_is_no_symbol(tmp_path: Path, cell: str) -> None:
    loaded = only(written(tmp_path, GOOD, GOOD.replace(",XYZ,", f",{cell},")))
    (problem,) = loaded.problems
    assert "column underlying: expected a symbol such as" in problem
    assert problem.isprintable()
    assert chain_words(loaded.chain).isprintable()
