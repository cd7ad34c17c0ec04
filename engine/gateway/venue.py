"""What the exchange needs of its surroundings: a market that quotes, and who is told of orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.gateway.account import Execution
from engine.gateway.listing import Instrument
from engine.gateway.order import Order
from engine.market.calendar import Calendar
from engine.market.carry import Carry


class Quote(Protocol):
    """The quote of one instrument as the market shows it."""

    bid: float
    ask: float
    bid_size: float
    ask_size: float


class Market(Protocol):
    """What the gateway needs of a market; `engine.feeds.demo_market` is one.

    It calls `listener` with the index of each instrument whose quote changes.
    """

    now_ns: int
    listener: Callable[[int], None]

    @property
    def instruments(self) -> Sequence[Instrument]: ...  # noqa: D102
    @property
    def quotes(self) -> Sequence[Quote]: ...  # noqa: D102

    def run_until(self, ts_ns: int) -> None:
        """Let everything happen that is due by `ts_ns`."""
        ...

    def next_open_ns(self) -> int:
        """Return when the next session begins if everything is closed now, else 0."""
        ...

    def calendar(self, symbol: str) -> Calendar:
        """Return the calendar that `symbol` trades by."""
        ...

    def carry(self, symbol: str) -> Carry:
        """Return the rates, dividends and borrow fee of `symbol`."""
        ...

    def prepare(self, count: int) -> int:
        """Use idle time; return how much there was to do."""
        ...

    def take(self, index: int, side: int, quantity: float) -> None:
        """Let somebody buy (`side` > 0) or sell `quantity` of what is displayed."""
        ...


class Reports(Protocol):
    """Who is told what happens to orders."""

    def changed(self, order: Order) -> None:
        """Tell that the state of `order` is another."""
        ...

    def executed(self, order: Order, executions: Sequence[Execution]) -> None:
        """Tell what `order` has traded: one execution, or a combo's and its legs'."""
        ...

    def allowed(self, order: Order, quantity: int) -> int:
        """Return how much of `quantity` may be filled now."""
        ...
