"""Contracts of one underlying at one instant, read from rows, made into a chain."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from engine.clock import from_ns
from engine.feeds.rows import CellError, Row
from engine.feeds.series import INVERSE_COINS, expiry_of, kind_of, style_of
from engine.market.calendar import calendar_named
from engine.market.chain import (
    AMERICAN,
    COIN,
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

Refuse = Callable[[CellError], None]


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


@dataclass(frozen=True, slots=True)
class Contract:
    """One row that parsed: `values` as `ChainBuilder.add` takes them after the right."""

    row: Row
    listed: date
    trading_class: str
    strike: float
    right: str
    values: tuple[float, ...]
    shared: Shared


def read_contract(row: Row, symbol: str, age: tuple[float, float, str], refuse: Refuse) -> Contract:
    """Return the contract of `row`; `age` has bid age, ask age and series name of the companion.

    Raises
    ------
    CellError
        If a cell is not what its column promises.
    """
    style = row.text("style").lower() or style_of(symbol)
    if style not in (AMERICAN, EUROPEAN):
        raise row.problem("style", f"{AMERICAN} or {EUROPEAN}")
    spot = (row.price("underlying_bid"), row.price("underlying_ask"))
    if not any(spot):
        raise row.problem("underlying_bid", "the underlying's quote")
    currency = row.text("currency").upper()
    is_coin_settled = currency == symbol if currency else symbol in INVERSE_COINS
    multiplier = row.number(
        "multiplier", empty=1.0 if kind_of(symbol) == COIN else STANDARD_MULTIPLIER
    )
    if multiplier == 0.0:
        raise row.problem("multiplier", "a number > 0")
    if kind_of(symbol) != COIN and not is_coin_settled and multiplier != STANDARD_MULTIPLIER:
        # What an adjusted or a mini contract delivers, its strike and multiplier do not say.
        raise row.problem("multiplier", "a contract of 100 shares (others are left out)")
    trading_class = row.text("trading_class").upper()
    if not trading_class and kind_of(symbol) == INDEX:
        trading_class = age[2]
    return Contract(
        row=row,
        listed=row.day("expiry"),
        trading_class=trading_class,
        strike=row.number("strike", positive=True),
        right=row.right("right"),
        values=(
            _quote(row, "bid", refuse),
            _quote(row, "ask", refuse),
            row.number("bid_size"),
            row.number("ask_size"),
            row.number("bid_age_s", empty=age[0]),
            row.number("ask_age_s", empty=age[1]),
            row.number("volume"),
            row.number("open_interest"),
        ),
        shared=Shared(
            spot[0] or math.nan,
            spot[1] or math.nan,
            style,
            multiplier,
            symbol if is_coin_settled else currency or "USD",
            *(row.number(name) for name in Shared._fields[5:]),
        ),
    )


def _quote(row: Row, name: str, refuse: Refuse) -> float:
    # Brokers save -1 for a side that is not quoted: the other side is still good.
    if row.text(name) in ("-1", "-1.0"):
        problem = row.problem(name, "a number >= 0, or nothing where there is no quote")
        refuse(CellError(f"{problem} (taken as no quote)"))
        return 0.0
    return row.price(name)


def build_chain(
    symbol: str, ts_ns: int, contracts: list[Contract], source: str, refuse: Refuse
) -> OptionChain | None:
    """Return the chain of `contracts`, None if none is left. O(n log n).

    Refused are rows that say something else of the underlying than most do, series that have
    settled, and second rows of one contract.
    """
    agreed = _agreeing(symbol, contracts, refuse)
    live = _live(symbol, ts_ns, agreed, refuse)
    if not live:
        return None
    shared = live[0][1].shared
    quoting = IN_COIN if shared.currency == symbol else IN_MONEY
    spot = Underlying(
        symbol, shared.underlying_bid, shared.underlying_ask, *shared[5:], kind=kind_of(symbol)
    )
    builder = ChainBuilder(symbol, ts_ns, spot)
    lines: dict[tuple[Expiry, float, str], int] = {}
    futures: dict[Expiry, set[tuple[float, float]]] = {}
    for expiry, contract in live:
        key = (expiry, contract.strike, contract.right)
        if builder.add(*key, *contract.values):
            lines[key] = contract.row.line
            futures.setdefault(expiry, set()).add(contract.shared[:2])
        else:
            expected = f"one row for each contract (this one is in line {lines[key]})"
            refuse(contract.row.problem("strike", expected))
    if quoting == IN_COIN:
        for expiry, quotes in futures.items():
            known = [price for quote in quotes for price in quote if price == price]
            # A price alone, or one that differs from row to row, is a mark that nobody quotes.
            is_quoted = all(len(quotes) == 1 and bid < ask for bid, ask in quotes)
            book = FutureBook(is_quoted, *shared[5:])
            builder.set_forward(expiry, min(known), max(known), book)
    return builder.build(
        style=shared.style,
        multiplier=shared.multiplier,
        currency=shared.currency,
        quoting=quoting,
        tick=_TICK.get(kind_of(symbol), 0.01),
        calendar=_calendar_name(symbol),
        source=source,
    )


def _calendar_name(symbol: str) -> str:
    return "crypto" if kind_of(symbol) == COIN else "us"


def _compared(symbol: str, contract: Contract) -> int:
    return 2 if contract.shared.currency == symbol else 0


def _agreeing(symbol: str, contracts: list[Contract], refuse: Refuse) -> list[Contract]:
    # repr: nan is to agree with nan.
    told = [repr(c.shared[_compared(symbol, c) :]) for c in contracts]
    if len(set(told)) <= 1:
        return contracts
    usual = Counter(told).most_common(1)[0][0]
    leader = contracts[told.index(usual)]
    kept = []
    for text, contract in zip(told, contracts, strict=True):
        if text == usual:
            kept.append(contract)
            continue
        for k in range(_compared(symbol, contract), len(Shared._fields)):
            if repr(contract.shared[k]) != repr(leader.shared[k]):
                name = Shared._fields[k]
                usual_text = leader.row.text(name) or leader.shared[k]
                expected = f"{usual_text} as in most rows of its snapshot"
                refuse(contract.row.problem(name, expected))
                break
    return kept


def _live(
    symbol: str, ts_ns: int, contracts: list[Contract], refuse: Refuse
) -> list[tuple[Expiry, Contract]]:
    calendar = calendar_named(_calendar_name(symbol))
    expiries: dict[tuple[date, str], Expiry] = {}
    settled: dict[date, list[Contract]] = {}
    live = []
    for contract in contracts:
        key = (contract.listed, contract.trading_class)
        if key not in expiries:
            expiries[key] = expiry_of(contract.listed, symbol, calendar, contract.trading_class)
        if expiries[key].settles_ns > ts_ns:
            live.append((expiries[key], contract))
        else:
            settled.setdefault(contract.listed, []).append(contract)
    for group in settled.values():
        # One line for the series: a whole snapshot may be taken at its settlement.
        more = f" (and {len(group) - 1} more rows)" if len(group) > 1 else ""
        expected = f"a series that settles after {from_ns(ts_ns).isoformat()}"
        refuse(CellError(f"{group[0].row.problem('expiry', expected)}{more}"))
    return live
