"""What a feed delivers: the touch, prints, and bars that have closed. Times are UTC nanoseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.market.bars import Bar


@dataclass(frozen=True, slots=True)
class Touch:
    """The best bid and ask of a symbol and what is displayed there; 0.0 where there is none."""

    time_ns: int
    symbol: str
    bid: float
    ask: float
    bid_size: float
    ask_size: float


@dataclass(frozen=True, slots=True)
class Print:
    """A trade of others: its price and size."""

    time_ns: int
    symbol: str
    price: float
    size: float


@dataclass(frozen=True, slots=True)
class Instant:
    """The bars that close at one time, by symbol."""

    time_ns: int
    bars: Mapping[str, Bar]


Event = Touch | Print | Instant
