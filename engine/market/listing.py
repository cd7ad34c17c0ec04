"""What an underlying's chain consists of for a day: its series and strikes, without any quote."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from engine.market.chain import (
    AMERICAN,
    EQUITY,
    STANDARD_MULTIPLIER,
    Expiry,
    FutureBook,
    OptionChain,
    Underlying,
)
from engine.market.contract import OPTION, Contract
from engine.market.quoting import IN_MONEY, Quoting

Key = tuple[Expiry, float, str]
"""Expiry, strike and right: what names a contract within a listing."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The contracts of one underlying, in the order of their quote indices.

    Every chain of the day is made by `chain` and shares these columns. What the fields mean is
    said in `OptionChain`; `kind` is that of the underlying.
    """

    symbol: str
    expiries: tuple[Expiry, ...]
    first: array[int]
    strike: array[float]
    kind: str = EQUITY
    style: str = AMERICAN
    multiplier: float = STANDARD_MULTIPLIER
    currency: str = "USD"
    quoting: Quoting = IN_MONEY
    tick: float = 0.01
    calendar: str = "us"
    contract_ids: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return one line: the columns of a listing fill screens."""
        size = f"{self.n_rows} strikes in {len(self.expiries)} expiries"
        return f"<Listing {self.symbol} {self.style}: {size}>"

    @classmethod
    def of(cls, chain: OptionChain) -> Listing:
        """Return the listing of a chain; its columns are the chain's, not copies."""
        return cls(
            chain.symbol, chain.expiries, chain.first, chain.strike, chain.underlying.kind,
            chain.style, chain.multiplier, chain.currency, chain.quoting, chain.tick,
            chain.calendar, chain.contract_ids,
        )  # fmt: skip

    @classmethod
    def of_rows(cls, symbol: str, rows: Iterable[tuple[Expiry, float]], **said: object) -> Listing:
        """Return the listing of (expiry, strike) pairs in any order, once each.

        `said` are other fields by name. O(n log n).
        """
        keys = sorted(set(rows))
        expiries = tuple(sorted({expiry for expiry, _ in keys}))
        place = {expiry: e for e, expiry in enumerate(expiries)}
        first = array("l", [0] * (len(expiries) + 1))
        for expiry, _ in keys:
            first[place[expiry] + 1] += 1
        for e in range(len(expiries)):
            first[e + 1] += first[e]
        strike = array("d", (strike for _, strike in keys))
        return cls(symbol, expiries, first, strike, **said)  # type: ignore[arg-type]

    @property
    def n_rows(self) -> int:
        """How many (expiry, strike) rows there are."""
        return len(self.strike)

    @property
    def n_quotes(self) -> int:
        """How many contracts there are: a call and a put by row."""
        return 2 * len(self.strike)

    def quote_of(self, expiry: Expiry, strike: float, right: str) -> int:
        """Return the quote index of a contract, -1 if it is not listed. O(log n)."""
        e = bisect_left(self.expiries, expiry)
        if e == len(self.expiries) or self.expiries[e] != expiry:
            return -1
        start, stop = self.first[e], self.first[e + 1]
        row = bisect_left(self.strike, strike, start, stop)
        if row == stop or self.strike[row] != strike:
            return -1
        return row if right == "C" else self.n_rows + row

    def keys(self) -> Iterator[Key]:
        """Yield (expiry, strike, right) by quote index."""
        for right in "CP":
            for e, expiry in enumerate(self.expiries):
                for row in range(self.first[e], self.first[e + 1]):
                    yield expiry, self.strike[row], right

    def after(self, now_ns: int) -> Listing:
        """Return the listing without the expiries that have settled at `now_ns`. O(quotes)."""
        gone = sum(1 for expiry in self.expiries if expiry.settles_ns <= now_ns)
        start = self.first[gone]
        ids, n = self.contract_ids, self.n_rows
        return replace(
            self, expiries=self.expiries[gone:], strike=self.strike[start:],
            first=array("l", [row - start for row in self.first[gone:]]),
            contract_ids=ids and (*ids[start:n], *ids[n + start :]),
        )  # fmt: skip

    def contract(self, quote: int) -> Contract:
        """Return the contract of a quote index. O(log expiries)."""
        right, row = ("C", quote) if quote < self.n_rows else ("P", quote - self.n_rows)
        low, high = 0, len(self.expiries)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.first[middle] <= row else (low, middle)
        expiry = self.expiries[low]
        return Contract(
            OPTION, self.symbol, expiry.trading_class, expiry.date, right, self.strike[row],
            self.multiplier, self.currency, self.contract_ids[quote] if self.contract_ids else "",
        )  # fmt: skip

    def chain(
        self,
        ts_ns: int,
        underlying: Underlying,
        bid: array[float],
        ask: array[float],
        bid_size: array[float],
        ask_size: array[float],
        bid_age: array[float],
        ask_age: array[float],
        *,
        forward_bid: array[float] | None = None,
        forward_ask: array[float] | None = None,
        futures: tuple[FutureBook, ...] = (),
        volume: array[float] | None = None,
        open_interest: array[float] | None = None,
        is_delayed: bool = False,
        is_halted: bool = False,
        source: str = "",
    ) -> OptionChain:
        """Return the frozen chain of these quotes. No column is copied."""
        none = array("d")
        return OptionChain(
            symbol=self.symbol, ts_ns=ts_ns, underlying=underlying, expiries=self.expiries,
            first=self.first, strike=self.strike, bid=bid, ask=ask, bid_size=bid_size,
            ask_size=ask_size, bid_age=bid_age, ask_age=ask_age, style=self.style,
            multiplier=self.multiplier, currency=self.currency, quoting=self.quoting,
            forward_bid=none if forward_bid is None else forward_bid,
            forward_ask=none if forward_ask is None else forward_ask,
            futures=futures, tick=self.tick, calendar=self.calendar,
            is_delayed=is_delayed, is_halted=is_halted,
            volume=none if volume is None else volume,
            open_interest=none if open_interest is None else open_interest,
            source=source, contract_ids=self.contract_ids,
        )  # fmt: skip
