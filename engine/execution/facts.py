"""What is known of the market of an underlying when an order is about to be sent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.market.book import Book
from engine.market.carry import Carry, Dividend
from engine.market.chain import AMERICAN
from engine.market.combo import STOCK, Leg
from engine.market.listing import Listing
from kernels_pure.ages import age_of


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the broker says that one lot of a combo would do to the account.

    `margin_usd` is the change of the initial margin for `lots`, `ts_ns` when it was said, `refusal`
    why the broker would not take the order, "" if it would.
    """

    lots: int
    margin_usd: float
    ts_ns: int
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What checks need to know of a market, at one moment.

    Attributes
    ----------
    symbol, calendar, style
        As in the listing.
    legs
        Those of the plan, in its order, at what they cost now; empty: as they stand in the plan.
    spot
        Mid of the underlying; nan is not known.
    dividends, knows_dividends
        What is announced, and whether that is all.
    shortable, borrow_fee
        Shares that can be borrowed, nan is not known; their fee per year.
    is_halted, is_delayed
        Of the underlying or of any leg.
    what_if
        The broker's margin of this combo, None where it was not asked.
    """

    symbol: str
    calendar: str = "us"
    style: str = AMERICAN
    legs: tuple[Leg, ...] = ()
    spot: float = math.nan
    dividends: tuple[Dividend, ...] = ()
    knows_dividends: bool = True
    shortable: float = math.nan
    borrow_fee: float = 0.0
    is_halted: bool = False
    is_delayed: bool = False
    what_if: WhatIf | None = None

    @classmethod
    def of(cls, listing: Listing, carry: Carry, *, knows_dividends: bool = True) -> MarketFacts:
        """Return what stays the same while quotes move."""
        return cls(
            listing.symbol, listing.calendar, listing.style, dividends=carry.dividends,
            knows_dividends=knows_dividends, shortable=carry.shortable,
            borrow_fee=carry.borrow_fee,
        )  # fmt: skip

    def at(
        self, book: Book, legs: Sequence[Leg], now_ns: int, what_if: WhatIf | None = None
    ) -> MarketFacts:
        """Return these facts with the legs of a plan as they stand in `book`. O(legs)."""
        return replace(
            self, legs=legs_now(book, legs, now_ns), is_halted=book.is_halted,
            spot=0.5 * (book.underlying.bid + book.underlying.ask),
            is_delayed=book.is_delayed, what_if=what_if,
        )  # fmt: skip


def legs_now(book: Book, legs: Sequence[Leg], now_ns: int) -> tuple[Leg, ...]:
    """Return `legs` with prices, sizes and ages of this moment. O(legs).

    A leg that is neither a listed option nor stock keeps what it has.
    """
    now = []
    for leg in legs:
        quote, is_bought = leg.quote, leg.side > 0
        if quote >= 0:
            bid, ask, line = book.bid[quote], book.ask[quote], book.line_ns[quote]
            size = book.ask_size[quote] if is_bought else book.bid_size[quote]
            stamps = book.bid_ns[quote], book.ask_ns[quote]
        elif leg.kind == STOCK:
            side = book.underlying
            bid, ask, line = side.bid, side.ask, side.line_ns
            size = (side.ask_size if is_bought else side.bid_size) / book.listing.multiplier
            stamps = side.bid_ns, side.ask_ns
        else:
            now.append(leg)
            continue
        age = age_of(stamps[is_bought], line, book.alive_ns, now_ns)
        price = ask if is_bought else bid
        now.append(Leg(
            leg.kind, leg.side, leg.ratio, price, leg.fee, leg.right, leg.strike, leg.expiry,
            leg.settles_ns, bid, ask, size, age, quote, leg.notional, leg.trading_class,
        ))  # fmt: skip
    return tuple(now)
