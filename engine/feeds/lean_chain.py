"""The chains of one symbol's day in a LEAN folder."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from engine.clock import from_ns
from engine.feeds.lean_files import Refuse, SeenQuote
from engine.feeds.lean_layout import Series
from engine.feeds.lean_session import Book
from engine.feeds.record import CellError
from engine.feeds.series import expiry_of
from engine.market.calendar import US
from engine.market.chain import EQUITY, INDEX, ChainBuilder, Expiry, OptionChain, Underlying

_TICK, _INDEX_TICK = 0.01, 0.05


@dataclass(frozen=True, slots=True)
class Day:
    """A symbol's day: `book` and `spot` have an entry for each of the rising `instants`."""

    symbol: str
    underlying: str
    is_index: bool
    style: str
    source: str
    instants: tuple[int, ...]
    book: Book
    spot: Sequence[SeenQuote | None]


def chains_of(day: Day, refuse: Refuse) -> Iterator[OptionChain]:
    """Yield the chain at each instant that has a live contract; settled series are left out."""
    trading_class = day.symbol if day.is_index else ""
    expiries: dict[date, Expiry] = {}
    for series in day.book.quotes:
        if series.listed not in expiries:
            expiries[series.listed] = expiry_of(series.listed, day.underlying, US, trading_class)
    for k, ts_ns in enumerate(day.instants):
        builder = ChainBuilder(day.symbol, ts_ns, _underlying(day, k))
        for series, quotes in day.book.quotes.items():
            quote = quotes[k]
            expiry = expiries[series.listed]
            if quote is None or expiry.settles_ns <= ts_ns:
                continue
            is_new = builder.add(
                expiry,
                series.strike,
                series.right,
                quote.bid,
                quote.ask,
                quote.bid_size,
                quote.ask_size,
                quote.bid_age,
                quote.ask_age,
                _total(day.book.volume, series, k, 0.0),
                _total(day.book.open_interest, series, k, math.nan),
            )
            if not is_new:
                refuse(_second(day, series, expiry, ts_ns))
        chain = builder.build(
            style=day.style, tick=_INDEX_TICK if day.is_index else _TICK, source=day.source
        )
        if chain.expiries:
            yield chain


def _underlying(day: Day, k: int) -> Underlying:
    kind = INDEX if day.is_index else EQUITY
    quote = day.spot[k]
    if quote is None:
        return Underlying(day.underlying, math.nan, math.nan, kind=kind)
    return Underlying(
        day.underlying,
        quote.bid or math.nan,
        quote.ask or math.nan,
        quote.bid_size,
        quote.ask_size,
        quote.bid_age,
        quote.ask_age,
        kind,
    )


def _total(
    totals: dict[Series, list[float]] | None, series: Series, k: int, missing: float
) -> float:
    if totals is None:
        return math.nan
    known = totals.get(series)
    return known[k] if known is not None else missing


def _second(day: Day, series: Series, expiry: Expiry, ts_ns: int) -> CellError:
    return CellError(
        f"{day.source}: {series.right} {series.strike:g} listed {series.listed} expires on "
        f"{expiry.date} like another contract of {from_ns(ts_ns).isoformat()}: left out"
    )
