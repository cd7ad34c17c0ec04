"""The layouts of files that vendors hand out: what tells them, and what their columns are to us."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import UsageError
from engine.feeds import derived
from engine.feeds.derived import Derived
from engine.nearest import hint


def _nothing(_before: str) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout: a file whose header has all of `marks` has it for certain.

    Attributes
    ----------
    mapping
        Our column names to the file's, as ``--map`` takes them.
    derived
        Our columns that are worked out from the file's.
    before
        What the lines before the header say of every row: our column names to values.
    asks
        The options with which a person says what the file does not.
    """

    name: str
    title: str
    marks: frozenset[str]
    mapping: Mapping[str, str]
    derived: Mapping[str, Derived] = field(default_factory=dict)
    before: Callable[[str], dict[str, str]] = _nothing
    asks: str = ""


_CBOE_DATE = re.compile(
    r"Date: ([A-Z][a-z]{2,8} [0-9]{1,2}, [0-9]{4}) at ([0-9]{1,2}:[0-9]{2}) ([AP]M) E[SD]?T"
)
_CBOE_PRICE = re.compile(r"\b(Last|Bid|Ask): ([0-9][0-9,]{0,15}(?:\.[0-9]{1,8})?)(?=[,\"\r\n]|$)")


def _cboe_before(before: str) -> dict[str, str]:
    """Return the time and the underlying's quote; its last price where it has no quote."""
    before = before[-4096:]
    prices = {name: text.rstrip(",").replace(",", "") for name, text in _CBOE_PRICE.findall(before)}
    said = {}
    if float(prices.get("Bid", 0)) > 0 and float(prices.get("Ask", 0)) > 0:
        said = {"underlying_bid": prices["Bid"], "underlying_ask": prices["Ask"]}
    elif "Last" in prices:
        said = {"underlying_bid": prices["Last"], "underlying_ask": prices["Last"]}
    date = _CBOE_DATE.search(before)
    instant = derived.new_york(*date.groups()) if date else None
    return {**said, "timestamp_utc": instant} if instant else said


_SPOT = "--map underlying_bid==PRICE --map underlying_ask==PRICE"

