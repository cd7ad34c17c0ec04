"""An option chain: one underlying at one instant, in columns.

Rows are (expiry, strike), expiries by settlement instant, strikes rising within one. A *quote
index* names one contract: `row` for the call, ``n_rows + row`` for the put. Prices are per share
(per coin for inverse chains), sizes in contracts, ages in seconds.

Conventions for what is absent: a price of 0 or nan is "no quote on that side"; a size or an age
of nan is "not known", a size of 0 is "nothing there".
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from datetime import date

from engine.clock import from_ns, years_between
from engine.market.quoting import IN_MONEY, Quoting

AMERICAN = "american"
EUROPEAN = "european"

EQUITY = "equity"
INDEX = "index"
COIN = "coin"
STANDARD_MULTIPLIER = 100.0  # shares of an equity or index option


@dataclass(frozen=True, slots=True)
class Underlying:
    """The quote of what the options are on; nan is absent or not known.

    `bid_size` and `ask_size` are in shares. `kind` is EQUITY, INDEX (not tradable) or COIN.
    """

    symbol: str
    bid: float
    ask: float
    bid_size: float = math.nan
    ask_size: float = math.nan
    bid_age: float = math.nan
    ask_age: float = math.nan
    kind: str = EQUITY

    @property
    def mid(self) -> float:
        """The middle of the quote; nan when a side is absent."""
        return 0.5 * (self.bid + self.ask)

    @property
    def is_tradable(self) -> bool:
        """Whether the underlying itself can be bought and sold (an index cannot)."""
        return self.kind != INDEX


@dataclass(frozen=True, slots=True, order=True)
class Expiry:
    """When a series stops trading and when it settles.

    `date` is the last trading day of the series, `settles_ns` the settlement instant in UTC
    nanoseconds, `settlement` "AM" or "PM", `trading_class` as IB has it (SPX against SPXW).
    """

    settles_ns: int
    date: date
    settlement: str = "PM"
    trading_class: str = ""


@dataclass(frozen=True, slots=True)
class FutureBook:
    """What is known of the future of an expiry beside its prices; sizes in coins, ages in seconds.

    `is_quoted` says that somebody bids and offers it; a mark or a synthetic price is not a quote.
    """

    is_quoted: bool = False
    bid_size: float = math.nan
    ask_size: float = math.nan
    bid_age: float = math.nan
    ask_age: float = math.nan


@dataclass(frozen=True, slots=True)
class OptionChain:
    """One underlying, one instant, all expiries.

    Attributes
    ----------
    symbol, ts_ns, source
        What, when (UTC nanoseconds), from where (shown to people).
    underlying
        Its quote.
    expiries
        By settlement instant, then trading class.
    first
        ``array('l')`` of ``len(expiries) + 1`` row offsets: expiry e has rows
        ``first[e] .. first[e + 1] - 1``.
    strike
        ``array('d')`` by row.
    bid, ask, bid_size, ask_size, bid_age, ask_age
        ``array('d')`` by quote index (calls, then puts).
    style
        AMERICAN or EUROPEAN.
    multiplier
        Shares (coins) per contract.
    currency
        Of the prices: "USD", or the coin of an inverse chain.
    quoting
        In what options are quoted and settled, and what hedges them.
    forward_bid, forward_ask
        ``array('d')`` by expiry, the future of that expiry in dollars; empty if none.
    futures
        What else is known of these, by expiry; empty if none.
    tick
        Smallest price step, for near misses and pin risk.
    calendar
        Name of the trading calendar: "us" or "crypto" (`engine.market.calendar.calendar_named`).
    is_delayed, is_halted
        Facts a gate reads.
    volume, open_interest
        ``array('d')`` by quote index, nan unknown; empty when the source has none.
    contract_ids
        What the exchange or the broker calls each contract, by quote index; empty if not known.
    """

    symbol: str
    ts_ns: int
    underlying: Underlying
    expiries: tuple[Expiry, ...]
    first: array[int]
    strike: array[float]
    bid: array[float]
    ask: array[float]
    bid_size: array[float]
    ask_size: array[float]
    bid_age: array[float]
    ask_age: array[float]
    style: str = AMERICAN
    multiplier: float = 100.0
    currency: str = "USD"
    quoting: Quoting = IN_MONEY
    forward_bid: array[float] = field(default_factory=lambda: array("d"))
    forward_ask: array[float] = field(default_factory=lambda: array("d"))
    futures: tuple[FutureBook, ...] = ()
    tick: float = 0.01
    calendar: str = "us"
    is_delayed: bool = False
    is_halted: bool = False
    volume: array[float] = field(default_factory=lambda: array("d"))
    open_interest: array[float] = field(default_factory=lambda: array("d"))
    source: str = ""
    contract_ids: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return one line: the columns of a chain fill screens."""
        size = f"{self.n_rows} strikes in {len(self.expiries)} expiries"
        return f"<OptionChain {self.symbol} {from_ns(self.ts_ns)} {self.style}: {size}>"

    @property
    def n_rows(self) -> int:
        """How many (expiry, strike) rows there are; contracts are twice that."""
        return len(self.strike)

    @property
    def is_european(self) -> bool:
        """Whether no option can be exercised early."""
        return self.style == EUROPEAN

    @property
    def contract_value(self) -> float:
        """Dollars per contract of a price of 1: the multiplier, times the spot if inverse."""
        return self.multiplier * self.dollars

    @property
    def dollars(self) -> float:
        """Dollars per unit of its prices: 1, or the spot where they are in coins."""
        return self.quoting.dollars(self.underlying.mid)

    def tau(self, expiry: int) -> float:
        """Return ACT/365 years from the chain's instant to the settlement of expiry index."""
        return years_between(self.ts_ns, self.expiries[expiry].settles_ns)

    def rows(self, expiry: int) -> range:
        """Return the rows of expiry index `expiry`."""
        return range(self.first[expiry], self.first[expiry + 1])

    def expiry_of(self, row: int) -> int:
        """Return the expiry index of `row`. O(log expiries)."""
        low, high = 0, len(self.expiries)
        while high - low > 1:
            middle = (low + high) // 2
            if self.first[middle] <= row:
                low = middle
            else:
                high = middle
        return low

    def quote_index(self, row: int, right: str) -> int:
        """Return the quote index of the call ("C") or put ("P") of `row`."""
        return row if right == "C" else self.n_rows + row

    def right_of(self, quote: int) -> str:
        """Return "C" or "P" of quote index `quote`."""
        return "C" if quote < self.n_rows else "P"

    def row_of(self, quote: int) -> int:
        """Return the row of quote index `quote`."""
        return quote if quote < self.n_rows else quote - self.n_rows


