"""One underlying of the moving demo market: its live quotes and the two rules they move by.

A quote is legal while ``bid <= V <= ask``, V being the value of `demo_values`. Whatever changes V
(the stock, the time) is sent in three phases, legal after *every* message: the sides that would
offend move away, the stock is quoted, and the other sides follow, each later on its own.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import replace
from random import Random

from engine.clock import years_between
from engine.feeds.demo_listing import between, list_symbol
from engine.feeds.demo_quotes import (
    FUTURE,
    Book,
    Key,
    Quote,
    future_quote,
    half_spread,
    lot_size,
    underlying,
)
from engine.feeds.demo_values import Valuation, live_listing
from engine.market.chain import COIN, OptionChain


class LiveQuote(Quote):
    """A quote that moves: which instrument, how far from V, and who holds it for now.

    `half` is the half spread around V. `hold` are the distances of bid and ask from V that a plant
    keeps (nan: no bid), None where nobody holds it.
    """

    __slots__ = ("half", "hold", "index", "is_following", "key", "stamp_ns")

    def __init__(self, index: int, key: Key | None) -> None:
        super().__init__(0.0, 0.0, 0.0, 0.0, 0.1, 0.1)
        self.index = index
        self.key = key
        self.half = 0.0
        self.hold: tuple[float, float] | None = None
        self.is_following = False
        self.stamp_ns = 0


class DemoSymbol:
    """The live book of one underlying. It draws from a generator of its own.

    `quotes` are those of the live options in the order of the valuation's keys, `future_quotes`
    those of a coin's futures, `spot_quote` that of the underlying. `emit` is called for every
    quote sent, when the book already shows it.
    """

    def __init__(
        self,
        symbol: str,
        seed: int,
        now_ns: int,
        *,
        compact: bool,
        emit: Callable[[LiveQuote], None],
        has_options: bool = True,
    ) -> None:
        self.rng = Random(zlib.crc32(f"{seed}:{symbol}".encode()))
        self.symbol = symbol
        self.whole = list_symbol(symbol, self.rng, compact=compact)
        if not has_options:
            self.whole = replace(self.whole, strikes=tuple(() for _ in self.whole.strikes))
        self.is_coin = self.whole.kind.kind == COIN
        self.base = self.spot = self.whole.spot
        self.emit = emit
        self.compact = compact
        self._shown = underlying(self.whole, self.rng)
        self.stock_size = (self._shown.bid_size, self._shown.ask_size)
        self.half_cents = math.floor(0.01 * self.base) if self.is_coin else 1
        self.spot_quote = LiveQuote(-1, None)
        self.options: dict[Key, LiveQuote] = {
            (e, strike, right): LiveQuote(-1, (e, strike, right))
            for e, strikes in enumerate(self.whole.strikes)
            for strike in strikes
            for right in "CP"
        }
        self.futures = [LiveQuote(-1, None) for _ in self.whole.expiries if self.is_coin]
        self.gone = 0
        self.next_value: Valuation | None = None
        self.value_at(now_ns)

    def value_at(self, now_ns: int) -> None:
        """Value everything as of `now_ns`, without touching a quote."""
        value = self.next_value
        if value is None or value.listing.as_of_ns != now_ns:
            value = self.valuation(now_ns)
        self.next_value = None
        self.value = value
        gone = self.gone = len(self.whole.expiries) - len(value.listing.expiries)
        self.value.enter(value.interval(self.spot))
        self.quotes = [self.options[e + gone, k, right] for e, k, right in value.keys]
        self.future_quotes = self.futures[gone:]
        # What the planter and the labels read; the quotes in it are the live ones.
        self.book = Book(replace(value.listing, spot=self.spot), self._shown)
        self.book.quotes.update(zip(value.keys, self.quotes, strict=True))
        self.position = {key: i for i, key in enumerate(value.keys)}
        self._show_underlying()

    def valuation(self, now_ns: int) -> Valuation:
        """Return the values as of `now_ns`, none of them priced yet."""
        return Valuation(live_listing(self.whole, now_ns), self.base, compact=self.compact)

    def prepare(self, count: int) -> int:
        """Price up to `count` contracts that will be needed soon; return how many were."""
        done = 0
        if self.next_value is not None:
            k = self.next_value.interval(self.spot)
            for node in (k, k + 1):
                done += self.next_value.prepare(node, count - done)
        k = self.value.interval(self.spot)
        for node in (k + 2, k - 1):
            done += self.value.prepare(node, count - done)
        return done

    def worth(self, i: int) -> float:
        """Return V of option `i`."""
        x = 1.0 / self.spot if self.is_coin else self.spot
        return self.value.level[i] + self.value.slope[i] * x

    def draw(self, i: int) -> None:
        """Give option `i` a new quote around V, without sending it."""
        quote = self.quotes[i]
        quote.half = half_spread(self.whole.kind, max(self.worth(i), 0.0), self.rng)
        self.place(i)
        quote.bid_size = lot_size(self.rng) if quote.bid > 0.0 else 0.0
        quote.ask_size = lot_size(self.rng)

    def place(self, i: int) -> bool:
        """Put option `i` at its distance from V; return whether that changed anything."""
        quote, value = self.quotes[i], self.worth(i)
        if quote.hold is None:
            bid, ask = self.book.bid_at(value, quote.half), self.book.ask_at(value, quote.half)
        else:
            below, above = quote.hold
            bid = max(self.book.tick_floor(value + below), 0.0) if below == below else 0.0
            ask = self.book.tick_ceil(value + above)
            if ask <= 0.0:
                return False
        if bid == quote.bid and ask == quote.ask:
            return False
        if quote.hold is None:
            if bid > 0.0 and quote.bid_size <= 0.0:
                quote.bid_size = lot_size(self.rng)
            if quote.ask_size <= 0.0:
                quote.ask_size = lot_size(self.rng)
        if bid <= 0.0:
            quote.bid_size = 0.0
        quote.bid, quote.ask = bid, ask
        return True

    def post_all(self) -> None:
        """Quote everything afresh, the underlying first: the market opens."""
        self.send_underlying()
        for i in range(len(self.quotes)):
            self.quotes[i].hold = None
            self.draw(i)
            self.emit(self.quotes[i])

    def withdraw_all(self) -> None:
        """Take every quote away: nobody is there any more."""
        for quote in (*self.quotes, *self.future_quotes, self.spot_quote):
            quote.hold = None
            if quote.bid > 0.0 or quote.ask > 0.0:
                quote.bid = quote.ask = quote.bid_size = quote.ask_size = 0.0
                self.emit(quote)

    def offending(self, level: list[float], slope: list[float], x: float) -> list[int]:
        """Move away the sides that ``level + slope * x`` would offend; return who has to follow."""
        follow, emit, book = [], self.emit, self.book
        quotes = self.quotes
        for i in range(len(quotes)):
            quote = quotes[i]
            value, half = level[i] + slope[i] * x, quote.half
            if quote.hold is not None:
                self._yield_held(quote, value)
                continue
            if quote.bid > value - 0.25 * half and quote.bid > 0.0:
                bid = book.bid_at(value, half)
                if bid < quote.bid:
                    quote.bid = bid
                    if bid <= 0.0:
                        quote.bid_size = 0.0
                    emit(quote)
            elif quote.ask < value + 0.25 * half:
                ask = book.ask_at(value, half)
                if ask > quote.ask:
                    quote.ask = ask
                    emit(quote)
            elif quote.bid >= value - 2.0 * half and quote.ask <= value + 2.0 * half:
                continue
            if not quote.is_following:
                quote.is_following = True
                follow.append(i)
        return follow

    def _yield_held(self, quote: LiveQuote, value: float) -> None:
        """Move a held side away, unless it is where it is because it was planted there."""
        below, above = quote.hold or (0.0, 0.0)
        if quote.bid > value and below <= 0.0:
            quote.bid = self.book.tick_floor(value) if value > 0.0 else 0.0
            self.emit(quote)
        elif quote.ask < value and above >= 0.0:
            quote.ask = self.book.tick_ceil(value)
            self.emit(quote)

    def move_within(self, to: float) -> list[int]:
        """Move the spot inside the grid interval; return the options that follow later."""
        follow = self.offending(
            self.value.level, self.value.slope, 1.0 / to if self.is_coin else to
        )
        self.spot = to
        self.book.listing = replace(self.book.listing, spot=to)
        self.send_underlying()
        self._follow_held()
        return follow

    def move(self, to: float) -> list[int]:
        """Move the spot to `to`, stopping at every node between; return who follows."""
        follow = []
        while self.spot != to:
            rises = to > self.spot
            edge = self.value.high if rises else self.value.low
            if self.spot == edge:
                self.value.enter(self.value.current + (1 if rises else -1))
            else:
                follow += self.move_within(min(to, edge) if rises else max(to, edge))
        return follow

    def scratch(self, now_ns: int) -> Book:
        """Return a copy of the book as of `now_ns`, for the planter to move quotes in."""
        listing = self.book.listing
        taus = tuple(years_between(now_ns, expiry.settles_ns) for expiry in listing.expiries)
        book = Book(
            replace(listing, as_of_ns=now_ns, taus=taus), self.book.spot, list(self.book.futures)
        )
        for key, q in self.book.quotes.items():
            book.quotes[key] = Quote(q.bid, q.ask, q.bid_size, q.ask_size, 0.1, 0.1)
        return book

    def revalue(self, now_ns: int) -> list[int]:
        """Change to the values as of `now_ns` at the same spot; return who follows."""
        self._withdraw_series(len(self.whole.expiries) - len(live_listing(self.whole, now_ns).taus))
        self.value_at(now_ns)
        x = 1.0 / self.spot if self.is_coin else self.spot
        follow = self.offending(self.value.level, self.value.slope, x)
        if self.is_coin:
            self.send_underlying()
        self._follow_held()
        return follow

    def _withdraw_series(self, gone: int) -> None:
        old = [quote for quote in self.quotes if quote.key is not None and quote.key[0] < gone]
        for quote in (*old, *self.futures[self.gone : gone]):
            quote.bid = quote.ask = quote.bid_size = quote.ask_size = 0.0
            quote.hold = None
            self.emit(quote)

    def _follow_held(self) -> None:
        for i, quote in enumerate(self.quotes):
            if quote.hold is not None and self.place(i):
                self.emit(quote)

    def send_underlying(self) -> None:
        """Quote the underlying at the spot, and then a coin's futures."""
        cents = math.floor(100.0 * self.spot + 0.5)
        quote = self.spot_quote
        quote.bid, quote.ask = (cents - self.half_cents) / 100.0, (cents + self.half_cents) / 100.0
        quote.bid_size, quote.ask_size = self.stock_size
        self._show_underlying()
        self.emit(quote)
        listing = self.value.listing
        for e, future in enumerate(self.future_quotes):
            future.bid, future.ask = future_quote(self.spot, listing.basis, listing.taus[e])
            future.bid_size, future.ask_size = FUTURE.bid_size, FUTURE.ask_size
            self._show_underlying()
            self.emit(future)

    def _show_underlying(self) -> None:
        quote = self.spot_quote
        self.book.spot = replace(
            self.book.spot,
            bid=quote.bid,
            ask=quote.ask,
            bid_size=quote.bid_size,
            ask_size=quote.ask_size,
        )
        self.book.futures[:] = [(future.bid, future.ask) for future in self.future_quotes]

    def chain(self, now_ns: int) -> OptionChain:
        """Return the book as a chain at `now_ns`; every quote is alive, so none has an age."""
        return self.book.chain(now_ns)

    def wander(self, deviation: float) -> float:
        """Return where the spot goes next, kept within 13 % below and 15 % above the first one."""
        rng = self.rng
        step = (rng.random() + rng.random() + rng.random() - 1.5) * 2.0 * deviation
        cents = math.floor(step * self.spot * 100.0 + 0.5)
        if self.spot > 1.15 * self.base:
            cents = -abs(cents)
        elif self.spot < 0.87 * self.base:
            cents = abs(cents)
        return self.spot + cents / 100.0

    def delay(self, low: float, high: float) -> float:
        """Draw a delay in seconds."""
        return between(self.rng, low, high)
