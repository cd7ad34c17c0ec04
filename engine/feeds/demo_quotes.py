"""Quotes around the model's prices: ticks, spreads, sizes, ages; and the book that holds them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

from engine.clock import years_between
from engine.feeds.demo_listing import Kind, Listing, between
from engine.feeds.demo_model import CashDividend, Dynamics, PriceModel
from engine.market.calendar import calendar_named
from engine.market.chain import AMERICAN, COIN, ChainBuilder, FutureBook, OptionChain, Underlying
from engine.market.quoting import IN_COIN, IN_MONEY

# Anybody's futures: deep, and as young as the youngest option.
FUTURE = FutureBook(True, 1_000.0, 1_000.0, 0.06, 0.06)

# (expiry index, strike, right)
Key = tuple[int, float, str]


@dataclass(slots=True)
class Quote:
    """One option's quote, to be moved by whoever plants."""

    bid: float
    ask: float
    bid_size: float
    ask_size: float
    bid_age: float
    ask_age: float


@dataclass(slots=True)
class Book:
    """All quotes of one underlying, by contract, in order."""

    listing: Listing
    spot: Underlying
    futures: list[tuple[float, float]] = field(default_factory=list)
    quotes: dict[Key, Quote] = field(default_factory=dict)

    def tick_floor(self, price: float) -> float:
        """Return the highest valid price that is at most `price`."""
        per_unit = _ticks_at(self.listing.kind, price)
        return math.floor(price * per_unit) / per_unit

    def tick_ceil(self, price: float) -> float:
        """Return the lowest valid price that is at least `price`."""
        per_unit = _ticks_at(self.listing.kind, price)
        return math.ceil(price * per_unit) / per_unit

    def bid_at(self, value: float, half: float) -> float:
        """Return the bid `half` below `value`, on a tick; 0 where that is not above nothing."""
        return self.tick_floor(value - half) if value > half else 0.0

    def ask_at(self, value: float, half: float) -> float:
        """Return the ask `half` above `value`, on a tick and at least one."""
        return max(self.tick_ceil(value + half), 1.0 / self.listing.kind.ticks[0])

    def is_usable(self, key: Key, side: int) -> bool:
        """Whether buying (`side` > 0) or selling passes the default gates of a single quote."""
        quote = self.quotes[key]
        # A coin's 0.05 would be dollars: next to nothing.
        least = 0.0 if self.listing.kind.kind == COIN else 0.05
        is_wide = quote.ask - quote.bid > 0.95 * max(least, 0.05 * (quote.bid + quote.ask))
        if is_wide or quote.bid > quote.ask:
            return False
        if side > 0:
            return quote.ask_age <= 2.0 and quote.ask_size >= 1.0
        return quote.bid > 0.0 and quote.bid_age <= 2.0 and quote.bid_size >= 1.0

    def chain(self, ts_ns: int | None = None) -> OptionChain:
        """Return the book as a chain at `ts_ns`, by default the listing's instant."""
        listing = self.listing
        ts_ns = listing.as_of_ns if ts_ns is None else ts_ns
        builder = ChainBuilder(listing.symbol, ts_ns, self.spot)
        for (e, strike, right), q in self.quotes.items():
            builder.add(
                listing.expiries[e], strike, right,
                q.bid, q.ask, q.bid_size, q.ask_size, q.bid_age, q.ask_age,
            )  # fmt: skip
        # Only coins have futures.
        for expiry, (bid, ask) in zip(listing.expiries, self.futures, strict=False):
            builder.set_forward(expiry, bid, ask, FUTURE)
        kind = listing.kind
        is_coin = kind.kind == COIN
        return builder.build(
            style=kind.style,
            multiplier=1.0 if is_coin else 100.0,
            currency=listing.symbol[1:] if is_coin else "USD",
            quoting=IN_COIN if is_coin else IN_MONEY,
            tick=1.0 / kind.ticks[0],
            calendar=listing.calendar,
            source="demo",
        )


