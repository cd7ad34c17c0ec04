"""The Python interface gives what the command line prints, and raises what it would say."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

import engine
from engine import load_chain, scan
from engine.api import load, to_frame
from engine.backend import Backend
from engine.config import Gates
from engine.errors import BadDataError, NoInputError, UnavailableError, UsageError
from engine.market.carry import Carry, Dividend, RateCurve
from engine.report.rows import COLUMNS
from engine.scanner.notebook import opportunities_html
from engine.settings import carry_input

HEADER = "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,bid,ask\n"
ROW = "2015-12-24T{}:00Z,{},99.9,100.0,2016-02-19,100,{},{},{}\n"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """XYZ at 15:30 and 16:30 with a conversion in it, ABC at 15:30 with none."""
    rows = [HEADER]
    for time, symbol, bid in (("15:30", "XYZ", 5.0), ("16:30", "XYZ", 5.2), ("15:30", "ABC", 1.2)):
        rows.append(ROW.format(time, symbol, "C", bid, bid + 0.1))
        rows.append(ROW.format(time, symbol, "P", 1.0, 1.1))
    path = tmp_path / "quotes.csv"
    path.write_text("".join(rows), encoding="utf-8")
    return f"csv:{path}"


def test_a_chain_is_the_last_one_or_that_of_an_instant(source: str) -> None:
    assert load_chain(source, "XYZ").bid[0] == 5.2
    assert load_chain(source, "XYZ", as_of="2015-12-24T16:00Z").bid[0] == 5.0
    assert load_chain(source, "XYZ", as_of=1_450_974_600_000_000_000).bid[0] == 5.2
    with pytest.raises(NoInputError, match="the first snapshot of XYZ is 2015-12-24T15:30"):
        load_chain(source, "XYZ", as_of="2015-12-24T15:00Z")
    with pytest.raises(UsageError, match="name one of its symbols; valid: ABC, XYZ"):
        load_chain(source)


def test_a_chain_and_its_source_give_the_same(source: str, backend: Backend) -> None:
    chain = load_chain(source, "XYZ")
    rates = (0.01, 0.02)
    whole = scan(source, rates=rates, backend=backend)
    single = scan(source, "XYZ", rates=rates, backend=backend)
    by_chain = scan(chain, rates=rates, backend=backend)
    by_loaded = scan(load(source, "XYZ"), rates=rates, backend=backend)
    assert [one.family for one in whole.opportunities] == ["conversion"]
    # nan is not equal to itself; its name is.
    for other in (single, by_chain, by_loaded):
        assert repr(other.opportunities) == repr(whole.opportunities)
    assert [result.chain.symbol for result in whole.results] == ["ABC", "XYZ"]


def test_every_argument_reaches_the_scan(source: str, backend: Backend) -> None:
    dividend = Dividend(date(2016, 1, 15), date(2016, 1, 20), 0.5)
    found = scan(
        source, "xyz", rates=0.03, dividends=[("2016-01-15", 0.25)], fees="free",
        borrow={"XYZ": 0.2}, families="box, conversion", gates={"max_spread": "off", "lots": 2},
        min_edge=0.5, profile="liquidity", top=3, assume_synchronous=True, show_carry=True,
        backend=backend, as_of="2015-12-24T16:00Z",
    )  # fmt: skip
    settings = found.scans[0].settings
    ex = date(2016, 1, 15)
    assert settings.carry.lend == settings.carry.borrow == RateCurve.flat(0.03)
    assert settings.carry.dividends == (Dividend(ex, ex, 0.25),)
    assert settings.carry.borrow_fee == 0.2
    assert settings.families == ("conversion", "box")
    assert (settings.gates.lots, settings.gates.min_edge) == (2, 0.5)
    assert settings.gates.max_spread == float("inf")
    assert (settings.profile, settings.top, found.top) == ("liquidity", 3, 3)
    assert settings.assume_synchronous
    assert settings.show_carry
    assert settings.fees.commission(5.0) == 0.0
    by_symbol = scan(source, "XYZ", dividends={"xyz": [dividend], "ABC": []}, backend=backend)
    assert by_symbol.scans[0].settings.carry.dividends == (dividend,)


def test_a_whole_carry_stands_for_rates_dividends_and_borrow(source: str, backend: Backend) -> None:
    carry = Carry(borrow_fee=0.1)
    found = scan(load_chain(source, "XYZ"), carry=carry, gates=Gates(lots=1), backend=backend)
    used = found.scans[0].settings.carry
    assert (used.lend, used.borrow, used.borrow_fee) == (carry.lend, carry.borrow, 0.1)
    with pytest.raises(UsageError, match="either carry, or rates"):
        scan(source, carry=carry, rates=0.05)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"families": "boks"}, "unknown family 'boks': did you mean 'box'?"),
        ({"profile": "profitt"}, "unknown profile"),
        ({"rates": 4.5}, "rate 4.5 means 450% a year"),
        ({"rates": (0.06, 0.05)}, "lend must not exceed borrow"),
        ({"borrow": -0.1}, "must not be negative"),
        ({"fees": "fre"}, "unknown fee schedule"),
        ({"gates": {"max_age": 1}}, "unknown gate 'max_age'"),
        ({"as_of": "noon"}, "expected a time"),
        ({"dividends": [("soon", 1.0)]}, "expected a date"),
        ({"dividends": 5}, r"dividends: expected \('2016-01-15', 0.25\) pairs, .* got 5"),
        ({"dividends": ("2016-05-01", 0.2)}, "dividends: expected"),
        ({"dividends": [("2016-05-01", "x")]}, "dividends: could not convert"),
        ({"dividends": [("2016-05-01", -1.0)]}, "dividends: .* not a finite number"),
        ({"rates": object()}, "rates: expected LEND, BORROW"),
        ({"rates": (0.01, 0.02, 0.03)}, "rates: expected LEND, BORROW"),
        (
            {"rates": (-0.05, 0.04)},
            "rates: rate -0.05 is negative; if .* allow_negative_rates=True",
        ),
        (
            {"rates": "-5%,4%"},
            "rates: rate -5% is negative; if .* allow_negative_rates=True",
        ),
        ({"top": "x"}, "top: expected a whole number >= 0, got 'x'"),
        ({"top": -1}, "top: expected a whole number >= 0, got -1"),
        ({"jobs": 0.5}, "jobs: expected a whole number"),
        ({"as_of": datetime(2016, 1, 1)}, "as_of: '2016-01-01 00:00:00' has no time zone"),
        ({"as_of": 0.5}, "as_of: expected a time"),
        ({"borrow": object()}, "borrow: expected a fee"),
        ({"fees": 3}, "fees: expected a FeeSchedule"),
        ({"gates": 3}, "gates: expected limits by name"),
        ({"min_edge": "x"}, "min_edge: expected a number >= 0, got 'x'"),
        ({"families": 5}, "families: expected a name"),
        ({"symbols": 5}, "symbols: expected a name"),
        ({"profile": 5}, "profile: expected"),
        ({"carry": 5}, "carry: expected a Carry"),
        ({"backend": 5}, "backend: expected"),
    ],
)
def test_nonsense_is_a_usage_error(source: str, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        scan(source, **{"backend": "pure", **arguments})  # type: ignore[arg-type]  # nonsense


def test_what_is_said_as_text_means_what_the_flag_means(source: str) -> None:
    said = scan(source, rates="1%,2%", dividends="2016-01-15=0.2", borrow="XYZ=3%,1%",
                fees="per_contract=0.5", backend="pure")  # fmt: skip
    values = scan(source, rates=(0.01, 0.02), dividends=[(date(2016, 1, 15), 0.2)],
                  borrow={"XYZ": 0.03, "": 0.01}, fees=carry_input.fees("per_contract=0.5"),
                  backend="pure")  # fmt: skip
    # As text: a nan among the settings is not equal to itself.
    given, meant = ([repr(one.settings) for one in each.scans] for each in (said, values))
    assert given == meant
    negative = scan(source, rates=(-0.05, 0.04), allow_negative_rates=True, backend="pure")
    assert negative.scans[0].settings.carry.lend == RateCurve.flat(-0.05)


def test_an_instant_may_be_a_date_or_a_time_with_its_zone(source: str) -> None:
    early = datetime(2015, 12, 24, 11, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert load_chain(source, "XYZ", as_of=early).bid[0] == 5.0
    assert load_chain(source, "XYZ", as_of=date(2015, 12, 24)).bid[0] == 5.2


def test_what_a_prompt_shows_is_one_line(source: str) -> None:
    found = scan(source, backend="pure")
    for one in (found, *found.scans, found.results[0].chain):
        assert len(repr(one)) < 160
        assert "\n" not in repr(one)
    assert "XYZ" in repr(load_chain(source, "XYZ"))


def test_rows_that_were_refused_are_said(source: str) -> None:
    with open(source.removeprefix("csv:"), "a", encoding="utf-8") as file:
        file.write(ROW.format("16:30", "XYZ", "C", "a", "b"))
    with pytest.warns(UserWarning, match="refused: quotes.csv:8: column bid"):
        load_chain(source, "XYZ")
    assert len(load(source, "XYZ").problems) == 1


def test_what_is_neither_chain_nor_table_is_refused() -> None:
    with pytest.raises(UsageError, match="quotes must be a chain, a source such as 'demo' or a"):
        scan(3.0)


def test_a_source_of_which_nothing_can_be_scanned_raises(source: str, tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="did you mean 'XYZ'"):
        scan(source, "XYY")
    with pytest.raises(NoInputError, match="no such file"):
        scan(f"csv:{tmp_path / 'gone.csv'}")
    (tmp_path / "bad.csv").write_text(HEADER + ROW.format("15:30", "XYZ", "C", "a", "b"))
    with pytest.raises(BadDataError, match="no valid row"):
        scan(f"csv:{tmp_path / 'bad.csv'}")


def test_a_symbol_that_fails_leaves_the_others(source: str) -> None:
    found = scan(source, ["XYZ", "NOPE"], backend="pure")
    assert [failure.symbol for failure in found.failures] == ["NOPE"]
    assert len(found.results) == 1


def test_tables_go_in_and_out(source: str) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is an optional extra")
    frame = pandas.read_csv(source.removeprefix("csv:"))
    from_file = scan(source, rates=0.01, backend="pure")
    from_table = scan(frame, "XYZ", rates=0.01, backend="pure")
    table = to_frame(from_table)
    assert list(table.columns) == list(COLUMNS)
    assert list(table["edge"]) == [one.edge for one in from_file.opportunities]
    assert table["family"].tolist() == ["conversion"]
    renamed = frame.rename(columns={"bid": "Bid"})
    assert len(scan(renamed, "XYZ", rates=0.01, mapping={"bid": "Bid"}, backend="pure").listed) == 1
    frame["timestamp_utc"] = pandas.to_datetime(frame["timestamp_utc"])
    frame["expiry"] = pandas.to_datetime(frame["expiry"])
    again = scan(frame, "XYZ", rates=0.01, backend="pure")
    assert [one.edge for one in again.opportunities] == list(table["edge"])
    assert to_frame(scan(frame, "ABC", backend="pure")).empty


def test_a_chain_becomes_a_table_and_a_chain_again(source: str) -> None:
    pytest.importorskip("pandas", reason="pandas is an optional extra")
    loaded = load(source, "XYZ")
    frame = to_frame(loaded)
    assert to_frame(loaded.chain).equals(frame)
    again = load(frame, "XYZ").chain
    whole = loaded.chain
    for name in ("ts_ns", "strike", "bid", "ask", "bid_size", "ask_age", "style", "expiries"):
        assert repr(getattr(again, name)) == repr(getattr(whole, name)), name
    coins = load("demo", "ZCOIN").chain
    table = to_frame(coins)
    assert len(table) == 2 * coins.n_rows
    assert set(table["underlying_bid"]) <= set(coins.forward_bid)


def test_a_result_shows_as_a_table_with_every_word_escaped(source: str) -> None:
    found = scan(source, rates=0.01, backend="pure")
    one = next(each for each in found.scans if each.result.opportunities)
    for shown in (found._repr_html_(), one._repr_html_()):
        assert "<td>conversion</td>" in shown
        assert shown.count("<tr>") == 1 + len(found.opportunities)
    row = replace(found.opportunities[0], symbol="<script>\x1b", conditions=('"a&b',))
    shown = opportunities_html("<b>", [row] * 101)
    assert "<script>" not in shown
    assert "\x1b" not in shown
    assert "<td>&lt;script&gt;\ufffd</td>" in shown
    assert "<p>&lt;b&gt;</p>" in shown
    assert "&quot;a&amp;b" in shown
    assert "and 1 more" in shown
    assert row.worst == found.opportunities[0].proof.minimum  # type: ignore[union-attr]  # proven
    assert math.isnan(replace(row, proof=None).worst)


def test_messages_about_a_table_name_its_rows(source: str) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is an optional extra")
    frame = pandas.read_csv(source.removeprefix("csv:"))
    frame.loc[1, "strike"] = -5.0
    loaded = load(frame, "XYZ")
    assert loaded.chain.source == "DataFrame"
    (problem,) = loaded.problems
    assert problem.startswith("DataFrame row 1: column strike: expected")
    with pytest.raises(BadDataError, match=r"^DataFrame row 1: column strike"):
        load(frame, "XYZ", strict=True)
    with pytest.raises(NoInputError, match=r"^DataFrame: no chain of XYY: did you mean 'XYZ'"):
        load(frame, "XYY")
    with pytest.raises(BadDataError, match=r"^DataFrame: no column bid"):
        load(frame.rename(columns={"bid": "Bid"}), "XYZ")
    with pytest.raises(BadDataError, match=r"^DataFrame: it has no rows"):
        load(frame.iloc[:0])


def test_a_source_without_symbols_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text(HEADER)
    with pytest.raises(BadDataError, match="it has only a header line"):
        load(f"csv:{tmp_path / 'empty.csv'}")


def test_a_table_without_pandas_is_unavailable(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UnavailableError, match=r"-m pip install '.*\[data\]'"):
        to_frame(scan(source, backend="pure"))


def test_the_package_offers_its_names_lazily() -> None:
    assert engine.scan is scan
    assert engine.load_chain is load_chain
    assert engine.load is load
    assert engine.to_frame is to_frame
    with pytest.raises(AttributeError, match="has no attribute 'scna'"):
        engine.scna  # type: ignore[attr-defined]  # noqa: B018 it raises


def test_an_integer_of_hundreds_of_digits_is_refused_in_a_line(source: str) -> None:
    huge = 10**400
    for options in (
        {"rates": huge},
        {"dividends": [("2016-01-20", huge)]},
        {"gates": {"lots": huge}},
        {"min_edge": huge},
        {"window": huge},
    ):
        with pytest.raises(UsageError):
            scan(source, backend="pure", **options)  # type: ignore[arg-type]  # many types
