"""What a trader sends: orders, and the plan of a package that they come from. Frozen values.

Every order buys. To sell, its combo has negative ratios. So there is one rule for prices, whatever
is bought or sold: `limit` is the most that is paid, net, and what is received is negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from engine.market.combo import STOCK, Combo, Leg

DAY, IOC = "DAY", "IOC"
PREFIX = "parity"
"""Every order reference of ours begins with it; other orders of the account are left alone."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order at a broker: a combo, or a single contract as a combo of one leg.

    Attributes
    ----------
    ref
        Our name of it, never used twice: it goes to the broker and comes back with every answer.
        An order is known by it alone; numbers of a broker are reused.
    combo
        What one lot holds, ratios reduced; a stock leg counts multiples of `multiplier`.
    lots
        How many, at least 1.
    limit
        The most that is paid per share and lot, net; negative is the least that is received.
    multiplier
        Shares per contract, and per ratio of a stock leg.
    """

    ref: str
    account: str
    combo: Combo
    lots: int
    limit: float
    tif: str = DAY
    multiplier: float = 100.0

    @property
    def is_single(self) -> bool:
        """Whether it is for one contract and goes out as a plain order."""
        return len(self.combo.legs) == 1

    def quantity(self, leg: int) -> float:
        """Contracts, or shares of stock, that all lots trade in a leg; negative is sold."""
        ratio, contract = self.combo.legs[leg]
        return ratio * self.lots * (self.multiplier if contract.kind == STOCK else 1.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be traded, and why: everything that risk checks and the journal need.

    Attributes
    ----------
    sighting, key, family
        Of the opportunity; the key has neither price nor time.
    legs
        As they were seen: prices, sizes, ages. `combo` are the same without prices.
    lots
        Packages to send.
    touch, limit, floor
        Net per share and package, positive is paid: what the legs cost at the touch; what the order
        may pay; what it may pay at most so that the least edge is still there. ``limit <= floor``.
    unit
        Short shares the edge is per.
    edge, edge_usd
        Worst case per share at the touch, after fees; in currency for `lots`, less the minimums
        that brokers charge for an order.
    fees_usd, capital_usd
        Expected for all lots.
    conditions, flags
        Of the opportunity.
    first_expiry
        Of the option legs.
    spot
        Mid of the underlying.
    """

    sighting: str
    key: str
    symbol: str
    family: str
    legs: tuple[Leg, ...]
    combo: Combo
    multiplier: float
    lots: int
    touch: float
    limit: float
    floor: float
    unit: int
    edge: float
    edge_usd: float
    fees_usd: float
    capital_usd: float
    ts_ns: int
    first_expiry: date | None
    spot: float = math.nan
    conditions: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def notional_usd(self) -> float:
        """The sum of what its legs trade, bought and sold alike."""
        prices = (leg.ratio * leg.price for leg in self.legs)
        return math.fsum(prices) * self.multiplier * self.lots


def mirrored(combo: Combo) -> Combo:
    """Return the combo that undoes `combo`."""
    return Combo(combo.symbol, tuple((-ratio, contract) for ratio, contract in combo.legs))
