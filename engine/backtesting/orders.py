"""What a strategy sends and what comes back: orders, fills, trades. Units are signed: above 0 buys.

An order is a request of one symbol. A bracket (`stop_loss`, `take_profit`) rests from its fill on
and closes what it opened; one of the two cancels the other.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY, UNTIL_CANCELLED, AT_ONCE = "day", "gtc", "ioc"
TIMES_IN_FORCE = (DAY, UNTIL_CANCELLED, AT_ONCE)

# Why an order was filled.
MARKET, LIMIT, STOP, STOP_LIMIT = "market", "limit", "stop", "stop_limit"
TARGET, STOP_LOSS, TAKE_PROFIT = "target", "stop_loss", "take_profit"
MARGIN_CALL, EXPIRY, EXERCISE, ASSIGNMENT = "margin_call", "expiry", "exercise", "assignment"
LIQUIDATED = "liquidated"


@dataclass(frozen=True, slots=True)
class Order:
    """One order; prices in the symbol's currency, 0.0 where there is none.

    `number` counts the orders of one account from 1. `sent_ns` is the time of the event at which
    the strategy sent it, UTC nanoseconds.
    """

    number: int
    symbol: str
    units: float
    limit: float
    stop: float
    stop_loss: float
    take_profit: float
    time_in_force: str
    sent_ns: int

    @property
    def kind(self) -> str:
        """How it is filled: market, limit, stop or stop_limit."""
        if self.stop > 0.0:
            return STOP_LIMIT if self.limit > 0.0 else STOP
        return LIMIT if self.limit > 0.0 else MARKET


@dataclass(frozen=True, slots=True)
class Fill:
    """Units bought (or sold, below 0) at a price after slippage, and the fee paid for it.

    `order` is the number of the order, `reason` one of the words above. `is_ambiguous` where the
    bar does not tell which of two orders came first.
    """

    order: int
    symbol: str
    time_ns: int
    units: float
    price: float
    fee: float
    reason: str
    is_ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Trade:
    """A position from opening to closing: units signed, prices averaged over its fills.

    `gain` is the change of cash between, after `fees`, borrow fees and dividends.
    """

    symbol: str
    opened_ns: int
    closed_ns: int
    units: float
    entry: float
    exit: float
    fees: float
    gain: float
    reason: str
    is_ambiguous: bool = False
