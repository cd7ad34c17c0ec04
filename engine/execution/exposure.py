"""What is at risk now: the answer of a trader to everything that a check asks about itself."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from engine.clock import NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class OpenPackage:
    """A package that is working or held.

    `notional_usd` and `capital_usd` are those of its plan, `is_working` whether an order of it may
    still live, `orders` its open orders as (contract name or combo key, side +1 or -1).
    """

    package: str
    symbol: str
    key: str
    notional_usd: float
    capital_usd: float
    is_working: bool
    orders: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the account has, has sent and has lost, at one moment. Frozen, made by the trader.

    Attributes
    ----------
    packages
        All that are working or held.
    sent_ns
        When the orders of the last minute were sent, by the wall clock, oldest first; one that lies
        in the future (the clock was set back) counts as just sent.
    orders_today
        Orders sent on this day of the exchange, also before a restart.
    recent
        Keys of combos with the time at which each was last sent, oldest first.
    day_pnl_usd
        Profit of the day, a loss is negative; nan is not known.
    positions
        By contract name, in contracts or shares.
    accepted_loss_usd
        What of the loss of the day a person has accepted by a resume.
    available_usd
        What the broker says can still be used as margin; nan is not known.
    """

    packages: tuple[OpenPackage, ...] = ()
    sent_ns: tuple[int, ...] = ()
    orders_today: int = 0
    recent: tuple[tuple[str, int], ...] = ()
    day_pnl_usd: float = 0.0
    positions: tuple[tuple[str, float], ...] = ()
    available_usd: float = math.nan
    accepted_loss_usd: float = 0.0

    def sent_within(self, seconds: float, now_ns: int) -> int:
        """Return how many orders were sent in the last `seconds`, at most 60. O(log orders)."""
        start = now_ns - round(seconds * NS_PER_SECOND)
        return len(self.sent_ns) - bisect_right(self.sent_ns, start)

    @property
    def working(self) -> int:
        """How many packages are working."""
        return len([one for one in self.packages if one.is_working])

    @property
    def notional_usd(self) -> float:
        """What all open packages trade."""
        return math.fsum([one.notional_usd for one in self.packages])

    @property
    def capital_usd(self) -> float:
        """The capital of all open packages."""
        return math.fsum([one.capital_usd for one in self.packages])

    def open_orders(self, name: str, side: int) -> int:
        """Return how many open orders there are for a contract, or a combo, on a side."""
        return len([1 for one in self.packages for order in one.orders if order == (name, side)])