def quote_symbol(listing: Listing, rng: Random, *, compact: bool) -> Book:
    """Return quotes around the model's prices: bids at or below them, asks at or above.

    O(contracts x steps x nodes) for American chains.
    """
    model = PriceModel(dynamics(listing, compact))
    book = Book(listing, underlying(listing, rng))
    is_coin = listing.kind.kind == COIN
    if is_coin:
        for tau in listing.taus:
            book.futures.append(future_quote(listing.spot, listing.basis, tau))
    value = model.american if listing.kind.style == AMERICAN else model.european
    for e, strikes in enumerate(listing.strikes):
        for strike in strikes:
            for right in "CP":
                if is_coin:
                    price = coin_price(listing, model, e, strike, right)
                else:
                    price = value(e, strike, right)
                book.quotes[e, strike, right] = _quote(book, price, rng)
    return book


def dynamics(listing: Listing, compact: bool) -> Dynamics:
    """Return how the price of `listing` moves from its `as_of_ns` on."""
    now, middle = listing.as_of_ns, listing.middle
    calendar = calendar_named(listing.calendar)
    dividends = tuple(
        CashDividend(
            years_between(now, calendar.open_ns(dividend.ex_date)),
            dividend.amount
            * middle.discount(years_between(now, calendar.open_ns(dividend.pay_date))),
        )
        for dividend in listing.carry.dividends
        if now < calendar.open_ns(dividend.ex_date) <= listing.expiries[-1].settles_ns
    )
    is_coin = listing.kind.kind == COIN
    return Dynamics(
        # An inverse option is one on the price of the dollar in coins; X is that price.
        spot=1.0 if is_coin else listing.spot,
        taus=listing.taus,
        vols=listing.vols,
        skew=-listing.skew if is_coin else listing.skew,
        curve=listing.curve,
        discount=middle.discount,
        dividends=dividends,
        drain=listing.drain,
        nodes=20 if compact else 36,
        first_steps=5 if compact else 8,
    )


def coin_price(listing: Listing, model: PriceModel, e: int, strike: float, right: str) -> float:
    """Return the coins an inverse option is worth: ``K/F`` options on X struck at ``F/K``."""
    future = listing.spot * math.exp(listing.basis * listing.taus[e])
    mirrored = "P" if right == "C" else "C"
    return strike / future * model.european(e, future / strike, mirrored)


def underlying(listing: Listing, rng: Random) -> Underlying:
    """Return the quote of what `listing` is on, around its spot."""
    spot, kind = listing.spot, listing.kind
    cents = math.floor(100.0 * spot + 0.5)
    half = math.floor(0.01 * spot) if kind.kind == COIN else 1
    return Underlying(
        listing.symbol,
        bid=(cents - half) / 100.0,
        ask=(cents + half) / 100.0,
        bid_size=100.0 * math.floor(between(rng, 20.0, 90.0)),
        ask_size=100.0 * math.floor(between(rng, 20.0, 90.0)),
        bid_age=round(between(rng, 0.06, 0.4), 3),
        ask_age=round(between(rng, 0.06, 0.4), 3),
        kind=kind.kind,
    )


def future_quote(spot: float, basis: float, tau: float) -> tuple[float, float]:
    """Return bid and ask of the future that settles in `tau` years, half a dollar around it."""
    future = spot * math.exp(basis * tau)
    return math.floor(2.0 * future - 1.0) / 2.0, math.ceil(2.0 * future + 1.0) / 2.0


def half_spread(kind: Kind, price: float, rng: Random) -> float:
    """Draw how far a quote stands from the `price` it is around."""
    scale = between(rng, 0.6, 1.4)
    if kind.kind == COIN:
        return scale * (0.00015 + 0.004 * price)
    return scale * (0.005 + 0.006 * math.sqrt(price))


def lot_size(rng: Random) -> float:
    """Draw a displayed size in contracts."""
    return float(math.floor(between(rng, 1.0, 201.0)))


def _quote(book: Book, price: float, rng: Random) -> Quote:
    half = half_spread(book.listing.kind, price, rng)
    bid = book.bid_at(price, half)
    return Quote(
        bid,
        book.ask_at(price, half),
        lot_size(rng) if bid > 0.0 else 0.0,
        lot_size(rng),
        round(between(rng, 0.06, 1.04), 3),
        round(between(rng, 0.06, 1.04), 3),
    )


def _ticks_at(kind: Kind, price: float) -> int:
    return kind.ticks[0] if price < kind.tick_change else kind.ticks[1]