class ChainBuilder:
    """Collect contracts in any order and build the sorted columns.

    >>> from datetime import date
    >>> builder = ChainBuilder("XYZ", 0, Underlying("XYZ", 99.9, 100.1))
    >>> december = Expiry(86_400_000_000_000, date(1970, 1, 2))
    >>> builder.add(december, 100.0, "C", 1.0, 1.1)
    True
    >>> builder.add(december, 100.0, "C", 1.0, 1.1)
    False
    >>> chain = builder.build()
    >>> chain.n_rows, chain.bid[0], chain.ask[1]
    (1, 1.0, 0.0)
    """

    def __init__(self, symbol: str, ts_ns: int, underlying: Underlying) -> None:
        self.symbol = symbol
        self.ts_ns = ts_ns
        self.underlying = underlying
        self._quotes: dict[tuple[Expiry, float], dict[str, tuple[float, ...]]] = {}
        self._forwards: dict[Expiry, tuple[float, float, FutureBook]] = {}

    def add(
        self,
        expiry: Expiry,
        strike: float,
        right: str,
        bid: float,
        ask: float,
        bid_size: float = math.nan,
        ask_size: float = math.nan,
        bid_age: float = math.nan,
        ask_age: float = math.nan,
        volume: float = math.nan,
        open_interest: float = math.nan,
    ) -> bool:
        """Take one contract; return False, changing nothing, if it is there already."""
        sides = self._quotes.setdefault((expiry, strike), {})
        if right in sides:
            return False
        sides[right] = (
            bid, ask, bid_size, ask_size, bid_age, ask_age, volume, open_interest,
        )  # fmt: skip
        return True

    def set_forward(
        self, expiry: Expiry, bid: float, ask: float, book: FutureBook = FutureBook()
    ) -> None:
        """Give the future of `expiry`; one that `book` does not call quoted is only a mark."""
        self._forwards[expiry] = (bid, ask, book)

    def build(
        self,
        *,
        style: str = AMERICAN,
        multiplier: float = 100.0,
        currency: str = "USD",
        quoting: Quoting = IN_MONEY,
        tick: float = 0.01,
        calendar: str = "us",
        is_delayed: bool = False,
        is_halted: bool = False,
        source: str = "",
    ) -> OptionChain:
        """Return the chain. O(n log n). A missing right becomes absent quotes with age unknown."""
        from engine.market.listing import Listing  # a listing knows chains, so not at the top

        keys = sorted(self._quotes)
        absent = (0.0, 0.0, 0.0, 0.0) + (math.nan,) * 4
        columns = [
            array("d", (self._quotes[key].get(right, absent)[k] for right in "CP" for key in keys))
            for k in range(8)
        ]
        listing = Listing.of_rows(
            self.symbol, keys, kind=self.underlying.kind, style=style, multiplier=multiplier,
            currency=currency, quoting=quoting, tick=tick, calendar=calendar,
        )  # fmt: skip
        unknown = (math.nan, math.nan, FutureBook())
        forwards = [self._forwards.get(e, unknown) for e in listing.expiries]
        has_forward = bool(self._forwards)
        volume, open_interest = columns[6:]
        return listing.chain(
            self.ts_ns, self.underlying, *columns[:6],
            forward_bid=array("d", (f[0] for f in forwards) if has_forward else ()),
            forward_ask=array("d", (f[1] for f in forwards) if has_forward else ()),
            futures=tuple(f[2] for f in forwards) if has_forward else (),
            volume=volume if any(v == v for v in volume) else None,
            open_interest=open_interest if any(v == v for v in open_interest) else None,
            is_delayed=is_delayed, is_halted=is_halted, source=source,
        )  # fmt: skip
