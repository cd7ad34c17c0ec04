"""Run a strategy object over bars: the loop of ``kernels_pure.bars``, asked bar by bar.

For rules that no kernel has. A rule that is also a kernel gives the same bits either way.
"""

from __future__ import annotations

from array import array
from dataclasses import astuple, dataclass
from math import inf
from typing import Protocol

from engine.market.bars import Bar, Bars
from kernels_pure.bars import trade, trip_ended


class Strategy(Protocol):
    """Decides after each bar what to hold from the next open on."""

    def on_bar(self, bar: Bar) -> float:
        """Return the target: 1.0 long, 0.0 flat, -1.0 short, or parts; nan keeps the position.

        Called once per bar, in order, when the bar has closed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """The cash at the start, the units of a target of 1, and what orders cost.

    Units of 0 invest the whole equity of the moment. Fees are a share of the amount, per unit and
    per order; slippage is a share of the price and price units. In the order of the kernels'
    ``account`` column.
    """

    cash: float
    units: float = 0.0
    fee_rate: float = 0.0
    fee_unit: float = 0.0
    fee_order: float = 0.0
    slip_rate: float = 0.0
    slip_price: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.cash < inf:
            raise ValueError(f"the cash at the start must be positive, not {self.cash}")
        if not all(0.0 <= number < inf for number in astuple(self)):
            raise ValueError(f"units, fees and slippage must not be negative: {self}")

    def column(self) -> array[float]:
        """Return the numbers as the kernels take them."""
        return array("d", astuple(self))


@dataclass(frozen=True, slots=True)
class Result:
    """What the account was at each close, and what was traded, as ``bars.backtest`` has it."""

    cash: array[float]
    position: array[float]
    equity: array[float]
    orders: int
    trips: int
    wins: int
    gained: float
    lost: float


def run(bars: Bars, strategy: Strategy, account: Account) -> Result:
    """Return what `account` becomes when `strategy` trades `bars`.

    Targets are filled at the next bar's open, as in ``kernels_pure.bars``; the last one is not.
    O(bars), without what the strategy does.
    """
    terms = account.column()
    time_ns, opens, highs, lows = bars.time_ns, bars.open, bars.high, bars.low
    closes, volumes = bars.close, bars.volume
    zero = array("d", [0.0])
    cashes, positions, equities = zero * len(bars), zero * len(bars), zero * len(bars)
    cash = opened = account.cash
    position = held = wanted = 0.0
    orders = trips = wins = 0
    gained = lost = 0.0
    for row in range(len(bars)):
        price = opens[row]
        if (wanted > held or wanted < held) and 0.0 < price < inf:
            before = position
            cash, position, flat, sent = trade(cash, before, wanted, price, terms)
            held = wanted
            orders += sent
            trip, won, gain, opened = trip_ended(before, position, flat, opened)
            trips += trip
            wins += won
            gained += max(0.0, gain)
            lost += max(0.0, -gain)
        close = closes[row]
        cashes[row] = cash
        positions[row] = position
        equities[row] = cash + position * close
        wanted = strategy.on_bar(
            Bar(time_ns[row], price, highs[row], lows[row], close, volumes[row])
        )
    return Result(cashes, positions, equities, orders, trips, wins, gained, lost)
