"""The terms on which an account trades: cash, sizes, costs, what may be sold short, margin."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import inf

from engine.market.fees import FeeSchedule


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one account. Nothing given: 10,000 of cash, the whole of it in a target of 1.

    Attributes
    ----------
    cash
        What the account begins with.
    units
        Units of a target of 1; 0 makes a target a share of the equity at the fill, costs included.
    fee_rate, fee_unit, fee_order
        Fees: a share of the value of a fill, so much per unit, and per order (filled in parts: once
        a day).
    fees
        A broker's schedule, whose fees of stock come on top.
    slippage_rate, slippage_price, spread
        What a fill at the market is worse than the price: as a share of it and in price units;
        of the spread (in price units) half is paid. Limits are filled at their price or better.
    participation
        Share of a bar's volume that its fills may take, the rest waits; 0 is no cap.
    lot, tick
        Steps of units (rounded towards 0) and of prices; 0 rounds nothing. `lots` and `ticks` are
        those of symbols that have their own.
    can_short, borrow_rate
        Whether more may be sold than is held; the yearly fee of what is short, of 365 days.
    initial_margin, maintenance_margin
        Cash and other equity beside a short position, as a multiple of its value: to open one, and
        below which everything is closed at the next open (Regulation T: 1.5 and 1.3).
    initial_equity, maintenance_equity
        The same of long positions, as a share of their value: 1.0 lends nothing to buy with.
    through
        Whether a limit is filled only where the price has passed it, not where it has met it.
    """

    cash: float = 10_000.0
    units: float = 0.0
    fee_rate: float = 0.0
    fee_unit: float = 0.0
    fee_order: float = 0.0
    fees: FeeSchedule | None = None
    slippage_rate: float = 0.0
    slippage_price: float = 0.0
    spread: float = 0.0
    participation: float = 0.0
    lot: float = 0.0
    tick: float = 0.0
    lots: Mapping[str, float] = field(default_factory=dict)
    ticks: Mapping[str, float] = field(default_factory=dict)
    can_short: bool = True
    borrow_rate: float = 0.0
    initial_margin: float = 1.5
    maintenance_margin: float = 1.3
    initial_equity: float = 1.0
    maintenance_equity: float = 0.25
    through: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.cash < inf:
            raise ValueError(f"the cash at the start must be positive, not {self.cash}")
        for one in fields(self):
            value = getattr(self, one.name)
            for number in value.values() if isinstance(value, Mapping) else [value]:
                if isinstance(number, (int, float)) and not 0.0 <= number < inf:
                    raise ValueError(f"{one.name} must not be negative: {number}")
        if self.slippage_rate >= 1.0 or self.participation > 1.0:
            raise ValueError("slippage is below the whole price, participation at most the volume")
        if self.initial_margin < self.maintenance_margin or self.maintenance_margin < 1.0:
            raise ValueError(
                f"the margin of short positions falls from {self.initial_margin} to "
                f"{self.maintenance_margin}: the first must not be less, the second at least 1"
            )
        if not self.maintenance_equity <= self.initial_equity <= 1.0:
            raise ValueError(
                f"the equity in long positions falls from {self.initial_equity} to "
                f"{self.maintenance_equity}: the first must not be less, and at most 1"
            )

    def column(self) -> array[float]:
        """Return the numbers as the `account` column of ``kernels_pure.bars`` has them."""
        slip = self.slippage_price + 0.5 * self.spread
        return array(
            "d",
            (
                self.cash, self.units, self.fee_rate, self.fee_unit, self.fee_order,
                self.slippage_rate, slip,
            ),
        )  # fmt: skip

    def lot_of(self, symbol: str) -> float:
        """Return the step of units of a symbol; 0 where there is none."""
        return self.lots.get(symbol, self.lot)

    def tick_of(self, symbol: str) -> float:
        """Return the step of prices of a symbol; 0 where there is none."""
        return self.ticks.get(symbol, self.tick)
