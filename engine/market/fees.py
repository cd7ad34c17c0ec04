"""What a trade costs besides the spread: commissions, exchange fees, order minimums."""

from __future__ import annotations

from itertools import pairwise

from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """Fees of one broker, in currency units.

    Attributes
    ----------
    tiers
        ``(premium from which, commission per contract)``, premiums rising from 0.
    exchange
        Exchange, clearing and regulatory fees per contract.
    order_minimum
        Least commission of one option order.
    stock_per_share, stock_minimum, stock_cap
        Commission per share, least per order, most as a fraction of the trade's value.
    proportional, premium_cap
        Coin options: fee per coin as a fraction of the underlying, at most this fraction of the
        premium (Deribit: 0.0003 and 0.125); both 0 for equities.

    Exercise and assignment are free. Source: SCANNER section 2 (a public retail schedule).
    """

    tiers: tuple[tuple[float, float], ...] = ((0.0, 0.25), (0.05, 0.50), (0.10, 0.65))
    exchange: float = 0.05
    order_minimum: float = 1.0
    stock_per_share: float = 0.005
    stock_minimum: float = 1.0
    stock_cap: float = 0.005
    proportional: float = 0.0
    premium_cap: float = 0.0

    def __post_init__(self) -> None:
        if not self.tiers or self.tiers[0][0] != 0.0:
            raise ValueError("the first fee tier must start at premium 0")
        if any(b[0] <= a[0] for a, b in pairwise(self.tiers)):
            raise ValueError("the premiums of the fee tiers must rise")

    def commission(self, premium: float) -> float:
        """Return the commission per contract of an option at `premium`."""
        commission = self.tiers[0][1]
        for start, per_contract in self.tiers:
            if premium >= start:
                commission = per_contract
        return commission

    def option_fee(self, premium: float, multiplier: float) -> float:
        """Return all fees per share of an option trade at `premium`."""
        fee = (self.commission(premium) + self.exchange) / multiplier
        return fee + min(self.proportional, self.premium_cap * premium)

    def stock_fee(self, price: float) -> float:
        """Return the commission per share of a stock trade at `price`."""
        return min(self.stock_per_share, self.stock_cap * price)


FREE = FeeSchedule(
    tiers=((0.0, 0.0),), exchange=0.0, order_minimum=0.0,
    stock_per_share=0.0, stock_minimum=0.0, stock_cap=0.0,
)  # fmt: skip
DERIBIT = FeeSchedule(
    tiers=((0.0, 0.0),), exchange=0.0, order_minimum=0.0,
    stock_per_share=0.0, stock_minimum=0.0, stock_cap=0.0,
    proportional=0.0003, premium_cap=0.125,
)  # fmt: skip
