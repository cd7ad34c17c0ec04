"""Answers of vendors in JSON, each with a small one of our own: one chain comes out of all."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import main
from engine.errors import BAD_DATA, OK, BadDataError, NoInputError, UsageError
from engine.feeds import open_feed
from engine.feeds.json_layouts import LAYOUTS
from engine.feeds.json_rows import longest_list, rows_at
from engine.feeds.protocol import FeedOptions, Loaded
from engine.feeds.record import parse_instant

SPOT = {"underlying_bid": "=99.5", "underlying_ask": "=100.5"}
NOON, EARLIER = 1772636400_000, 1772636397_500  # 15:00:00 and 14:59:57.5 UTC
AT = "2026-03-04T15:00:00Z"


@dataclass(frozen=True)
class Sample:
    value: Any
    at: str = AT
    spot: tuple[float, float] = (99.5, 100.5)
    mapping: dict[str, str] = field(default_factory=dict)
    sizes: tuple[float, float] | None = (3.0, 4.0)
    interest: tuple[float, float] | None = (70.0, 80.0)
    ages: tuple[float, float] | None = (0.0, 2.5)


def sides(call: dict[str, Any], put: dict[str, Any]) -> list[dict[str, Any]]:
    return [call, put]


def tradier(right: str, bid: float, ask: float, interest: int, bid_date: int) -> dict[str, Any]:
    return {
        "symbol": "x", "type": "option", "last": None, "volume": 0, "bid": bid, "ask": ask,
        "underlying": "ABCD", "strike": 95.0, "bidsize": 3, "asksize": 4, "bid_date": bid_date,
        "ask_date": NOON, "open_interest": interest, "contract_size": 100,
        "expiration_date": "2026-04-17", "option_type": right, "root_symbol": "ABCD",
    }  # fmt: skip


def schwab(right: str, bid: float, ask: float, interest: int, stamp: int) -> dict[str, Any]:
    return {
        "putCall": right, "symbol": "ABCD  260417C00095000", "bid": bid, "ask": ask, "bidSize": 3,
        "askSize": 4, "totalVolume": 5, "quoteTimeInLong": stamp, "openInterest": interest,
        "strikePrice": 95.0, "expirationDate": "2026-04-17T20:00:00.000+00:00", "optionRoot":
        "ABCD", "multiplier": 100.0, "nonStandard": False, "mini": False, "exerciseType": "A",
        "delta": "NaN",
    }  # fmt: skip


def polygon(right: str, bid: float, ask: float, interest: int, stamp: int) -> dict[str, Any]:
    return {
        "details": {"contract_type": right, "exercise_style": "american", "expiration_date":
                    "2026-04-17", "shares_per_contract": 100, "strike_price": 95,
                    "ticker": "O:ABCD260417C00095000"},
        "last_quote": {"bid": bid, "ask": ask, "bid_size": 3, "ask_size": 4,
                       "last_updated": stamp * 10**6},
        "open_interest": interest,
        "underlying_asset": {"price": 100.0, "ticker": "ABCD"},
    }  # fmt: skip


def yahoo(symbol: str, bid: Any, ask: float, interest: int) -> dict[str, Any]:
    return {"contractSymbol": symbol, "strike": 95.0, "bid": bid, "ask": ask, "contractSize":
            "REGULAR", "openInterest": interest, "expiration": 1776384000}  # fmt: skip


def nse(bid: float, ask: float, interest: int) -> dict[str, Any]:
    return {"strikePrice": 95, "expiryDate": "17-Apr-2026", "underlying": "ABCD", "bidprice": bid,
            "askPrice": ask, "openInterest": interest, "underlyingValue": 100.0}  # fmt: skip


CALL, PUT = "ABCD260417C00095000", "ABCD260417P00095000"
SAMPLES = {
    "tradier-json": Sample(
        {"options": {"option": [tradier("call", 6.2, 6.3, 70, NOON),
                                tradier("put", 0.7, 0.8, 80, EARLIER)]}},
        mapping=SPOT,
    ),
    "schwab-json": Sample(
        {"symbol": "ABCD", "status": "SUCCESS", "underlyingPrice": 100.0,
         "underlying": {"bid": 99.5, "ask": 100.5, "quoteTime": NOON},
         "callExpDateMap": {"2026-04-17:44": {"95.0": [schwab("CALL", 6.2, 6.3, 70, NOON)]}},
         "putExpDateMap": {"2026-04-17:44": {"95.0": [schwab("PUT", 0.7, 0.8, 80, EARLIER)]}}},
    ),
    "polygon": Sample(
        {"request_id": "x", "results": [polygon("call", 6.2, 6.3, 70, NOON),
                                        polygon("put", 0.7, 0.8, 80, EARLIER)]},
        spot=(100.0, 100.0),
    ),
    "cboe-json": Sample(
        {"timestamp": "2026-03-04 15:15:00", "symbol": "ABCD", "data": {
            "symbol": "ABCD", "security_type": "stock", "current_price": 100.0, "bid": 99.5,
            "ask": 100.5, "last_trade_time": "2026-03-04T10:00:00", "options": [
                {"option": CALL, "bid": 6.2, "bid_size": 3.0, "ask": 6.3, "ask_size": 4.0,
                 "volume": 5.0, "open_interest": 70.0},
                {"option": PUT, "bid": 0.7, "bid_size": 3.0, "ask": 0.8, "ask_size": 4.0,
                 "volume": 5.0, "open_interest": 80.0}]}},
        ages=None,
    ),
    "yahoo-json": Sample(
        {"optionChain": {"error": None, "result": [{
            "underlyingSymbol": "ABCD",
            "quote": {"bid": 99.5, "ask": 100.5, "regularMarketPrice": 100.0,
                      "regularMarketTime": NOON // 1000},
            "options": [{"calls": [yahoo(CALL, {"raw": 6.2, "fmt": "6.20"}, 6.3, 70)],
                         "puts": [yahoo(PUT, 0.7, 0.8, 80)]}]}]}},
        sizes=None, ages=None,
    ),
    "alpaca": Sample(
        {"next_page_token": None, "snapshots": {
            CALL: {"latestQuote": {"bp": 6.2, "ap": 6.3, "bs": 3, "as": 4, "t": AT}},
            PUT: {"latestQuote": {"bp": 0.7, "ap": 0.8, "bs": 3, "as": 4,
                                  "t": "2026-03-04T14:59:57.500000000Z"}}}},
        mapping=SPOT, interest=None,
    ),
    "marketdata": Sample(
        {"s": "ok", "optionSymbol": [CALL, PUT], "underlying": ["ABCD", "ABCD"],
         "expiration": [1776456000, 1776456000], "side": ["call", "put"], "strike": [95, 95],
         "bid": [6.2, 0.7], "bidSize": [3, 3], "ask": [6.3, 0.8], "askSize": [4, 4],
         "openInterest": [70, 80], "volume": [5, 5], "underlyingPrice": [100.0, 100.0],
         "updated": [NOON // 1000, NOON // 1000 - 3]},
        spot=(100.0, 100.0), ages=(0.0, 3.0),
    ),
    "nse-json": Sample(
        {"records": {"timestamp": "04-Mar-2026 20:30:00", "underlyingValue": 100.0, "data": [
            {"strikePrice": 95, "expiryDate": "17-Apr-2026", "CE": nse(6.2, 6.3, 70),
             "PE": nse(0.7, 0.8, 80)}]}, "filtered": {}},
        spot=(100.0, 100.0), sizes=None, ages=None, mapping={"style": "=american"},
    ),
}  # fmt: skip


def read(folder: Path, value: Any, symbol: str = "ABCD", **options: Any) -> Loaded:
    path = folder / "chain.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    (loaded,) = open_feed(f"json:{path}", FeedOptions(**options)).chains(symbol)
    return loaded


def test_every_answer_has_a_sample_and_stands_in_the_documentation() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "SOURCES.md"
    text = page.read_text(encoding="utf-8")
    assert set(SAMPLES) == {layout.name for layout in LAYOUTS}
    assert [one.name for one in LAYOUTS if f"| `{one.name}` |" not in text] == []


@pytest.mark.parametrize("is_forced", [False, True])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_chain_comes_out(tmp_path: Path, name: str, is_forced: bool) -> None:
    one = SAMPLES[name]
    layout = name if is_forced else ""
    loaded = read(tmp_path, one.value, mapping=one.mapping, layout=layout, strict=True)
    chain = loaded.chain
    assert (chain.symbol, list(chain.strike), chain.style) == ("ABCD", [95.0], "american")
    assert chain.expiries[0].date == date(2026, 4, 17)
    assert (list(chain.bid), list(chain.ask)) == ([6.2, 0.7], [6.3, 0.8])
    assert chain.ts_ns == parse_instant(one.at)
    assert (chain.underlying.bid, chain.underlying.ask) == one.spot
    if one.sizes:
        assert (chain.bid_size[0], chain.ask_size[1]) == one.sizes
    if one.interest:
        assert tuple(chain.open_interest) == one.interest
    known = (0.0 if one.ages else math.nan, one.ages[1] if one.ages else math.nan)
    assert repr(tuple(chain.bid_age)) == repr(known)
    assert chain.currency == ("INR" if name == "nse-json" else "USD")


@pytest.mark.parametrize("name", SAMPLES)
def test_sources_gives_the_command_that_scans_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    one = SAMPLES[name]
    path = tmp_path / "chain.json"
    path.write_text(json.dumps(one.value), encoding="utf-8")
    said = [word for ours, value in one.mapping.items() for word in ("--map", f"{ours}={value}")]
    code = main(["sources", str(path), *said])
    lines = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines())
    assert code == OK
    assert lines["layout"].split()[0] == name
    assert "2 options in 1 expiry" in lines["read"]
    words = lines["command"].split()
    assert words[:3] == ["parity", "scan", "ABCD"]
    assert main([*words[1:], "--backend", "pure", "--json", "--rates", "4%"]) == OK


def test_what_an_answer_lacks_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadDataError, match=r"no underlying_bid, underlying_ask; .*say the rest"):
        read(tmp_path, SAMPLES["tradier-json"].value)
    assert main(["sources", str(tmp_path / "chain.json")]) == BAD_DATA
    command = capsys.readouterr().out.splitlines()[-1]
    assert command.endswith("--map underlying_bid==PRICE --map underlying_ask==PRICE")


def test_one_contract_may_stand_without_its_list(tmp_path: Path) -> None:
    value = {"options": {"option": tradier("call", 6.2, 6.3, 70, NOON)}}
    assert list(read(tmp_path, value, mapping=SPOT).chain.bid) == [6.2, 0.0]


@pytest.mark.parametrize("name", ["tradier-json", "schwab-json", "polygon", "marketdata"])
def test_what_was_never_quoted_has_a_time_of_zero(tmp_path: Path, name: str) -> None:
    text = json.dumps(SAMPLES[name].value)
    # The put's times, and for Tradier both of them.
    for stamp in (EARLIER * 10**6, EARLIER, NOON // 1000 - 3):
        text = text.replace(str(stamp), "0")
    if name == "tradier-json":
        put = text.rindex(str(NOON))
        text = text[:put] + "0" + text[put + len(str(NOON)) :]
    loaded = read(tmp_path, json.loads(text), mapping=SAMPLES[name].mapping, strict=True)
    chain = loaded.chain
    assert chain.ts_ns == parse_instant(AT)
    assert list(chain.bid) == [6.2, 0.7]
    assert (chain.bid_age[0], math.isnan(chain.bid_age[1])) == (0.0, True)
    assert not any("gathered" in note for note in loaded.notes)


def test_a_side_without_a_quote_and_a_contract_without_any(tmp_path: Path) -> None:
    rows = [polygon("call", 6.2, 6.3, 70, NOON), polygon("put", 0.7, 0.8, 80, EARLIER)]
    del rows[1]["last_quote"]["bid"], rows[0]["last_quote"]["ask_size"]
    chain = read(tmp_path, {"results": rows}).chain
    assert (list(chain.bid), list(chain.ask)) == ([6.2, 0.0], [6.3, 0.8])
    assert math.isnan(chain.ask_size[0])


@pytest.mark.parametrize(
    ("key", "value"),
    [("details.additional_underlyings", [{"amount": 12, "type": "currency"}]),
     ("details.shares_per_contract", 110), ("details.ticker", "O:ABCD1260417P00095000")],
)  # fmt: skip
def test_an_adjusted_contract_of_polygon_is_refused(
    tmp_path: Path, key: str, value: object
) -> None:
    rows = [polygon("call", 6.2, 6.3, 70, NOON), polygon("put", 0.7, 0.8, 80, NOON)]
    rows[1]["details"][key.partition(".")[2]] = value
    loaded = read(tmp_path, {"results": rows})
    assert list(loaded.chain.bid) == [6.2, 0.0]
    assert loaded.problems[0].startswith("chain.json:item:2: column details.")


@pytest.mark.parametrize("key", ["nonStandard", "mini"])
def test_an_adjusted_contract_of_schwab_is_refused(tmp_path: Path, key: str) -> None:
    value = json.loads(json.dumps(SAMPLES["schwab-json"].value))
    value["putExpDateMap"]["2026-04-17:44"]["95.0"][0][key] = True
    loaded = read(tmp_path, value)
    assert list(loaded.chain.bid) == [6.2, 0.0]
    assert "expected a contract that was not adjusted" in loaded.problems[0]


def test_an_underlying_without_both_sides_is_at_its_last_price(tmp_path: Path) -> None:
    value = {**SAMPLES["schwab-json"].value, "underlying": None}
    chain = read(tmp_path, value).chain
    assert (chain.underlying.bid, chain.underlying.ask) == (100.0, 100.0)
    value["underlying"] = {"bid": 0.0, "ask": 100.5}
    chain = read(tmp_path, value).chain
    assert (chain.underlying.bid, chain.underlying.ask) == (100.0, 100.0)


def test_an_index_of_cboe_has_no_quote_and_two_classes(tmp_path: Path) -> None:
    options = [
        {"option": f"{root}260417C06800000", "bid": 1.0, "bid_size": 1, "ask": 2.0, "ask_size": 1,
         "open_interest": 1} for root in ("SPX", "SPXW")
    ]  # fmt: skip
    value = {"data": {"symbol": "^SPX", "current_price": 6800.0, "bid": 0.0, "ask": 0.0,
                      "last_trade_time": "2026-03-04T10:00:00", "options": options}}  # fmt: skip
    chain = read(tmp_path, value, "SPX").chain
    assert [expiry.settlement for expiry in chain.expiries] == ["AM", "PM"]
    assert (chain.underlying.ask, chain.underlying.kind, chain.style) == (
        6800.0,
        "index",
        "european",
    )


def test_rows_and_keys_may_be_named(tmp_path: Path) -> None:
    def side(bid: float, ask: float) -> dict[str, Any]:
        return {"95000": [{"q": {"b": bid, "a": ask}}]}

    value = {"meta": {"name": "ABCD", "px": 100.0, "t": NOON},
             "c": {"2026-04-17": side(6.2, 6.3)}, "p": {"2026-04-17": side(0.7, 0.8)}}  # fmt: skip
    mapping = {
        "timestamp_utc": "/meta.t", "underlying": "/meta.name", "underlying_bid": "/meta.px",
        "underlying_ask": "/meta.px", "expiry": "*1", "strike": "*2/1000", "bid": "q.b",
        "ask": "q.a",
    }  # fmt: skip
    chain = read(tmp_path, value, mapping=mapping, rows="call=c.*.*,put=p.*.*").chain
    assert (list(chain.bid), list(chain.strike)) == ([6.2, 0.7], [95.0])


def test_our_own_keys_in_a_list_need_nothing(tmp_path: Path) -> None:
    row = {"timestamp_utc": AT, "underlying": "ABCD", "underlying_bid": 99.5, "underlying_ask":
           100.5, "expiry": "2026-04-17", "strike": 95, "right": "C", "bid": 6.2,
           "ask": 6.3}  # fmt: skip
    assert list(read(tmp_path, [row]).chain.bid) == [6.2, 0.0]
    loaded = read(tmp_path, {"a": [1], "rows": [row, {**row, "strike": "x"}, 5]})
    assert [problem.split(": ")[0] for problem in loaded.problems] == [
        "chain.json:item:2", "chain.json:item:3",
    ]  # fmt: skip


def test_an_answer_of_deribit_goes_where_it_belongs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = {"instrument_name": "ETH-23FEB24-2800-C", "bid_price": 0.03, "ask_price": 0.031,
            "volume": 24.0, "underlying_price": 2269.04, "underlying_index": "ETH-23FEB24",
            "open_interest": 5, "creation_timestamp": 1704712781417}  # fmt: skip
    path = tmp_path / "book.json"
    path.write_text(json.dumps({"jsonrpc": "2.0", "result": [item]}), encoding="utf-8")
    assert open_feed(f"json:{path}").symbols() == ("ETH",)
    assert main(["sources", str(path)]) == OK
    assert capsys.readouterr().out.rstrip().endswith(f"--source deribit:{path}")


def test_what_holds_no_rows(tmp_path: Path) -> None:
    with pytest.raises(BadDataError, match="say where the rows are: --rows PATH"):
        read(tmp_path, {"a": 1})
    with pytest.raises(BadDataError, match="say where the rows are"):
        read(tmp_path, SAMPLES["polygon"].value, rows="result")
    with pytest.raises(BadDataError, match=r"no timestamp_utc, .*; a row has a, b\.c"):
        read(tmp_path, [{"a": 1, "b": {"c": 2}}])
    with pytest.raises(UsageError, match="unknown layout 'orats' of JSON"):
        read(tmp_path, [{"a": 1}], layout="orats")
    with pytest.raises(NoInputError, match="no such file"):
        open_feed(f"json:{tmp_path}/none.json")
    with pytest.raises(UsageError, match="--rows is that of a json source"):
        open_feed("demo", FeedOptions(rows="x"))


def test_paths_to_rows() -> None:
    value = {"a": [{"b": {"x": [{"n": 1}], "y": [{"n": 2}, 3]}}], "n": 0}
    found = [row and (row.item, row.keys) for row in rows_at(value, "a.*.b.*")]
    assert found == [({"n": 1}, ("", "x")), ({"n": 2}, ("", "y")), None]
    assert [row and row.item for row in rows_at(value, "a.0.b.y.0")] == [{"n": 2}]
    assert list(rows_at(value, "a.7")) == []
    assert list(rows_at(value, "n.*")) == []
    assert longest_list({"a": [{}], "b": [{}]}) == "a"
    assert (longest_list(value), longest_list([{}]), longest_list({})) == ("a", "", None)


def test_a_market_that_is_open_in_several_pages_has_one_underlying(tmp_path: Path) -> None:
    """Its price moves while pages are fetched: the newest counts for all."""
    rows = [polygon("call", 6.2, 6.3, 70, EARLIER), polygon("put", 0.7, 0.8, 80, NOON)]
    rows[0]["underlying_asset"]["price"] = 99.0
    loaded = read(tmp_path, {"results": rows})
    assert (loaded.chain.underlying.bid, loaded.problems) == (100.0, ())
    assert list(loaded.chain.bid_age) == [2.5, 0.0]
    assert "2 times within 2.5 s, gathered into one snapshot" in loaded.notes[0]
