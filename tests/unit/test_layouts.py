"""Layouts of vendors, each with a small sample of our own: one chain comes out of all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from engine.errors import BadDataError, UsageError
from engine.feeds import open_feed
from engine.feeds.csv_file import CsvFeed
from engine.feeds.frame import ObjectFeed
from engine.feeds.layouts import LAYOUTS
from engine.feeds.protocol import FeedOptions, Loaded
from engine.feeds.record import parse_instant

AS_OF = parse_instant("2026-03-04T15:00:00Z")
SPOT = {"underlying_bid": "=99.5", "underlying_ask": "=100.5"}


@dataclass(frozen=True)
class Sample:
    text: str
    at: str = "2026-03-04T15:00:00Z"
    spot: tuple[float, float] = (99.5, 100.5)
    mapping: dict[str, str] = field(default_factory=dict)
    as_of: int | None = None
    sizes: tuple[float, float] | None = None
    interest: tuple[float, float] | None = None


CBOE = """
Abcd Fund,Last: 100.00,Change: 0.5
"Date: March 4, 2026 at 10:00 AM EST",Bid: 99.5,Ask: 100.5,Size: 3*4,"Volume: 1,234"
Expiration Date,Calls,Last Sale,Bid,Ask,Volume,Open Interest,Strike,Puts,Last Sale,Bid,Ask,Volume,\
Open Interest
Fri Apr 17 2026,ABCD260417C00095000,6,6.2,6.3,5,70,95.00,ABCD260417P00095000,1,0.7,0.8,6,80
"""
SAMPLES = {
    "cboe-quotedata": Sample(CBOE, interest=(70.0, 80.0)),
    "orats": Sample(
        "ticker,stkPx,expirDate,strike,cVolu,cOi,pVolu,pOi,cBidPx,cAskPx,pBidPx,pAskPx,trade_date\n"
        "ABCD,100,4/17/2026,95,5,70,6,80,6.2,6.3,0.7,0.8,3/4/2026\n",
        "2026-03-04T20:46:00Z", (100.0, 100.0), interest=(70.0, 80.0),
    ),
    "optionsdx": Sample(
        "[QUOTE_UNIXTIME], [QUOTE_READTIME], [QUOTE_DATE], [QUOTE_TIME_HOURS], [UNDERLYING_LAST], "
        "[EXPIRE_DATE], [EXPIRE_UNIX], [DTE], [C_DELTA], [C_GAMMA], [C_VEGA], [C_THETA], [C_RHO], "
        "[C_IV], [C_VOLUME], [C_LAST], [C_SIZE], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], "
        "[P_SIZE], [P_LAST], [P_DELTA], [P_GAMMA], [P_VEGA], [P_THETA], [P_RHO], [P_IV], "
        "[P_VOLUME], [STRIKE_DISTANCE], [STRIKE_DISTANCE_PCT]\n"
        "1772636400, 2026-03-04 10:00, 2026-03-04, 10.0, 100, 2026-04-17, 1776456000, 44.0, .8, "
        ".1, .1, -.1, .1, .2, 5, 6.2, 3 x 4, 6.2, 6.3, 95, 0.7, 0.8, 3 x 4, .7, -.2, .1, .1, -.1, "
        "-.1, .2, , 5, 0.05\n",
        spot=(100.0, 100.0), mapping={"underlying": "=ABCD"},
    ),
    "historicaloptiondata": Sample(
        "UnderlyingSymbol,UnderlyingPrice,Type,Expiration,DataDate,Strike,Last,Bid,Ask,Volume,"
        "OpenInterest\n"
        "ABCD,100,call,04/17/2026,03/04/2026,95,6,6.2,6.3,5,70\n"
        "ABCD,100,put,04/17/2026,03/04/2026,95,1,0.7,0.8,5,80\n",
        "2026-03-04T21:00:00Z", (100.0, 100.0), interest=(70.0, 80.0),
    ),
    "datashop": Sample(
        "underlying_symbol,quote_datetime,root,expiration,strike,option_type,bid_size,bid,"
        "ask_size,ask,underlying_bid,underlying_ask\n"
        "ABCD,2026-03-04 10:00:00,ABCD,2026-04-17,95,C,3,6.2,4,6.3,99.5,100.5\n"
        "ABCD,2026-03-04 10:00:00,ABCD,2026-04-17,95,P,3,0.7,4,0.8,99.5,100.5\n",
        sizes=(3.0, 4.0),
    ),
    "datashop-eod": Sample(
        "underlying_symbol,quote_date,root,expiration,strike,option_type,open,high,low,close,"
        "trade_volume,bid_size_1545,bid_1545,ask_size_1545,ask_1545,underlying_bid_1545,"
        "underlying_ask_1545,bid_size_eod,bid_eod,ask_size_eod,ask_eod,underlying_bid_eod,"
        "underlying_ask_eod,vwap,open_interest,delivery_code\n"
        "ABCD,2026-03-04,ABCD,2026-04-17,95,C,6,6,6,6,5,3,6.2,4,6.3,99.5,100.5,1,5,1,7,99,101,6,"
        "70,0\n"
        "ABCD,2026-03-04,ABCD,2026-04-17,95,P,1,1,1,1,5,3,0.7,4,0.8,99.5,100.5,1,.5,1,1,99,101,1,"
        "80,\n",
        "2026-03-04T20:45:00Z", sizes=(3.0, 4.0), interest=(70.0, 80.0),
    ),
    "databento": Sample(
        "ts_recv,publisher_id,instrument_id,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,symbol\n"
        "x,30,1,6.2,6.3,3,4,ABCD  260417C00095000\nx,30,2,0.7,0.8,3,4,ABCD  260417P00095000\n",
        mapping=SPOT, as_of=AS_OF, sizes=(3.0, 4.0),
    ),
    "thetadata-2": Sample(
        "root,expiration,strike,right,ms_of_day,bid_size,bid,bid_condition,ask_size,ask,"
        "ask_condition,date\n"
        "ABCD,20260417,95000,C,1,3,6.2,50,4,6.3,50,20260304\n"
        "ABCD,20260417,95000,P,1,3,0.7,50,4,0.8,50,20260304\n",
        mapping=SPOT, as_of=AS_OF, sizes=(3.0, 4.0),
    ),
    "thetadata-3": Sample(
        "symbol,expiration,strike,right,timestamp,bid_size,bid,bid_condition,ask_size,ask,"
        "ask_condition\n"
        "ABCD,2026-04-17,95.000,CALL,x,3,6.2,50,4,6.3,50\n"
        "ABCD,2026-04-17,95.000,PUT,x,3,0.7,50,4,0.8,50\n",
        mapping=SPOT, as_of=AS_OF, sizes=(3.0, 4.0),
    ),
    "tradier": Sample(
        "symbol,underlying,strike,bid,ask,bidsize,asksize,open_interest,expiration_date,"
        "option_type,root_symbol,contract_size\n"
        "a,ABCD,95,6.2,6.3,3,4,70,2026-04-17,call,ABCD,100\n"
        "b,ABCD,95,0.7,0.8,3,4,80,2026-04-17,put,ABCD,100\n",
        mapping=SPOT, as_of=AS_OF, sizes=(3.0, 4.0), interest=(70.0, 80.0),
    ),
    "nse": Sample(
        "CALLS,,PUTS\n"
        ",OI,CHNG IN OI,VOLUME,IV,LTP,CHNG,BID QTY,BID,ASK,ASK QTY,STRIKE,BID QTY,BID,ASK,ASK QTY,"
        "CHNG,LTP,IV,VOLUME,CHNG IN OI,OI,\n"
        ',70,1,"1,234",12,6.2,-,75,6.20,6.30,75,"95.00",75,0.70,0.80,75,-,0.7,12,-,1,80,\n',
        mapping={**SPOT, "underlying": "=ABCD", "expiry": "=2026-04-17", "style": "=american"},
        as_of=AS_OF, interest=(70.0, 80.0),
    ),
    "ibkr": Sample(
        "Financial Instrument,Last,Bid Size,Bid,Ask,Ask Size\n"
        "ABCD Apr17'26 95 CALL,6,3,6.2,6.3,4\nABCD 17APR26 95.0 P,1,3,0.7,0.8,4\n",
        mapping=SPOT, as_of=AS_OF, sizes=(3.0, 4.0),
    ),
    "yfinance": Sample(
        ",contractSymbol,lastTradeDate,strike,bid,ask,openInterest,contractSize\n"
        "0,ABCD260417C00095000,x,95.0,6.2,6.3,70,REGULAR\n"
        "0,ABCD260417P00095000,x,95.0,0.7,0.8,80,REGULAR\n",
        mapping=SPOT, as_of=AS_OF, interest=(70.0, 80.0),
    ),
}  # fmt: skip


def read(folder: Path, text: str, symbol: str = "ABCD", **options: object) -> Loaded:
    path = folder / "chain.csv"
    path.write_text(text, encoding="utf-8")
    chosen = FeedOptions(**options)  # type: ignore[arg-type]
    (loaded,) = CsvFeed(path, options=chosen).chains(symbol)
    return loaded


def test_every_layout_has_a_sample_and_stands_in_the_documentation() -> None:
    pages = Path(__file__).resolve().parents[2] / "docs" / "SOURCES.md"
    text = pages.read_text(encoding="utf-8")
    assert set(SAMPLES) == {layout.name for layout in LAYOUTS}
    assert [one.name for one in LAYOUTS if f"| `{one.name}` |" not in text] == []


@pytest.mark.parametrize("is_forced", [False, True])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_chain_comes_out(tmp_path: Path, name: str, is_forced: bool) -> None:
    one = SAMPLES[name]
    loaded = read(
        tmp_path, one.text, mapping=one.mapping, as_of_ns=one.as_of,
        layout=name if is_forced else "", strict=True,
    )  # fmt: skip
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
    assert loaded.problems == ()


@pytest.mark.parametrize("name", [name for name, one in SAMPLES.items() if one.mapping])
def test_what_a_layout_lacks_is_asked_for(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadDataError, match=r"looks like .*say the rest: .*--map underlying"):
        read(tmp_path, SAMPLES[name].text)


def test_what_is_said_goes_before_the_layout(tmp_path: Path) -> None:
    said = {"underlying_bid": "=98", "underlying_ask": "=102", "call.bid": "Last Sale#1"}
    chain = read(tmp_path, CBOE, mapping=said).chain
    assert (chain.underlying.bid, chain.underlying.ask) == (98.0, 102.0)
    assert list(chain.bid) == [6.0, 0.7]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ('Index,"Last: 6,800.50"\n"Date: July 6, 2026 at 1:05 PM EDT",Bid: 0,Ask: 0\n',
         ("2026-07-06T17:05:00Z", 6800.5, 6800.5)),
        ('Index,Last: 1\n"Date: March 4, 2026 at 12:30 AM EST","Bid: 6,799.5","Ask: 6,801.5"\n',
         ("2026-03-04T05:30:00Z", 6799.5, 6801.5)),
    ],
)  # fmt: skip
def test_lines_before_an_index(tmp_path: Path, before: str, expected: tuple[object, ...]) -> None:
    rows = CBOE[CBOE.index("Expiration") :].replace("ABCD26", "SPXW26").replace("00095", "06800")
    rows = rows.replace("95.00", "6800").replace("Apr 17 2026", "Dec 18 2026")
    chain = read(tmp_path, "\n\n" + before + rows, "SPX").chain
    at, bid, ask = expected
    assert chain.ts_ns == parse_instant(str(at))
    assert (chain.underlying.bid, chain.underlying.ask) == (bid, ask)
    assert chain.expiries[0].trading_class == "SPXW"


def test_a_file_without_its_time_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(BadDataError, match=r"no column timestamp_utc.*--as-of TIME"):
        read(tmp_path, CBOE.replace("10:00 AM", "13:00 AM"))


HEADER = "when_utc,of,b,a,until,K,cb,ca,pb,pa"
ROW = "2026-03-04T15:00:00Z,XYZ,99,101,2026-04-17,95000,6.2,6.3,0.7,0.8"
BOTH = {
    "timestamp_utc": "when_utc", "underlying": "of", "underlying_bid": "b", "underlying_ask": "a",
    "expiry": "until", "strike": "K/1000", "call.bid": "cb", "call.ask": "ca", "put.bid": "pb",
    "put.ask": "pa",
}  # fmt: skip


def test_rows_with_both_sides_and_a_scale(tmp_path: Path) -> None:
    loaded = read(tmp_path, f"made by hand\nof nobody\n{HEADER}\n{ROW}\n", "XYZ", mapping=BOTH)
    assert list(loaded.chain.strike) == [95.0]
    assert list(loaded.chain.bid) == [6.2, 0.7]
    assert list(loaded.chain.ask) == [6.3, 0.8]


def test_a_bad_cell_costs_its_side_and_names_its_own_column(tmp_path: Path) -> None:
    second = ROW.replace("95000", "96000").replace("0.7", "x")
    third = ROW.replace("95000", "9_5")
    loaded = read(
        tmp_path, f"first line\n{HEADER}\n{ROW}\n{second}\n{third}\n", "XYZ", mapping=BOTH
    )
    side, row = loaded.problems
    assert side == "chain.csv:4: column pb: expected a number >= 0, got 'x'"
    assert row == "chain.csv:5: column K: expected a number, got '9_5'"
    assert sorted(loaded.chain.bid) == [0.0, 0.7, 6.2, 6.2]


def test_a_side_may_be_named_by_the_file(tmp_path: Path) -> None:
    header = (
        "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,"
        "call.bid,call.ask,put.bid,put.ask"
    )
    chain = read(tmp_path, f"{header}\n{ROW.replace('95000', '95')}\n", "XYZ").chain
    assert list(chain.ask) == [6.3, 0.8]


def test_one_side_that_lacks_a_column_is_refused(tmp_path: Path) -> None:
    mapping = {ours: theirs for ours, theirs in BOTH.items() if ours != "put.ask"}
    with pytest.raises(BadDataError, match="no column ask"):
        read(tmp_path, f"{HEADER}\n{ROW}\n", "XYZ", mapping=mapping)


def test_a_header_far_below_is_not_looked_for(tmp_path: Path) -> None:
    text = f"{HEADER}\n{ROW}\n"
    assert read(tmp_path, "line\n" * 19 + text, "XYZ", mapping=BOTH).chain.n_rows == 1
    with pytest.raises(BadDataError, match=r"chain.csv:1: no column is called"):
        read(tmp_path, "line\n" * 20 + text, "XYZ", mapping=BOTH)


def test_names_of_columns_and_layouts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot map 'left\.bid'"):
        read(tmp_path, CBOE, mapping={"left.bid": "Bid#1"})
    with pytest.raises(UsageError, match="unknown layout 'orat'"):
        read(tmp_path, CBOE, layout="orat")
    with pytest.raises(BadDataError, match="no column is called 'ticker'"):
        read(tmp_path, CBOE, layout="orats")
    with pytest.raises(UsageError, match="layout is that of a csv source"):
        ObjectFeed([{}], FeedOptions(layout="orats"))
    with pytest.raises(UsageError, match="--layout is that of a csv source"):
        open_feed("demo", FeedOptions(layout="orats"))


def test_bars_between_columns_are_read_where_they_are_said(tmp_path: Path) -> None:
    text = f"{HEADER}\n{ROW}\n".replace(",", "|")
    assert read(tmp_path, text, "XYZ", mapping=BOTH, delimiter="|").chain.n_rows == 1
    with pytest.raises(UsageError, match="--delimiter is that of a csv source"):
        open_feed("demo", FeedOptions(delimiter="|"))


def test_bars_between_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDataError, match=r"chain.csv:1: the columns are parted by '\|'"):
        read(tmp_path, f"{HEADER}\n{ROW}\n".replace(",", "|"))


@pytest.mark.parametrize(
    ("decimal", "strike", "bid", "expected"),
    [
        (",", "6.800", "1.499,80", (6800.0, 1499.8)),
        (",", "6800", "499,", (6800.0, 499.0)),
        (".", "6,800.00", "1,499.80", (6800.0, 1499.8)),
        (".", "6800", "499.8", (6800.0, 499.8)),
    ],
)
def test_a_decimal_mark(
    tmp_path: Path, decimal: str, strike: str, bid: str, expected: tuple[float, float]
) -> None:
    row = ";".join((ROW_START, strike, "C", bid, "2000"))
    chain = read(tmp_path, f"{MARKED}\n{row}\n", "SPX", decimal=decimal).chain
    assert (chain.strike[0], chain.bid[0]) == expected
    assert chain.underlying.bid == 6800.0


@pytest.mark.parametrize(
    ("decimal", "bid"),
    [(",", "499.80"), (",", "1.4.99"), (",", "1.0000"), (".", "499,80"), (".", "1,49"),
     ("", "499,80"), ("", "1,499.80"), (",", "1" * 41), (",", ","), (".", "1e3")],
)  # fmt: skip
def test_a_number_with_another_mark_is_refused(tmp_path: Path, decimal: str, bid: str) -> None:
    rows = [";".join((ROW_START, "6800", "C", price, "2000")) for price in ("1", bid)]
    text = "\n".join((MARKED, *rows)) + "\n"
    loaded = read(tmp_path, text, "SPX", decimal=decimal)
    (problem,) = loaded.problems
    assert problem.startswith(f"chain.csv:3: column bid: expected a number >= 0, got '{bid[:40]}")
    assert loaded.chain.bid[0] == 1.0


def test_what_is_worked_out_or_said_has_a_point_whatever_the_mark(tmp_path: Path) -> None:
    said = {"strike": "strike/1000", "underlying_ask": "=6801.125"}
    row = ";".join((ROW_START, "6800125", "C", "1,5", "2"))
    chain = read(tmp_path, f"{MARKED}\n{row}\n", "SPX", decimal=",", mapping=said).chain
    assert (chain.strike[0], chain.underlying.ask) == (6800.125, 6801.125)


MARKED = "timestamp_utc;underlying;underlying_bid;underlying_ask;expiry;strike;right;bid;ask"
ROW_START = "2026-03-04T15:00:00Z;SPX;6800;6801;2026-12-18"


def test_a_column_of_a_layout_that_is_called_otherwise_may_be_named(tmp_path: Path) -> None:
    text = SAMPLES["orats"].text.replace("cOi", "cOpen")
    without = read(tmp_path, text).chain.open_interest
    assert (without[0] != without[0], without[1]) == (True, 80.0)
    chain = read(tmp_path, text, mapping={"call.open_interest": "cOpen"}).chain
    assert list(chain.open_interest) == [70.0, 80.0]
