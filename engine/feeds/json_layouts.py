"""The answers of vendors in JSON: what tells them, and where their rows and columns are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from engine.errors import UsageError
from engine.feeds import derived
from engine.feeds.derived import Derived
from engine.feeds.json_rows import Found, listed_rows, rows_at
from engine.nearest import hint

Paths = Mapping[str, str | tuple[str, ...]]
_SPOT = "--map underlying_bid==PRICE --map underlying_ask==PRICE"


@dataclass(frozen=True, slots=True)
class JsonLayout:
    """One answer: a file where a row has all of `marks` is it for certain.

    Attributes
    ----------
    rows
        Paths to the rows, each with the columns that it says by itself.
    mapping
        Our column names to paths; of several the first that stands counts.
    gathers
        Whether each quote has a time of its own: then the newest is the snapshot's, and the others
        tell ages.
    is_by_column
        Whether the rows are columns, one list each.
    asks
        The options with which a person says what the answer does not.
    """

    name: str
    title: str
    rows: tuple[tuple[str, Mapping[str, str]], ...]
    marks: tuple[str, ...]
    mapping: Paths
    derived: Mapping[str, Derived] = field(default_factory=dict)
    gathers: bool = False
    is_by_column: bool = False
    asks: str = ""

    def found(self, value: object) -> Iterator[tuple[Found | None, Mapping[str, str]]]:
        """Yield the rows with what their path says of them."""
        for path, said in self.rows:
            if self.is_by_column:
                rows = listed_rows(value, list(value)) if isinstance(value, dict) else None
                for row in rows or ():
                    yield Found(row, ()), said
                continue
            for found in rows_at(value, path):
                yield found, said

    def has(self, value: object) -> bool:
        """Return whether one of the first rows has all the marks."""
        for found, _ in islice(self.found(value), 50):
            if found is not None and all(_stands(found.item, mark) for mark in self.marks):
                return True
        return False


def _stands(item: dict[str, object], path: str) -> bool:
    value: object = item
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def _quoted(bid: str, ask: str, last: str) -> dict[str, Derived]:
    return {
        "underlying_bid": derived.quote_or_last(bid, ask, last),
        "underlying_ask": derived.quote_or_last(ask, bid, last),
    }


_NOTHING: Mapping[str, str] = {}
LAYOUTS = (
    JsonLayout(
        "tradier-json", "Tradier's chain",
        (("options.option", _NOTHING),),
        ("underlying", "strike", "bid", "ask", "expiration_date", "option_type"),
        {"expiry": "expiration_date", "right": "option_type", "bid_size": "bidsize",
         "ask_size": "asksize", "multiplier": "contract_size", "trading_class": "root_symbol"},
        {"timestamp_utc": derived.newest("bid_date", "ask_date"),
         "bid_age_s": derived.behind("bid_date", "ask_date"),
         "ask_age_s": derived.behind("ask_date", "bid_date")},
        gathers=True, asks=_SPOT,
    ),
    JsonLayout(
        "schwab-json", "Schwab's and TDA's chain",
        (("callExpDateMap.*.*", _NOTHING), ("putExpDateMap.*.*", _NOTHING)),
        ("putCall", "strikePrice", "bid", "ask", "quoteTimeInLong"),
        {"underlying": ("/symbol", "/underlying.symbol"),
         "strike": "strikePrice", "right": "putCall", "bid_size": "bidSize",
         "ask_size": "askSize", "volume": "totalVolume", "open_interest": "openInterest",
         "trading_class": "optionRoot"},
        {**_quoted("/underlying.bid", "/underlying.ask", "/underlyingPrice"),
         "timestamp_utc": derived.newest("quoteTimeInLong"),
         "expiry": derived.before_mark("*1", ":"),
         "style": derived.looked_up("exerciseType", {"": "", "A": "american", "E": "european"}),
         "delivery_code": derived.any_true("nonStandard", "mini")},
        gathers=True,
    ),
    JsonLayout(
        "polygon", "Polygon's or Massive's snapshot of a chain",
        (("results", _NOTHING),),
        ("details.contract_type", "details.strike_price", "details.expiration_date", "last_quote"),
        {"underlying": "underlying_asset.ticker",
         "underlying_bid": ("underlying_asset.price", "underlying_asset.value"),
         "underlying_ask": ("underlying_asset.price", "underlying_asset.value"),
         "expiry": "details.expiration_date", "strike": "details.strike_price",
         "right": "details.contract_type", "bid": "last_quote.bid", "ask": "last_quote.ask",
         "bid_size": "last_quote.bid_size", "ask_size": "last_quote.ask_size",
         "style": "details.exercise_style", "multiplier": "details.shares_per_contract",
         "volume": "day.volume", "delivery_code": "details.additional_underlyings"},
        {"timestamp_utc": derived.newest("last_quote.last_updated"),
         "trading_class": derived.class_of("details.ticker")},
        gathers=True,
    ),
    JsonLayout(
        "cboe-json", "Cboe's delayed quotes",
        (("data.options", _NOTHING),),
        ("option", "bid", "ask", "bid_size", "ask_size", "open_interest"),
        {"underlying": "/data.symbol"},
        {**_quoted("/data.bid", "/data.ask", "/data.current_price"),
         "timestamp_utc": derived.local_time("/data.last_trade_time"),
         **derived.contract("option")},
    ),
    JsonLayout(
        "yahoo-json", "Yahoo's options",
        (("optionChain.result.*.options.*.calls", _NOTHING),
         ("optionChain.result.*.options.*.puts", _NOTHING)),
        ("contractSymbol", "strike", "bid", "ask"),
        {"timestamp_utc": "/optionChain.result.0.quote.regularMarketTime",
         "underlying": "/optionChain.result.0.underlyingSymbol",
         "bid": ("bid.raw", "bid"), "ask": ("ask.raw", "ask"),
         "volume": ("volume.raw", "volume"), "delivery_code": "contractSize",
         "open_interest": ("openInterest.raw", "openInterest")},
        {**_quoted(*(f"/optionChain.result.0.quote.{name}"
                     for name in ("bid", "ask", "regularMarketPrice"))),
         **derived.contract("contractSymbol")},
    ),
    JsonLayout(
        "alpaca", "Alpaca's snapshots of a chain",
        (("snapshots.*", _NOTHING),),
        ("latestQuote.bp", "latestQuote.ap", "latestQuote.t"),
        {"timestamp_utc": "latestQuote.t", "bid": "latestQuote.bp", "ask": "latestQuote.ap",
         "bid_size": "latestQuote.bs", "ask_size": "latestQuote.as"},
        {**derived.contract("*1"), "underlying": derived.underlying_of("*1")},
        gathers=True, asks=_SPOT,
    ),
    JsonLayout(
        "marketdata", "MarketData's chain, a list for each column",
        (("", _NOTHING),),
        ("optionSymbol", "underlying", "expiration", "side", "strike", "bid", "ask", "updated"),
        {"underlying_bid": "underlyingPrice",
         "underlying_ask": "underlyingPrice", "right": "side", "bid_size": "bidSize",
         "ask_size": "askSize", "open_interest": "openInterest"},
        {"timestamp_utc": derived.newest("updated"),
         "expiry": derived.day_of_epoch("expiration"),
         "trading_class": derived.class_of("optionSymbol")},
        gathers=True, is_by_column=True,
    ),
    JsonLayout(
        "nse-json", "NSE's option chain",
        (("records.data.*.CE", {"right": "C"}), ("records.data.*.PE", {"right": "P"})),
        ("strikePrice", "expiryDate", "underlying", "bidprice", "askPrice"),
        {"underlying_bid": "underlyingValue", "underlying_ask": "underlyingValue",
         "expiry": "expiryDate", "strike": "strikePrice", "bid": "bidprice", "ask": "askPrice",
         "volume": "totalTradedVolume", "open_interest": "openInterest"},
        {"timestamp_utc": derived.local_time("/records.timestamp", "Asia/Kolkata"),
         "currency": derived.always("INR", "strikePrice"),
         "style": derived.always("european", "strikePrice")},
    ),
)  # fmt: skip
BY_NAME = {layout.name: layout for layout in LAYOUTS}


def layout_in(value: object) -> JsonLayout | None:
    """Return the layout that a JSON value has for certain; None where it has none."""
    return next((layout for layout in LAYOUTS if layout.has(value)), None)


def layout_named(name: str) -> JsonLayout:
    """Return the layout called `name`.

    Raises
    ------
    UsageError
        Naming the nearest one.
    """
    if name not in BY_NAME:
        raise UsageError(f"unknown layout {name!r} of JSON: {hint(name, BY_NAME)}")
    return BY_NAME[name]
