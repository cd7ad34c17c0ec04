"""A quote as strategies meet it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Touch:
    """The best bid and ask of a symbol and what is displayed there; 0.0 where there is none.

    `time_ns` is in UTC nanoseconds.
    """

    time_ns: int
    symbol: str
    bid: float
    ask: float
    bid_size: float
    ask_size: float
