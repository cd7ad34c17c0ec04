"""The quotes of a chain by contract, and what is still shown of their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import inf, nan
from typing import NamedTuple

from engine.market.chain import Expiry, OptionChain
from engine.market.contract import OPTION, STOCK, Contract


class Quote(NamedTuple):
    """Both sides of a contract: prices per share, sizes in contracts (shares), ages in seconds."""

    bid: float
    ask: float
    bid_size: float
    ask_size: float
    bid_age: float
    ask_age: float

    @property
    def mid(self) -> float:
        """The middle, the one side where the other is absent, nan without either."""
        if self.bid > 0.0 and self.ask > 0.0:
            return 0.5 * (self.bid + self.ask)
        return self.ask if self.ask > 0.0 else self.bid if self.bid > 0.0 else nan


NOTHING = Quote(0.0, 0.0, 0.0, 0.0, nan, nan)


@dataclass(frozen=True, slots=True)
class Listed:
    """An option of a chain: where its quote stands, and when it settles."""

    contract: Contract
    quote: int
    expiry: Expiry


class Board:
    """Finds contracts in a chain. Making it is O(expiries), finding O(log strikes)."""

    def __init__(self, chain: OptionChain) -> None:
        self.chain = chain
        self._expiries: dict[tuple[date, str], int] = {}
        self._by_day: dict[date, int] = {}
        for e, expiry in enumerate(chain.expiries):
            self._expiries[expiry.date, expiry.trading_class] = e
            self._by_day.setdefault(expiry.date, e)
        self._used: dict[tuple[int, int], float] = {}

    def listed(self, row: int, right: str) -> Listed:
        """Return the call ("C") or put ("P") of `row`."""
        chain = self.chain
        expiry = chain.expiries[chain.expiry_of(row)]
        contract = Contract(
            OPTION, chain.symbol, expiry.trading_class, expiry.date, right, chain.strike[row],
            chain.multiplier, chain.currency,
        )  # fmt: skip
        return Listed(contract, chain.quote_index(row, right), expiry)

    def row(self, expiry: int, strike: float) -> int:
        """Return the row of a strike, -1 where it is not listed."""
        rows, strikes = self.chain.rows(expiry), self.chain.strike
        low, high = rows.start, rows.stop
        while low < high:
            middle = (low + high) // 2
            if strikes[middle] < strike - 1e-9:
                low = middle + 1
            else:
                high = middle
        return low if low < rows.stop and abs(strikes[low] - strike) <= 1e-9 else -1

    def find(self, contract: Contract) -> int:
        """Return the quote index of an option, -1 where this chain does not list it."""
        if contract.expiry is None or contract.multiplier != self.chain.multiplier:
            return -1
        e = self._expiries.get((contract.expiry, contract.trading_class), -1)
        if e < 0 and not contract.trading_class:
            e = self._by_day.get(contract.expiry, -1)
        row = self.row(e, contract.strike) if e >= 0 else -1
        return -1 if row < 0 else self.chain.quote_index(row, contract.right)

    def quote(self, contract: Contract) -> Quote:
        """Return what is quoted of a contract; `NOTHING` where it is not listed."""
        chain = self.chain
        if contract.kind == STOCK:
            spot = chain.underlying
            return Quote(
                spot.bid, spot.ask, spot.bid_size, spot.ask_size, spot.bid_age, spot.ask_age
            )
        q = self.find(contract)
        if q < 0:
            return NOTHING
        return Quote(
            chain.bid[q], chain.ask[q], chain.bid_size[q], chain.ask_size[q], chain.bid_age[q],
            chain.ask_age[q],
        )  # fmt: skip

    def left(self, contract: Contract, side: int) -> float:
        """Return how much of what is shown on a side is left: inf where its size is not known.

        `side` is +1 to buy (from the ask) and -1 to sell (to the bid).
        """
        quote = self.quote(contract)
        size = quote.ask_size if side > 0 else quote.bid_size
        return inf if size != size else size - self._used.get((self._place(contract), side), 0.0)

    def take(self, contract: Contract, side: int, quantity: float) -> None:
        """Use up `quantity` of what is shown on a side."""
        key = (self._place(contract), side)
        self._used[key] = self._used.get(key, 0.0) + quantity

    def _place(self, contract: Contract) -> int:
        return -1 if contract.kind == STOCK else self.find(contract)
