"""Rows of one underlying at one instant, made into a chain."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from engine.clock import from_ns
from engine.errors import BadDataError
from engine.feeds.names import AM_MONTHLY, kind_by, style_by
from engine.feeds.record import CellError, Record
from engine.feeds.series import expiry_of, is_monthly_date
from engine.market.calendar import Calendar, calendar_named
from engine.market.chain import (
    AMERICAN,
    COIN,
    EQUITY,
    EUROPEAN,
    INDEX,
    STANDARD_MULTIPLIER,
    ChainBuilder,
    Expiry,
    FutureBook,
    OptionChain,
    Underlying,
)
from engine.market.quoting import IN_COIN, IN_MONEY

_TICK = {INDEX: 0.05, COIN: 0.0001}
# No listed chain has all its strikes so far from the price: they are in another unit.
_FAR = 20.0
# What files write in the column of a deliverable where nothing was adjusted.
_STANDARD = frozenset({"", "0", "STANDARD", "REGULAR", "STD"})

_CLASS = re.compile(r"[A-Z0-9][A-Z0-9 ._/-]{0,31}")

Refuse = Callable[[CellError], None]
Age = tuple[float, float, str]


class Shared(NamedTuple):
    """The columns that every row of a snapshot repeats.

    Each expiry of an inverse chain has an underlying of its own, its future, so there the first
    two may differ.
    """

    underlying_bid: float
    underlying_ask: float
    style: str
    multiplier: float
    currency: str
    underlying_bid_size: float
    underlying_ask_size: float
    underlying_bid_age_s: float
    underlying_ask_age_s: float
    kind: str


@dataclass(frozen=True, slots=True)
class QuotedRow:
    """One row that parsed: `values` as `ChainBuilder.add` takes them after the right."""

    row: Record
    listed: date
    trading_class: str
    strike: float
    right: str
    values: tuple[float, ...]
    shared: Shared

    def with_values(self, values: tuple[float, ...]) -> QuotedRow:
        """Return the row with other quotes and ages."""
        return replace(self, values=values)

    def with_shared(self, shared: Shared) -> QuotedRow:
        """Return the row with another underlying."""
        return replace(self, shared=shared)


def read_row(row: Record, symbol: str, said: str, age: Age, refuse: Refuse) -> QuotedRow:
    """Return what `row` says of a contract of `symbol`.

    `said` is what the user says the symbol is ("" is nothing); `age` has bid age, ask age and
    series name of the companion.

    Raises
    ------
    CellError
        If a cell is not what its column promises.
    """
    said = _said_kind(row, said)
    written_style = row.text("style").lower()
    style = written_style or style_by(symbol, said)
    if style not in (AMERICAN, EUROPEAN):
        raise row.problem("style", f"{AMERICAN} or {EUROPEAN}")
    spot = (row.price("underlying_bid"), row.price("underlying_ask"))
    if not any(spot):
        raise row.problem("underlying_bid", "the underlying's quote")
    currency = row.text("currency").upper()
    if currency and not (currency.isalnum() and currency.isascii() and len(currency) <= 8):
        raise row.problem("currency", "a currency such as USD")
    multiplier = row.number("multiplier")
    kind = kind_by(symbol, said, currency, written_style, multiplier)
    is_in_coin = kind == COIN and currency in (symbol, "")
    if multiplier != multiplier:
        multiplier = 1.0 if kind == COIN else STANDARD_MULTIPLIER
    if multiplier == 0.0:
        raise row.problem("multiplier", "a number > 0")
    if kind == COIN:
        style = written_style or EUROPEAN
    elif multiplier != STANDARD_MULTIPLIER:
        # What an adjusted or a mini contract delivers, its strike and multiplier do not say.
        raise row.problem("multiplier", "a contract of 100 shares (others are left out)")
    trading_class = _trading_class(row, symbol, kind)
    if not trading_class and kind == INDEX:
        trading_class = age[2]
    return QuotedRow(
        row=row,
        listed=row.day("expiry"),
        trading_class=trading_class,
        strike=row.strike("strike"),
        right=row.right("right"),
        values=(
            _quote(row, "bid", refuse),
            _quote(row, "ask", refuse),
            _size(row, "bid_size", refuse),
            _size(row, "ask_size", refuse),
            row.age("bid_age_s", age[0]),
            row.age("ask_age_s", age[1]),
            row.number("volume"),
            row.number("open_interest"),
        ),
        shared=Shared(
            spot[0] or math.nan,
            spot[1] or math.nan,
            style,
            multiplier,
            symbol if is_in_coin else currency or "USD",
            _size(row, "underlying_bid_size", refuse),
            _size(row, "underlying_ask_size", refuse),
            row.age("underlying_bid_age_s"),
            row.age("underlying_ask_age_s"),
            kind,
        ),
    )


def _said_kind(row: Record, said: str) -> str:
    written = row.text("kind").lower()
    if said or not written:
        return said
    known = {"share": "share", "stock": "share", "equity": "share", "etf": "share",
             "index": "index", "coin": "coin"}  # fmt: skip
    if written not in known:
        raise row.problem("kind", "share, index or coin")
    return known[written]


def _trading_class(row: Record, symbol: str, kind: str) -> str:
    """Return the class of a contract; one that was adjusted is refused."""
    trading_class = row.text("trading_class").upper()
    if trading_class and not _CLASS.fullmatch(trading_class):
        raise row.problem("trading_class", "a class such as SPXW")
    if kind != EQUITY:
        return trading_class
    if row.text("delivery_code").upper() not in _STANDARD:
        raise row.problem("delivery_code", "a contract that was not adjusted (others are left out)")
    has_digit = any(mark.isdigit() for mark in trading_class)
    if has_digit and trading_class != symbol:
        # The exchange adds a digit to the class of contracts that deliver something else.
        raise row.problem(
            "trading_class", f"the class {symbol} (one with a digit was adjusted and is left out)"
        )
    return trading_class


def _quote(row: Record, name: str, refuse: Refuse) -> float:
    # Brokers save -1 for a side that is not quoted: the other side is still good.
    return 0.0 if _is_minus_one(row, name, "no quote", refuse) else row.price(name)


def _size(row: Record, name: str, refuse: Refuse) -> float:
    return math.nan if _is_minus_one(row, name, "not known", refuse) else row.number(name)


def _is_minus_one(row: Record, name: str, taken: str, refuse: Refuse) -> bool:
    if row.text(name) not in ("-1", "-1.0"):
        return False
    problem = row.problem(name, "a number >= 0, or nothing where there is no quote")
    refuse(CellError(f"{problem} (taken as {taken})"))
    return True


def build_chain(
    symbol: str, ts_ns: int, rows: list[QuotedRow], source: str, refuse: Refuse
) -> OptionChain | None:
    """Return the chain of `rows`, None if none is left. O(n log n).

    Refused are rows that say something else of the underlying than most do, series that have
    settled, classes of adjusted contracts, and rows that give one contract different quotes: at
    least one of them is wrong, and nobody knows which.

    Raises
    ------
    BadDataError
        If the strikes are in another unit than the price of the underlying.
    """
    agreed = _agreeing(symbol, rows, refuse)
    agreed = _of_standard_class(symbol, agreed, refuse)
    live = _single(_live(symbol, ts_ns, agreed, refuse), symbol, refuse)
    if not live:
        return None
    shared = live[0][1].shared
    _check_unit(symbol, shared, [row.strike for _, row in live], live[0][1].row)
    quoting = IN_COIN if _is_in_coin(symbol, shared) else IN_MONEY
    spot = Underlying(
        symbol, shared.underlying_bid, shared.underlying_ask, *shared[5:9], kind=shared.kind
    )
    builder = ChainBuilder(symbol, ts_ns, spot)
    futures: dict[Expiry, set[tuple[float, float]]] = {}
    for expiry, row in live:
        builder.add(expiry, row.strike, row.right, *row.values)
        futures.setdefault(expiry, set()).add(row.shared[:2])
    if quoting == IN_COIN:
        for expiry, quotes in futures.items():
            known = [price for quote in quotes for price in quote if price == price]
            # A price alone, or one that differs from row to row, is a mark that nobody quotes.
            is_quoted = all(len(quotes) == 1 and bid < ask for bid, ask in quotes)
            book = FutureBook(is_quoted, *shared[5:9])
            builder.set_forward(expiry, min(known), max(known), book)
    return builder.build(
        style=shared.style,
        multiplier=shared.multiplier,
        currency=shared.currency,
        quoting=quoting,
        tick=_TICK.get(shared.kind, 0.01),
        calendar=_calendar_name(shared.kind),
        source=source,
    )


def _calendar_name(kind: str) -> str:
    return "crypto" if kind == COIN else "us"


def _check_unit(symbol: str, shared: Shared, strikes: list[float], row: Record) -> None:
    prices = [price for price in (shared.underlying_bid, shared.underlying_ask) if price > 0.0]
    spot = min(prices)
    low, high = min(strikes) / spot, max(strikes) / spot
    if low > _FAR:
        what = "are they in thousandths of a dollar?" if low > 500.0 else "in which unit are they?"
    elif high < 1.0 / _FAR:
        what = "in which unit are they?"
    else:
        return
    span = f"{low:,.4g} to {high:,.4g}" if low < high else f"{low:,.4g}"
    raise BadDataError(
        f"{row.place('strike')}: every strike of {symbol} is {span} times the price of the "
        f"underlying, {spot:g}: {what} Write both in one unit"
    )


def _compared(symbol: str, row: QuotedRow) -> int:
    return 2 if _is_in_coin(symbol, row.shared) else 0


def _is_in_coin(symbol: str, shared: Shared) -> bool:
    return shared.kind == COIN and shared.currency == symbol


def _agreeing(symbol: str, rows: list[QuotedRow], refuse: Refuse) -> list[QuotedRow]:
    # repr: nan is to agree with nan.
    told = [repr(row.shared[_compared(symbol, row) :]) for row in rows]
    if len(set(told)) <= 1:
        return rows
    usual = Counter(told).most_common(1)[0][0]
    leader = rows[told.index(usual)]
    kept = []
    for text, row in zip(told, rows, strict=True):
        if text == usual:
            kept.append(row)
            continue
        for k in range(_compared(symbol, row), len(Shared._fields)):
            if repr(row.shared[k]) != repr(leader.shared[k]):
                name = Shared._fields[k]
                usual_text = leader.row.text(name) or leader.shared[k]
                expected = f"{usual_text} as in most rows of its snapshot"
                refuse(row.row.problem(name, expected))
                break
    return kept


def _of_standard_class(symbol: str, rows: list[QuotedRow], refuse: Refuse) -> list[QuotedRow]:
    """Return the rows of a share's own class, where a file has others beside it."""
    if not rows or rows[0].shared.kind != EQUITY:
        return rows
    classes = {row.trading_class for row in rows}
    if not (len(classes) > 1 and symbol in classes):
        return rows
    kept = []
    for row in rows:
        if row.trading_class in (symbol, ""):
            kept.append(row)
        else:
            expected = f"the class {symbol}, which stands beside it (others are left out)"
            refuse(row.row.problem("trading_class", expected))
    return kept


