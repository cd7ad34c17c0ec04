"""What people type becomes a value, or one sentence on what was expected."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from engine.clock import to_ns
from engine.config import DEFAULT_FAMILIES, FAMILIES
from engine.errors import BadDataError, ConfigurationError, NoInputError, UsageError
from engine.market.carry import Dividend, RateCurve
from engine.settings import carry_input, spelling


def _utc(*parts: int) -> int:
    return to_ns(datetime(*parts, tzinfo=timezone.utc))  # type: ignore[misc,arg-type]  # six ints


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2015-12-24T15:30Z", _utc(2015, 12, 24, 15, 30)),
        ("2015-12-24 15:30:01.5 UTC", _utc(2015, 12, 24, 15, 30, 1, 500_000)),
        ("2015-12-24T10:30:00-05:00", _utc(2015, 12, 24, 15, 30)),
        ("2015-12-24T10:30-0500", _utc(2015, 12, 24, 15, 30)),
        ("2015-12-24", _utc(2015, 12, 24, 23, 59, 59, 999_999)),
    ],
)
def test_an_instant_has_a_zone_or_is_a_whole_day(text: str, ns: int) -> None:
    assert spelling.instant(text) == ns


def test_a_zone_follows_its_daylight_saving() -> None:
    winter = spelling.instant("2015-12-24 10:30 America/New_York")
    summer = spelling.instant("2015-07-24 10:30 America/New_York")
    assert winter == _utc(2015, 12, 24, 15, 30)
    assert summer == _utc(2015, 7, 24, 14, 30)


@pytest.mark.parametrize(
    ("convert", "text", "sentence"),
    [
        (spelling.instant, "2015-12-24T15:30", "has no time zone; add Z for UTC"),
        (spelling.instant, "2015-13-24", "expected a date such as 2015-12-24, got '2015-13-24'"),
        (spelling.instant, "2015-12-24T25:00Z", "expected a time such as"),
        (spelling.day, "20151224", "expected a date such as 2015-12-24, got '20151224'"),
        (spelling.day, "2015-02-30", "expected a date such as 2015-12-24, got '2015-02-30'"),
        (spelling.instant, "noon", "expected a time such as 2015-12-24T15:30Z, got 'noon'"),
        (spelling.instant, "2015-12-24 10:30 America/NewYork", "did you mean 'America/New_York'"),
        (spelling.rate, "450", "rate 450 means 45000% a year; write 4.5 or 450%"),
        (spelling.rate, "-0.5%", "rate -0.5% is negative; if it is meant, say so"),
        (spelling.rate, "inf", "expected a rate such as 0.045 or 4.5%, got 'inf'"),
        (spelling.rate, "1_0", "expected a rate"),
        (spelling.fee_rate, "-1%", "it must not be negative"),
        (spelling.fee_rate, "35", "35 means 3500% a year; write 0.35 or '35%'"),
        (spelling.profile, "profitt", "unknown profile 'profitt': did you mean 'profit'?"),
        (carry_input.rates, "1%,2%,3%", "expected LEND,BORROW or a file"),
        (carry_input.dividends, "0.24", "expected EX=AMOUNT, none or a file"),
        (carry_input.dividends, "2024-05-10=-1", "is not a finite number >= 0"),
        (carry_input.fees, "deribid", "unknown fee schedule 'deribid': did you mean 'deribit'?"),
        (carry_input.fees, "exchnge=1", "unknown fee 'exchnge': did you mean 'exchange'?"),
        (carry_input.borrow, "GME=cheap", "expected a fee such as 0.01 or 1%, got 'cheap'"),
    ],
)
def test_nonsense_is_answered_with_a_sentence(
    convert: Callable[[str], object], text: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        convert(text)


def test_rates_and_fees_read_as_percent_or_fraction() -> None:
    assert spelling.rate("4.5%") == spelling.rate("0.045") == spelling.rate(0.045) == 0.045
    assert spelling.rate("-0.5%", allow_negative=True) == -0.005
    assert spelling.fee_rate("150%") == 1.5


def test_families_come_in_the_order_of_ties() -> None:
    assert spelling.families(["box", "Conversion"]) == ("conversion", "box")
    assert spelling.families(["all"]) == FAMILIES
    assert spelling.families(["default"]) == DEFAULT_FAMILIES
    with pytest.raises(ValueError, match="unknown family 'boks': did you mean 'box'"):
        spelling.families(["boks"])
    with pytest.raises(ValueError, match="no family was named"):
        spelling.families([])


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("max_option_age", "5", 5.0),
        ("max_spread", "off", math.inf),
        ("min_open_interest", "off", 0.0),
        ("lots", "3", 3),
        ("allow_delayed", "yes", True),
    ],
)
def test_a_gate_has_the_type_of_its_default(name: str, value: str, limit: object) -> None:
    read = spelling.gate(name, value)
    assert read == limit
    assert type(read) is type(limit)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_age", "1"),
        ("lots", "1.5"),
        ("lots", "off"),
        ("lots", "0"),
        ("allow_delayed", "2"),
        ("min_days", "-1"),
        ("min_days", "soon"),
        ("min_days", [1]),
        ("min_days", True),
    ],
)
def test_a_gate_refuses_what_it_cannot_be(name: str, value: object) -> None:
    with pytest.raises(ValueError, match="gate"):
        spelling.gate(name, value)


def test_rates_are_given_as_text_or_file(tmp_path: Path) -> None:
    flat = RateCurve.flat
    assert carry_input.rates("4.5%,5.5%") == ((flat(0.045), flat(0.055)), 0)
    assert carry_input.rates("0.05") == ((flat(0.05), flat(0.05)), 0)
    table = tmp_path / "rates.csv"
    table.write_text("days,lend,borrow\n365,4.6%,0.056\n30,0.045,0.055\n")
    days = (30.0, 365.0)
    expected = (RateCurve(days, (0.045, 0.046)), RateCurve(days, (0.055, 0.056)))
    assert carry_input.rates(str(table)) == (expected, 0)
    toml = tmp_path / "rates.toml"
    toml.write_text("[rates]\nlend = 0.03\nborrow = 0.04\nas_of = 2024-01-05\n")
    curves, as_of_ns = carry_input.rates(str(toml))
    assert curves == (flat(0.03), flat(0.04))
    assert as_of_ns == _utc(2024, 1, 5, 23, 59, 59, 999_999)


def test_a_broken_table_of_rates_names_its_cell(tmp_path: Path) -> None:
    table = tmp_path / "rates.csv"
    table.write_text("days,lend,borrow\n30,4.5,0.055\n")
    with pytest.raises(BadDataError, match=r"rates.csv:2: column lend: rate 4.5 means 450%"):
        carry_input.rates(str(table))
    table.write_text("days,lend,borrow\n")
    with pytest.raises(BadDataError, match="it has no rows"):
        carry_input.rates(str(table))
    table.write_text("days,lend,borrow\n30,4%,5%\n30,4%,5%\n")
    with pytest.raises(BadDataError, match="the days of a rate curve must rise"):
        carry_input.rates(str(table))


def test_dividends_are_given_as_text_or_file(tmp_path: Path) -> None:
    first, second = date(2024, 5, 10), date(2024, 8, 9)
    assert carry_input.dividends("none") == {"": ()}
    assert carry_input.dividends("2024-05-10=0.24,2024-08-09=0.25") == {
        "": (Dividend(first, first, 0.24), Dividend(second, second, 0.25))
    }
    table = tmp_path / "dividends.csv"
    table.write_text("symbol,ex,pay,amount,status\naapl,2024-05-10,2024-05-16,0.24,projected\n")
    assert carry_input.dividends(str(table)) == {
        "AAPL": (Dividend(first, date(2024, 5, 16), 0.24, "projected"),)
    }


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("AAPL,soon,,0.24,", "dividends.csv:2: column ex"),
        ("AAPL,2024-05-10,,-1,", "dividends.csv:2: column amount"),
        ("AAPL,2024-05-10,2024-05-01,1,", "dividends.csv:2: dividend pays on"),
        ("AAPL,2024-05-10,,1,maybe", "dividends.csv:2: column status: expected declared or"),
        ("AAPL,2024-05-10", "dividends.csv:2"),
    ],
)
def test_a_broken_table_of_dividends_names_its_cell(tmp_path: Path, row: str, place: str) -> None:
    table = tmp_path / "dividends.csv"
    table.write_text(f"symbol,ex,pay,amount,status\n{row}\n")
    with pytest.raises(BadDataError) as error:
        carry_input.dividends(str(table))
    assert place in str(error.value)


def test_a_file_that_says_nothing_of_it_is_a_mistake(tmp_path: Path) -> None:
    toml = tmp_path / "fees.toml"
    toml.write_text("[fees]\nper_contract = 0.5\n")
    assert carry_input.fees(str(toml)).commission(3.0) == 0.5
    for convert in (carry_input.rates, carry_input.dividends, carry_input.borrow):
        with pytest.raises(UsageError, match=r"fees\.toml: it says nothing under"):
            convert(str(toml))
    with pytest.raises(NoInputError):
        carry_input.rates(str(tmp_path / "gone.toml"))
    toml.write_text("[fees\n")
    with pytest.raises(ConfigurationError):
        carry_input.fees(str(toml))


def test_fees_start_from_a_named_schedule() -> None:
    fees = carry_input.fees("free,exchange=0.03")
    assert (fees.exchange, fees.order_minimum, fees.commission(1.0)) == (0.03, 0.0, 0.0)
    assert carry_input.fees("per_contract=0.4").commission(0.01) == 0.4
