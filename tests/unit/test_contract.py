"""Contracts: the symbols of the clearing house, names, and what makes two of them the same."""

from __future__ import annotations

from datetime import date

import pytest

from engine.market.contract import FUTURE, OPTION, STOCK, Contract, parse_occ

MARCH = date(2026, 3, 20)


def option(root: str = "", strike: float = 100.0, symbol: str = "SPX") -> Contract:
    return Contract(OPTION, symbol, root, MARCH, "C", strike)


@pytest.mark.parametrize(
    ("text", "root", "day", "right", "strike"),
    [  # as printed by the OCC, by IB (localSymbol) and by Yahoo (no blanks)
        ("SPX   141122P00019500", "SPX", date(2014, 11, 22), "P", 19.5),
        ("LAMR  150117C00052500", "LAMR", date(2015, 1, 17), "C", 52.5),
        ("AAPL7 131101C00470000", "AAPL7", date(2013, 11, 1), "C", 470.0),
        ("AAPL140607P00092500", "AAPL", date(2014, 6, 7), "P", 92.5),
        ("F     260116C00012350", "F", date(2026, 1, 16), "C", 12.35),
        ("NDXP  260320C21500000", "NDXP", date(2026, 3, 20), "C", 21_500.0),
    ],
)
def test_symbols_read_and_write_back(
    text: str, root: str, day: date, right: str, strike: float
) -> None:
    found = parse_occ(text)
    assert (found.root, found.expiry, found.right, found.strike) == (root, day, right, strike)
    assert found.occ_symbol.replace(" ", "") == text.replace(" ", "")
    assert len(found.occ_symbol) == 21
    assert parse_occ(found.occ_symbol) == found


def test_every_thousandth_survives() -> None:
    for thousandths in range(1, 100_000_000, 7_919):
        one = option(strike=thousandths / 1000.0)
        assert parse_occ(one.occ_symbol, "SPX").strike == one.strike


def test_the_series_may_have_a_root_of_its_own() -> None:
    found = parse_occ("SPXW  260320C05830000", "SPX")
    assert (found.symbol, found.trading_class) == ("SPX", "SPXW")
    assert found == option("SPXW", 5830.0)
    assert parse_occ("SPX   260320C05830000", "SPX") == option("", 5830.0)


@pytest.mark.parametrize(
    "text",
    [
        "", "SPX", "SPX 20260320C05830000", "SPX   260320X05830000", "SPX   260230C05830000",
        "SPX   260320C00000000", "spx   260320C05830000", "TOOLONG260320C05830000",
        "SPX   260320C05830000\n", "SPX   ٢60320C05830000", "X" * 10_000,
    ],
)  # fmt: skip
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"OCC symbol|there is no day|strike is 0"):
        parse_occ(text)


@pytest.mark.parametrize(
    "one",
    [
        option(strike=100.0005), option(strike=100_000.0), option(strike=0.0), option("TOOLONG"),
        option("BRK.B"), Contract(STOCK, "SPX"), Contract(FUTURE, "BTC", expiry=MARCH),
        Contract(OPTION, "SPX", "", date(1999, 3, 20), "C", 100.0),
        Contract(OPTION, "SPX", "", MARCH, "X", 100.0), option(strike=float("nan")),
    ],
)  # fmt: skip
def test_what_has_no_symbol_is_told(one: Contract) -> None:
    with pytest.raises(ValueError, match="OCC symbol"):
        _ = one.occ_symbol


def test_who_quotes_it_does_not_matter() -> None:
    ours = Contract(OPTION, "SPX", "SPXW", MARCH, "C", 100.0, exchange_id="416904")
    assert ours == option("SPXW")
    assert hash(ours) == hash(option("SPXW"))
    assert ours != option("SPX")
    assert option("SPX").name == option("").name
