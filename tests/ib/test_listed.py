"""Contract details into listings: hostile ones are left out, and what is kept comes back."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from engine.ib.listed import Listed, Series, series_of
from engine.market.contract import Contract


def details(**said: Any) -> Any:
    """Return contract details as ib_async has them."""
    contract = {
        "symbol": "SPX", "secType": "OPT", "strike": 5000.0, "right": "C", "conId": 11,
        "multiplier": "100", "tradingClass": "SPX",
        "lastTradeDateOrContractMonth": "20260319",
    }  # fmt: skip
    rest = {
        "minTick": 0.05, "realExpirationDate": "20260320", "underSecType": "IND",
        "lastTradeTime": "",
    }  # fmt: skip
    for name, value in said.items():
        (contract if name in contract else rest)[name] = value
    return SimpleNamespace(contract=SimpleNamespace(**contract), **rest)


def test_an_index_series_that_settles_on_the_opening_says_so_by_its_days() -> None:
    one = series_of([details(), details(right="P", conId=12)], "SPX", Counter())
    assert one is not None
    assert (one.settlement, one.last_day, one.expires) == ("AM", "20260319", "20260320")
    assert one.expiry.date == date(2026, 3, 20)
    assert one.rows == ((11, 5000.0, "C"), (12, 5000.0, "P"))


@pytest.mark.parametrize(
    ("said", "settlement"),
    [
        ({"tradingClass": "SPXW", "realExpirationDate": "20260319"}, "PM"),
        ({"tradingClass": "SPXW", "realExpirationDate": "20260319", "lastTradeTime": "09:30:00"},
         "AM"),
        ({"tradingClass": "SPXW", "realExpirationDate": "20260319", "lastTradeTime": "16:00:00"},
         "PM"),
        ({"tradingClass": "RUT", "realExpirationDate": "20260319"}, "AM"),
        # A stock's options settle in the afternoon whatever the hour looks like.
        ({"underSecType": "STK", "lastTradeTime": "09:30:00"}, "PM"),
    ],
)  # fmt: skip
def test_the_settlement_is_that_of_the_hour_the_days_or_the_class(
    said: dict[str, Any], settlement: str
) -> None:
    one = series_of([details(**said)], "SPX", Counter())
    assert one is not None
    assert one.settlement == settlement


@pytest.mark.parametrize(
    "said",
    [
        {"strike": float("nan")}, {"strike": -5.0}, {"strike": float("inf")}, {"strike": 0.0},
        {"strike": "x"}, {"strike": 1e9}, {"conId": 0}, {"conId": -3}, {"conId": "z"},
        {"right": ""}, {"right": "X"}, {"secType": "FOP"}, {"symbol": "NDX"},
        {"multiplier": "10"}, {"multiplier": "many"}, {"minTick": 0.0}, {"minTick": float("nan")},
        {"lastTradeDateOrContractMonth": "202603"}, {"lastTradeDateOrContractMonth": ""},
        {"realExpirationDate": "20261399"}, {"tradingClass": "SPXW"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_left_out_and_counted(said: dict[str, Any]) -> None:
    left_out: Counter[str] = Counter()
    good = details(right="P", conId=12)
    one = series_of([good, details(**said), good], "SPX", left_out)
    assert one is not None
    assert one.rows == ((12, 5000.0, "P"),)
    assert sum(left_out.values()) == 2  # and what comes twice


def a_listing() -> Listed:
    return Listed("ZZ", "900", "STK", "SMART", "american", (
        Series("ZZ", "20260320", "20260320", "PM", 0.01,
               ((1, 50.0, "C"), (2, 50.0, "P"), (3, 55.0, "C"))),
        Series("ZZ", "20260417", "20260417", "PM", 0.05, ((5, 50.0, "P"), (6, 52.5, "C"))),
    ))  # fmt: skip


def test_ids_lead_both_ways() -> None:
    listed = a_listing()
    listing = listed.listing
    for con_id, quote in listed.quotes.items():
        assert listing.contract(quote).exchange_id == con_id
    found = {
        one.exchange_id: (one.expiry, one.strike, one.right)
        for one in map(listing.contract, range(listing.n_quotes))
    }
    assert found["6"] == (date(2026, 4, 17), 52.5, "C")
    assert found["2"] == (date(2026, 3, 20), 50.0, "P")
    assert sorted(listed.quotes) == ["1", "2", "3", "5", "6"]
    assert listing.contract_ids.count("") == 3
    assert listing.tick == 0.01
    assert listed.underlying == Contract("stock", "ZZ")
    assert listed.underlying.exchange_id == "900"


def test_what_is_kept_comes_back() -> None:
    listed = a_listing()
    assert Listed.of_json(json.loads(json.dumps(listed.to_json()))) == listed


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.pop("series"), lambda v: v.update(series=[]), lambda v: v.update(series=7),
        lambda v: v.update(underlying="x"), lambda v: v["series"][0].pop(),
        lambda v: v["series"][0][5].append([1]), lambda v: v["series"][0].__setitem__(2, "soon"),
        lambda v: v["series"][0].__setitem__(3, "noon"), lambda v: v.pop("symbol"),
    ],
)  # fmt: skip
def test_what_is_not_a_listing_is_refused(change: Any) -> None:
    value = a_listing().to_json()
    change(value)
    with pytest.raises(ValueError, match=r"\S"):
        Listed.of_json(value)
    for nonsense in (None, 3, [], "x", {}):
        with pytest.raises(ValueError, match="not a listing"):
            Listed.of_json(nonsense)


def test_the_strikes_nearest_the_money_are_kept() -> None:
    near = a_listing().near(51.0, 1)
    assert [row[1] for one in near.series for row in one.rows] == [50.0, 50.0, 50.0]
    assert a_listing().near(float("nan"), 1) == a_listing()
    assert replace(near, series=()).n_contracts == 0


def test_series_that_have_settled_go() -> None:
    listed = a_listing()
    first = listed.series[0].expiry.settles_ns
    assert listed.after(first - 1) == listed
    assert listed.after(first).series == listed.series[1:]