def _live(
    symbol: str, ts_ns: int, rows: list[QuotedRow], refuse: Refuse
) -> list[tuple[Expiry, QuotedRow]]:
    if not rows:
        return []
    calendar = calendar_named(_calendar_name(rows[0].shared.kind))
    expiries: dict[tuple[date, str], Expiry] = {}
    settled: dict[date, list[QuotedRow]] = {}
    live = []
    for row in _of_known_class(symbol, rows, calendar, refuse):
        key = (row.listed, row.trading_class)
        if key not in expiries:
            expiries[key] = expiry_of(row.listed, symbol, calendar, row.trading_class)
        if expiries[key].settles_ns > ts_ns:
            live.append((expiries[key], row))
        else:
            settled.setdefault(row.listed, []).append(row)
    for group in settled.values():
        # One line for the series: a whole snapshot may be taken at its settlement.
        expected = f"a series that settles after {from_ns(ts_ns).isoformat()}"
        refuse(CellError(f"{group[0].row.problem('expiry', expected)}{_and_more(group)}"))
    return live


def _and_more(group: list[QuotedRow]) -> str:
    return f" (and {len(group) - 1} more rows)" if len(group) > 1 else ""


def _of_known_class(
    symbol: str, rows: list[QuotedRow], calendar: Calendar, refuse: Refuse
) -> list[QuotedRow]:
    """Return the rows whose class is known.

    On its monthly date an index has two series. Where a file without classes has both, it has
    contracts twice with different quotes, and of none is known which class it is of.
    """
    if symbol not in AM_MONTHLY:
        return rows
    seen: dict[tuple[date, float, str], str] = {}
    mixed: set[date] = set()
    for row in rows:
        key = (row.listed, row.strike, row.right)
        quotes = repr(row.values)
        if not row.trading_class and seen.setdefault(key, quotes) != quotes:
            mixed.add(row.listed)
    mixed = {day for day in mixed if is_monthly_date(day, calendar)}
    kept: list[QuotedRow] = []
    left: dict[date, list[QuotedRow]] = {}
    for row in rows:
        if row.listed in mixed and not row.trading_class:
            left.setdefault(row.listed, []).append(row)
        else:
            kept.append(row)
    for group in left.values():
        expected = (
            f"the class of each row ({symbol} or {AM_MONTHLY[symbol]}, column trading_class): on "
            "this date there are two, and contracts stand here twice with different quotes"
        )
        refuse(CellError(f"{group[0].row.problem('expiry', expected)}{_and_more(group)}"))
    return kept


def _single(
    live: list[tuple[Expiry, QuotedRow]], symbol: str, refuse: Refuse
) -> list[tuple[Expiry, QuotedRow]]:
    """Return each contract once: equal rows are one, different ones are none."""
    groups: dict[tuple[Expiry, float, str], list[QuotedRow]] = {}
    for expiry, row in live:
        groups.setdefault((expiry, row.strike, row.right), []).append(row)
    kept = []
    for key, group in groups.items():
        first = group[0]
        # Of an inverse chain the quote of the future belongs to the row.
        if len({repr((row.values, row.shared)) for row in group}) == 1:
            kept.append((key[0], first))
            for copy in group[1:]:
                place = first.row.where.rpartition(":")[2]
                expected = f"one row for each contract (this one is in line {place})"
                refuse(copy.row.problem("strike", expected))
            continue
        places = " and ".join(row.row.where.rpartition(":")[2] for row in group[:3])
        for row in group:
            expected = (
                f"one quote for each contract ({row.right} {row.strike:g} of {row.listed} has "
                f"different ones in lines {places}; none is used)"
            )
            refuse(row.row.problem("strike", expected))
    return kept
