"""What people reported of option files and answers, each as a small input of our own.

docs/REPORTS.md names where each was reported. A case gives a file, what must be read of it, and
what must be said: by a problem, a note, or the refusal of the whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine import scan
from engine.errors import EngineError
from engine.feeds import open_feed
from engine.feeds.protocol import FeedOptions
from engine.feeds.record import parse_instant
from engine.scoring.opportunity import LOCKED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "REPORTS.md"
NOW = "2026-03-04T15:00:00Z"
AS_OF = parse_instant(NOW)
SPOT = {"underlying_bid": "=99.5", "underlying_ask": "=100.5"}
HEADER = "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,bid,ask"
START = f"{NOW},ABCD,99.5,100.5,2026-04-17"
CALL, PUT = ("C", 95.0), ("P", 95.0)
Quotes = Mapping[tuple[str, float], tuple[float, float]]
BOTH: Quotes = {CALL: (6.2, 6.3), PUT: (0.7, 0.8)}


@dataclass(frozen=True)
class Case:
    reports: str
    text: Any
    quotes: Quotes = field(default_factory=dict)
    said: str = ""
    symbol: str = "ABCD"
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str = "csv"
    kind: str = ""
    settlements: tuple[str, ...] = ()


def rows(*lines: str, header: str = HEADER, start: str = START) -> str:
    return "\n".join([header, *(f"{start},{line}" for line in lines)]) + "\n"


def schwab(symbol: str = "ABCD", **put: Any) -> dict[str, Any]:
    def side(right: str, **said: Any) -> dict[str, Any]:
        return {
            "2026-04-17:44": {"95.0": [{
                "putCall": right, "bidSize": 3, "askSize": 4, "quoteTimeInLong": 1772636400000,
                "strikePrice": 95.0, "delta": 0.5, **said,
            }]}
        }  # fmt: skip

    return {
        "symbol": symbol, "underlying": {"bid": 99.5, "ask": 100.5}, "underlyingPrice": 100.0,
        "callExpDateMap": side("CALL", bid=6.2, ask=6.3),
        "putExpDateMap": side("PUT", **{"bid": 0.7, "ask": 0.8, **put}),
    }  # fmt: skip


def polygon(*tickers: str, **asset: Any) -> list[dict[str, Any]]:
    found = []
    for ticker in tickers:
        is_call = "C000" in ticker
        found.append({
            "details": {"contract_type": "call" if is_call else "put", "exercise_style": "american",
                        "expiration_date": "2026-04-17", "shares_per_contract": 100,
                        "strike_price": 95, "ticker": ticker},
            "last_quote": {"bid": 6.2 if is_call else 0.7, "ask": 6.3 if is_call else 0.8,
                           "last_updated": 1772636400000000000},
            "underlying_asset": {"price": 100.0, "ticker": "ABCD", **asset},
        })  # fmt: skip
    return found


def yahoo(call: Mapping[str, Any], put: Mapping[str, Any]) -> dict[str, Any]:
    quote = {"bid": 99.5, "ask": 100.5, "regularMarketTime": 1772636400}
    options = [{"calls": [dict(call)], "puts": [dict(put)]}]
    return {"optionChain": {"result": [
        {"underlyingSymbol": "ABCD", "quote": quote, "options": options}]}}  # fmt: skip


def yahoo_row(right: str, bid: Any, ask: Any, **more: Any) -> dict[str, Any]:
    return {"contractSymbol": f"ABCD260417{right}00095000", "strike": 95.0, "bid": bid, "ask": ask,
            "contractSize": "REGULAR", **more}  # fmt: skip


def occ(*symbols: str) -> str:
    prices = {"C": "6.2,6.3", "P": "0.7,0.8"}
    return "id,bid,ask\n" + "".join(
        f"{symbol},{prices[re.search('[CP](?=[0-9]{8}$)', symbol)[0]]}\n"  # type: ignore[index]  # ours
        for symbol in symbols
    )


ROOT = {"mapping": {**SPOT, "underlying": "=ABCD"}, "as_of_ns": AS_OF}
INDEX = f"{NOW},{{}},6799,6801,2026-12-18"
CLASSES = HEADER + ",trading_class"
MULTIPLIER = HEADER + ",multiplier"
SIZES = HEADER + ",bid_size,ask_size"
CASES = {
    "nearly all bids and asks are zero": Case(
        "ranaroussi/yfinance#846",
        rows("95,C,6.2,6.3", "95,P,0,0", "100,C,0,0", "100,P,0,0"),
        {CALL: (6.2, 6.3), PUT: (0.0, 0.0)}, "only 1 have a quote: after hours vendors serve zeros",
    ),
    "all of them are zero": Case(
        "ranaroussi/yfinance#97", rows("95,C,0,0", "95,P,0,0"), {CALL: (0.0, 0.0)},
        "of 2 contracts of ABCD none has a quote",
    ),
    "one side is zero, here and there": Case(
        "mcdallas/wallstreet#25", rows("95,C,6.2,0", "95,P,0,0.8"),
        {CALL: (6.2, 0.0), PUT: (0.0, 0.8)},
    ),
    "quotes are null on every contract": Case(
        "londonstrategicedge/lse-data#7",
        yahoo(yahoo_row("C", None, None), yahoo_row("P", None, None)), {},
        "no bid, ask; a row has", source="json",
    ),
    "every price of an Indian chain is zero": Case(
        "marketcalls/openalgo#670",
        {"records": {"timestamp": "04-Mar-2026 20:30:00", "data": [
            {"CE": {"strikePrice": 95, "expiryDate": "17-Apr-2026", "underlying": "ABCD",
                    "bidprice": 0, "askPrice": 0, "underlyingValue": 100}}]}},
        {CALL: (0.0, 0.0)}, "none has a quote", source="json",
    ),
    "the last price is zero, the quotes are good": Case(
        "finnhubio/Finnhub-API#50",
        yahoo(yahoo_row("C", 6.2, 6.3, lastPrice=0), yahoo_row("P", 0.7, 0.8, lastPrice=0)),
        BOTH, source="json",
    ),
    "sizes are zero beside good prices": Case(
        "marketcalls/openalgo#2045", rows("95,C,6.2,6.3,0,0", "95,P,0.7,0.8,0,0", header=SIZES),
        BOTH,
    ),
    "a strike is quoted far from its neighbours": Case(
        "Finnhub-Stock-API/finnhub-python#65",
        rows("95,C,6.2,6.3", "100,C,40.95,44.15", "95,P,0.7,0.8", "100,P,2.4,2.5"),
        {("C", 100.0): (40.95, 44.15)},
    ),
    "a root with a digit, in Polygon's ticker": Case(
        "polygon-io/issues#193",
        {"results": polygon("O:ABCD260417C00095000", "O:ABCD1260417P00095000")},
        {CALL: (6.2, 6.3), PUT: (0.0, 0.0)}, "the class ABCD (one with a digit was adjusted",
        source="json",
    ),
    "a root with a digit, in Alpaca's snapshot": Case(
        "alpacahq/Alpaca-API#266",
        {"snapshots": {"ABCD260417C00095000": {"latestQuote": {"bp": 6.2, "ap": 6.3, "t": NOW}},
                       "ABCD2260417P00095000": {"latestQuote": {"bp": 7, "ap": 9.5, "t": NOW}}}},
        {CALL: (6.2, 6.3), PUT: (0.0, 0.0)}, "one with a digit was adjusted", source="json",
        options={"mapping": SPOT},
    ),
    "a root with a digit, in words": Case(
        "tastyware/tastytrade#257",
        "id,bid,ask\nABCD 17APR26 95 C,6.2,6.3\nABCD2 17APR26 95 P,7,9.5\n",
        {CALL: (6.2, 6.3), PUT: (0.0, 0.0)}, "one with a digit was adjusted",
        options={"mapping": SPOT, "as_of_ns": AS_OF},
    ),
    "contracts of before a reverse split keep their strike under a new root": Case(
        "alexpung/UK-Investment-tax-calculator#146", occ("ABCD1 260417C00095000",
                                                         "ABCD  260417P00095000"),
        {PUT: (0.7, 0.8), CALL: (0.0, 0.0)}, "one with a digit was adjusted", options=ROOT,
    ),
    "strikes of before and after a split in one chain": Case(
        "ranaroussi/yfinance#454",
        rows("95,C,6.2,6.3,ABCD", "95,P,0.7,0.8,ABCD", "380,C,25,25.4,ABCD1", header=CLASSES),
        BOTH, "one with a digit was adjusted",
    ),
    "strikes in cents after a special dividend": Case(
        "laroche/tastyworks-pnl#21", occ("ABCD  260417C00079220", "ABCD  260417P00079220"),
        {("C", 79.22): (6.2, 6.3), ("P", 79.22): (0.7, 0.8)}, options=ROOT,
    ),
    "another strike that a special dividend left": Case(
        "laroche/tastyworks-pnl#34", occ("ABCD  260701P00060760"), {("P", 60.76): (0.7, 0.8)},
        options=ROOT,
    ),
    "a contract of other than 100 shares": Case(
        "swapniljariwala/nsepy#40",
        rows("95,C,6.2,6.3,100", "95,P,0.7,0.8,75", header=MULTIPLIER),
        {CALL: (6.2, 6.3), PUT: (0.0, 0.0)}, "a contract of 100 shares (others are left out)",
    ),
    "a lot size of zero": Case(
        "ranaroussi/yfinance#2497",
        rows("95,C,6.2,6.3,100", "95,P,0.7,0.8,0", header=MULTIPLIER),
        {CALL: (6.2, 6.3), PUT: (0.0, 0.0)}, "column multiplier: expected a number > 0",
    ),
    "SPX and SPXW of one third Friday": Case(
        "QuantConnect/Lean#9346",
        rows("6800,C,200,201,SPX", "6800,C,199,200,SPXW", header=CLASSES,
             start=INDEX.format("SPX")),
        symbol="SPX", settlements=("AM", "PM"),
    ),
    "standard SPX settles on opening prices": Case(
        "QuantConnect/Lean#7728",
        rows("6800,C,200,201,SPX", header=CLASSES, start=INDEX.format("SPX")), symbol="SPX",
        settlements=("AM",),
    ),
    "an index settled in the morning is no longer there at noon": Case(
        "QuantConnect/Lean#8043",
        rows("6800,C,20,21,SPX", "6800,P,20,21,SPXW", header=CLASSES,
             start="2026-03-20T16:00:00Z,SPX,6799,6801,2026-03-20"),
        {("P", 6800.0): (20.0, 21.0)}, "a series that settles after", symbol="SPX",
        settlements=("PM",),
    ),
    "weeklies have another name than monthlies": Case(
        "tastyware/tastytrade#191",
        rows("20,C,2,2.1,VIX", "20,P,1,1.1,VIXW", header=CLASSES,
             start=f"{NOW},VIX,19.9,20.1,2026-04-15"),
        symbol="VIX", kind="index", settlements=("AM", "AM"),
    ),
    "two contracts answer to one description": Case(
        "QuantConnect/Lean.Brokerages.InteractiveBrokers#141",
        rows("95,C,6.2,6.3", "95,C,5.9,6.0", "95,P,0.7,0.8"), {PUT: (0.7, 0.8)},
        "one quote for each contract (C 95",
    ),
    "a contract stands padded and compact": Case(
        "wealthfolio/wealthfolio#738", occ("ABCD  260417C00095000", "ABCD260417C00095000"),
        {CALL: (6.2, 6.3)}, "one row for each contract", options=ROOT,
    ),
    "a dot in the root of an OCC symbol": Case(
        "QuantConnect/Lean#9341", occ("BRK.B 260417C00095000"), {CALL: (6.2, 6.3)},
        symbol="BRK.B", options={"mapping": SPOT, "as_of_ns": AS_OF},
    ),
    "the exchange leaves the dot out": Case(
        "jmfernandes/robin_stocks#354",
        rows("95,C,6.2,6.3,BRKB", header=CLASSES, start=START.replace("ABCD", "BRK.B")),
        {CALL: (6.2, 6.3)}, symbol="BRK.B",
    ),
    "the broker writes a space for the dot": Case(
        "QuantConnect/Lean.Brokerages.InteractiveBrokers#85",
        rows("95,C,6.2,6.3", start=START.replace("ABCD", "BRK B")), {CALL: (6.2, 6.3)},
        symbol="BRK B",
    ),
    "O: before a padded symbol": Case(
        "finnhubio/Finnhub-API#573", occ("O:ABCD  260417C00095000"), {CALL: (6.2, 6.3)},
        options=ROOT,
    ),
    "an index is $SPX.X": Case(
        "jeog/TDAmeritradeAPI#17", rows("6800,C,200,201", start=INDEX.format("$SPX.X")),
        symbol="$SPX.X", kind="index",
    ),
    "an index is ^SPX": Case(
        "joshuaulrich/quantmod#139", rows("6800,C,200,201", start=INDEX.format("^SPX")),
        symbol="SPX", kind="index",
    ),
    "an index is asked for under a name that we do not list": Case(
        "finnhubio/Finnhub-API#492", rows("6800,C,200,201", start=INDEX.format("^GSPC")),
        symbol="^GSPC", kind="index",
    ),
    "NDX, RUT and VIX by name": Case(
        "mcdallas/wallstreet#12", rows("20,C,2,2.1", start=f"{NOW},^VIX,19.9,20.1,2026-04-15"),
        symbol="VIX", kind="index",
    ),
    "Greeks are the text NaN": Case(
        "studerw/td-ameritrade-client#40", schwab(delta="NaN", volatility="NaN"), BOTH,
        source="json",
    ),
    "theoretical values are the text NaN": Case(
        "studerw/td-ameritrade-client#31", schwab(theoreticalOptionValue="NaN"), BOTH,
        source="json",
    ),
    "a price is the text NaN": Case(
        "studerw/td-ameritrade-client#36", schwab(bid="NaN"), {CALL: (6.2, 6.3), PUT: (0.0, 0.0)},
        "column bid: expected a number >= 0, got 'NaN'", source="json",
    ),
    "NaN without quotes, which is no JSON": Case(
        "polygon-io/issues#226", json.dumps(schwab(ask=1)).replace('"ask": 1}', '"ask": NaN}'),
        {CALL: (6.2, 6.3), PUT: (0.0, 0.0)}, "column ask: expected a number >= 0", source="json",
    ),
    "-999 where nothing is known": Case(
        "areed1192/td-ameritrade-python-api#164", schwab(delta=-999.0, bid=-999.0),
        {CALL: (6.2, 6.3), PUT: (0.0, 0.0)}, "column bid: expected a number >= 0, got '-999.0'",
        source="json",
    ),
    "-1 where the market is closed": Case(
        "erdewit/ib_insync#109", rows("95,C,6.2,6.3", "95,P,-1,0.8"),
        {CALL: (6.2, 6.3), PUT: (0.0, 0.8)}, "got '-1' (taken as no quote)",
    ),
    "-1 with sizes of 0": Case(
        "ib-api-reloaded/ib_async#77",
        rows("95,C,-1.0,-1.0,0,0", "95,P,0.7,0.8,3,4", header=SIZES),
        {CALL: (0.0, 0.0), PUT: (0.7, 0.8)}, "got '-1.0' (taken as no quote)",
    ),
    "nan where the market is closed": Case(
        "erdewit/ib_insync#471", rows("95,C,6.2,6.3", "95,P,nan,0.8"), {CALL: (6.2, 6.3)},
        "column bid: expected a number >= 0, got 'nan'",
    ),
    "an expiry as seconds is the evening before in another zone": Case(
        "ranaroussi/yfinance#317",
        {"optionSymbol": ["ABCD260417C00095000"], "underlying": ["ABCD"], "side": ["call"],
         "expiration": [1776456000], "strike": [95], "bid": [6.2], "ask": [6.3],
         "underlyingPrice": [100], "updated": [1772636400]},
        {CALL: (6.2, 6.3)}, source="json",
    ),
    "an expiry as a time in UTC": Case(
        "krishnavelu/alice_blue#447",
        rows("95,C,6.2,6.3", start=START.replace("2026-04-17", "2026-04-17T00:00:00Z")), {},
        "column expiry: expected a date like",
    ),
    "one contract is an object, not a list": Case(
        "massive-com/client-js#193", {"results": polygon("O:ABCD260417C00095000")[0]},
        {CALL: (6.2, 6.3)}, source="json",
    ),
    "an index has a value and no price": Case(
        "massive-com/client-python#401",
        {"results": polygon("O:SPX260417C00095000", price=None, value=101.5, ticker="I:SPX")},
        symbol="SPX", kind="index", source="json",
    ),
    "some strikes have a call only": Case(
        "ranaroussi/yfinance#2275", rows("95,C,6.2,6.3", "95,P,0.7,0.8", "100,C,3,3.1"),
        {**BOTH, ("C", 100.0): (3.0, 3.1), ("P", 100.0): (0.0, 0.0)},
    ),
    "the answer is empty": Case(
        "RuchiTanmay/nselib#93", {}, {}, "no list of objects is there", source="json",
    ),
    "thousands with a point, decimals with a comma": Case(
        "deadlocker8/BudgetMaster#731",
        rows("6.800;C;1.355,90;1.400,10", header=HEADER.replace(",", ";"),
             start=INDEX.format("SPX").replace(",", ";")).replace("18,", "18;"),
        {("C", 6800.0): (1355.9, 1400.1)}, symbol="SPX", options={"decimal": ","},
    ),
    "the same without being told": Case(
        "pola-rs/polars#18797",
        rows("6800;C;1.299,99;1.400,10", header=HEADER.replace(",", ";"),
             start=INDEX.format("SPX").replace(",", ";")).replace("18,", "18;"),
        {}, "column bid: expected a number >= 0, got '1.299,99'", symbol="SPX",
    ),
    "a decimal comma is taken for a group": Case(
        "wireservice/csvkit#876", rows('95,C,"2523,00",6.3', "95,P,0.7,0.8"), {PUT: (0.7, 0.8)},
        "column bid: expected a number >= 0, got '2523,00'",
    ),
    "a group is taken for the next column": Case(
        "derlin/investing-historical-data#3", rows("95,C,1,234.5,1,240", "95,P,0.7,0.8"),
        {PUT: (0.7, 0.8)}, "chain.csv:2: expected 9 cells, got 11",
    ),
    "a comma for decimals and semicolons between columns": Case(
        "nyetwurk/ecuxplot#14",
        rows("95;C;6,2;6,3", header=HEADER.replace(",", ";"),
             start=f"{NOW};ABCD;99,5;100,5;2026-04-17").replace("17,95", "17;95"),
        {CALL: (6.2, 6.3)}, options={"decimal": ","},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_report(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    path = tmp_path / f"chain.{case.source}"
    path.write_text(
        case.text if isinstance(case.text, str) else json.dumps(case.text), encoding="utf-8"
    )
    options = FeedOptions(**case.options)
    spec = f"{case.source}:{path}"
    said: list[str] = []
    found: dict[tuple[str, float], tuple[float, float]] = {}
    chain = None
    try:
        (loaded,) = open_feed(spec, options).chains(case.symbol)
        said += [*loaded.problems, *loaded.notes]
        chain = loaded.chain
        for quote in range(2 * chain.n_rows):
            contract = (chain.right_of(quote), chain.strike[chain.row_of(quote)])
            found[contract] = (chain.bid[quote], chain.ask[quote])
    except EngineError as error:
        said.append(str(error))
    assert case.said in "\n".join(said), said
    if not case.said:
        assert said == []
    assert {contract: found.get(contract) for contract in case.quotes} == dict(case.quotes)
    if chain is None:
        assert not case.quotes
        return
    if case.kind:
        assert chain.underlying.kind == case.kind
    if case.settlements:
        assert tuple(expiry.settlement for expiry in chain.expiries) == case.settlements
    # Nothing that anybody reported is a free lunch.
    survey = scan(loaded, rates=(0.039, 0.041), dividends=(), backend="pure", top=1000)
    assert [one.family for one in survey.opportunities if one.grade == LOCKED] == []
    assert survey.mismatches == ()


def test_the_page_names_every_report_and_nothing_else() -> None:
    text = PAGE.read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| ([^|]+?) \| ([\w./-]+#[0-9]+) \|", text, re.MULTILINE))
    assert listed == {name: case.reports for name, case in CASES.items()}
    assert len({case.reports for case in CASES.values()}) >= 40