LAYOUTS = (
    Layout(
        "cboe-quotedata", "Cboe's quotedata",
        frozenset({"Expiration Date", "Calls", "Strike", "Puts", "Bid", "Ask"}),
        {"expiry": "Expiration Date", "strike": "Strike",
         "call.bid": "Bid#1", "call.ask": "Ask#1", "call.volume": "Volume#1",
         "call.open_interest": "Open Interest#1", "put.bid": "Bid#2", "put.ask": "Ask#2",
         "put.volume": "Volume#2", "put.open_interest": "Open Interest#2"},
        {"underlying": derived.underlying_of("Calls"),
         "call.trading_class": derived.class_of("Calls"),
         "put.trading_class": derived.class_of("Puts")},
        _cboe_before, f"--as-of TIME {_SPOT}",
    ),
    Layout(
        "orats", "ORATS' strikes",
        frozenset({"ticker", "stkPx", "expirDate", "strike", "cBidPx", "cAskPx", "pBidPx",
                   "pAskPx", "trade_date"}),
        {"underlying": "ticker", "underlying_bid": "stkPx", "underlying_ask": "stkPx",
         "expiry": "expirDate", "strike": "strike",
         "call.bid": "cBidPx", "call.ask": "cAskPx", "put.bid": "pBidPx", "put.ask": "pAskPx",
         "call.volume": "cVolu", "put.volume": "pVolu",
         "call.open_interest": "cOi", "put.open_interest": "pOi"},
        # Their snapshot is taken fourteen minutes before the close.
        {"timestamp_utc": derived.at_time("trade_date", 15, 46)},
    ),
    Layout(
        "optionsdx", "OptionsDX's end of day",
        frozenset({"[QUOTE_UNIXTIME]", "[UNDERLYING_LAST]", "[EXPIRE_DATE]", "[C_BID]", "[C_ASK]",
                   "[STRIKE]", "[P_BID]", "[P_ASK]"}),
        {"underlying_bid": "[UNDERLYING_LAST]", "underlying_ask": "[UNDERLYING_LAST]",
         "expiry": "[EXPIRE_DATE]", "strike": "[STRIKE]",
         "call.bid": "[C_BID]", "call.ask": "[C_ASK]", "put.bid": "[P_BID]", "put.ask": "[P_ASK]",
         "call.volume": "[C_VOLUME]", "put.volume": "[P_VOLUME]"},
        {"timestamp_utc": derived.epoch_seconds("[QUOTE_UNIXTIME]")},
        asks="--map underlying==SYMBOL",
    ),
    Layout(
        "historicaloptiondata", "historicaloptiondata's end of day",
        frozenset({"UnderlyingSymbol", "UnderlyingPrice", "Type", "Expiration", "DataDate",
                   "Strike", "Bid", "Ask", "Volume", "OpenInterest"}),
        {"underlying": "UnderlyingSymbol", "underlying_bid": "UnderlyingPrice",
         "underlying_ask": "UnderlyingPrice", "expiry": "Expiration", "strike": "Strike",
         "right": "Type", "bid": "Bid", "ask": "Ask", "volume": "Volume",
         "open_interest": "OpenInterest"},
        {"timestamp_utc": derived.at_time("DataDate", 16, 0)},
    ),
    Layout(
        "datashop", "Cboe DataShop's option quotes by interval",
        frozenset({"underlying_symbol", "quote_datetime", "root", "expiration", "strike",
                   "option_type", "bid", "ask", "bid_size", "ask_size", "underlying_bid",
                   "underlying_ask"}),
        {"underlying": "underlying_symbol", "expiry": "expiration", "right": "option_type",
         "trading_class": "root", "volume": "trade_volume"},
        {"timestamp_utc": derived.local_time("quote_datetime")},
    ),
    Layout(
        "datashop-eod", "Cboe DataShop's end of day, at 15:45",
        frozenset({"underlying_symbol", "quote_date", "root", "expiration", "strike",
                   "option_type", "bid_1545", "ask_1545", "bid_size_1545", "ask_size_1545",
                   "underlying_bid_1545", "underlying_ask_1545"}),
        {"underlying": "underlying_symbol", "expiry": "expiration", "right": "option_type",
         "trading_class": "root", "bid": "bid_1545", "ask": "ask_1545",
         "bid_size": "bid_size_1545", "ask_size": "ask_size_1545",
         "underlying_bid": "underlying_bid_1545", "underlying_ask": "underlying_ask_1545",
         "volume": "trade_volume"},
        {"timestamp_utc": derived.at_time("quote_date", 15, 45)},
    ),
    Layout(
        "databento", "Databento's OPRA quotes",
        frozenset({"ts_recv", "publisher_id", "instrument_id", "bid_px_00", "ask_px_00",
                   "bid_sz_00", "ask_sz_00", "symbol"}),
        {"bid": "bid_px_00", "ask": "ask_px_00", "bid_size": "bid_sz_00",
         "ask_size": "ask_sz_00"},
        asks=f"--as-of TIME {_SPOT}",
    ),
    Layout(
        "thetadata-2", "ThetaData's version 2, with strikes in thousandths",
        frozenset({"root", "expiration", "strike", "right", "ms_of_day", "bid_condition",
                   "ask_condition", "date"}),
        {"underlying": "root", "expiry": "expiration"},
        {"strike": derived.divided("strike", 1000)},
        asks=f"--as-of TIME {_SPOT}",
    ),
    Layout(
        "thetadata-3", "ThetaData's version 3",
        frozenset({"symbol", "expiration", "strike", "right", "timestamp", "bid_condition",
                   "ask_condition"}),
        {"underlying": "symbol", "expiry": "expiration"},
        asks=f"--as-of TIME {_SPOT}",
    ),
    Layout(
        "tradier", "Tradier's chain as rows",
        frozenset({"underlying", "strike", "bid", "ask", "bidsize", "asksize", "expiration_date",
                   "option_type", "root_symbol", "contract_size"}),
        {"expiry": "expiration_date", "right": "option_type", "bid_size": "bidsize",
         "ask_size": "asksize", "multiplier": "contract_size", "trading_class": "root_symbol"},
        asks=f"--as-of TIME {_SPOT}",
    ),
    Layout(
        "nse", "NSE's download of an option chain",
        frozenset({"OI", "CHNG IN OI", "BID QTY", "BID", "ASK", "ASK QTY", "STRIKE", "LTP"}),
        {},
        {"strike": derived.grouped("STRIKE"),
         **{f"{side}.{ours}": derived.grouped(f"{theirs}#{k}")
            for k, side in enumerate(("call", "put"), 1)
            for ours, theirs in (("bid", "BID"), ("ask", "ASK"), ("volume", "VOLUME"),
                                 ("open_interest", "OI"))},
         "currency": derived.always("INR", "STRIKE"),
         "style": derived.always("european", "STRIKE")},
        asks=f"--as-of TIME --map underlying==SYMBOL --map expiry==DAY {_SPOT} --rates LEND,BORROW",
    ),
    Layout(
        "ibkr", "a watchlist of TWS, with contracts in words",
        frozenset({"Financial Instrument", "Bid", "Ask"}),
        {"bid": "Bid", "ask": "Ask", "bid_size": "Bid Size", "ask_size": "Ask Size",
         "volume": "Volume", "open_interest": "Option Open Interest"},
        asks=f"--as-of TIME {_SPOT}",
    ),
    Layout(
        "yfinance", "calls or puts as yfinance saves them",
        frozenset({"contractSymbol", "lastTradeDate", "strike", "bid", "ask", "openInterest",
                   "contractSize"}),
        {"open_interest": "openInterest", "delivery_code": "contractSize"},
        asks=f"--as-of TIME {_SPOT}",
    ),
)  # fmt: skip
BY_NAME = {layout.name: layout for layout in LAYOUTS}


def layout_of(names: Sequence[str]) -> Layout | None:
    """Return the layout that a header has for certain; None where it has none."""
    present = frozenset(names)
    return next((layout for layout in LAYOUTS if layout.marks <= present), None)


def layout_named(name: str) -> Layout:
    """Return the layout called `name`.

    Raises
    ------
    UsageError
        Naming the nearest one.
    """
    if name not in BY_NAME:
        raise UsageError(f"unknown layout {name!r}: {hint(name, BY_NAME)}")
    return BY_NAME[name]
