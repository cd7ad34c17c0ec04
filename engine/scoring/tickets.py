"""The order ticket of a combo: its net price, the worst one that may be paid, how many, and how.

A broker prices a combo net, per share of the option with the largest multiplier: what is bought
less what is sold, each price times its ratio. So one rule holds for every order: buy the combo at
`limit` or less. Where it brings money, net and limit are negative: buy it at minus so much, or sell
its mirror.

Each dollar per share and package that is paid more takes ``1 / unit`` from the edge, whichever leg
it is paid on; but commissions step with the premium, so the limit leaves room for the dearest one
on every leg. Then the least edge is there at any split of the net price among the legs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.config import ScanSettings
from engine.market.chain import OptionChain
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.market.fees import FeeSchedule

if TYPE_CHECKING:
    from engine.scoring.opportunity import Opportunity

BUY, SELL = "BUY", "SELL"
DAY = "DAY"
CENT = 0.01
"""The least step of a combo's net price at most exchanges; classes in nickels have 0.05."""

MOST_LEGS = 4
"""Combos of more legs are not known to be taken as one order."""
MOST_RATIO = 3
"""Exchanges take options of one combo from 1:3 to 3:1."""
MOST_PER_STOCK = 8
"""And at most so many contracts to a round lot of stock."""

# Of a tick: what is this close below a step is on it, for sums of decimal prices round.
_ON_TICK = 1e-7


@dataclass(frozen=True, slots=True)
class TicketLeg:
    """One leg as the broker is told: `ratio` in contracts, of stock in shares."""

    leg: Leg
    action: str
    ratio: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """What to send, per reduced package, and what it leaves at worst.

    Attributes
    ----------
    legs
        With reduced ratios.
    quantity
        Combos; more than the lots of a package whose ratios could be reduced.
    net
        What the combo costs at the touch, in the broker's unit; negative is received.
    bound
        The worst net at which `least_edge` is still there, unrounded.
    limit
        `bound` down to the tick: send this.
    edge, least_edge
        Worst case at the touch, and what must be left of it; per share of the opportunity's unit.
    unit
        Short shares of a reduced package that edges are per.
    multiplier
        Currency per contract of a price of 1: shares, of coins times what the coin costs.
    tick, tif
        Step of the limit; how long the order stands.
    leg_by_leg
        Why it cannot go as one guaranteed order, "" if it can.
    """

    legs: tuple[TicketLeg, ...]
    quantity: int
    net: float
    bound: float
    limit: float
    edge: float
    least_edge: float
    unit: float
    multiplier: float
    tick: float = CENT
    tif: str = DAY
    leg_by_leg: str = ""

    @property
    def edge_at_limit(self) -> float:
        """What is left per share if the limit is paid, at the commissions of the touch."""
        return self.edge - (self.limit - self.net) / self.unit

    @property
    def is_marketable(self) -> bool:
        """Whether the touch is within the limit, but for rounding."""
        return self.net <= self.limit + _ON_TICK * self.tick

    @property
    def amount(self) -> float:
        """What all combos cost at the touch before fees, in currency; negative is received."""
        return self.net * self.multiplier * self.quantity

    @property
    def amount_at_limit(self) -> float:
        """The same at the limit."""
        return self.limit * self.multiplier * self.quantity


def net_price(legs: Iterable[Leg]) -> float:
    """Return what a package costs per share and package at the legs' prices; negative is received.

    Ratios of stock count multiples of the multiplier, so it is the broker's price of the combo. A
    coin's future costs nothing when it is bought.
    """
    return math.fsum(leg.side * leg.ratio * leg.price for leg in legs if leg.kind != FUTURE)


def make_ticket(
    legs: tuple[Leg, ...],
    edge: float,
    unit: int,
    lots: int,
    fees: FeeSchedule,
    *,
    min_edge: float,
    min_edge_usd: float,
    multiplier: float = 100.0,
    dollars: float = 1.0,
    tick: float = CENT,
) -> Ticket:
    """Return the ticket of `lots` packages that are worth `edge` per share at worst at the touch.

    Parameters
    ----------
    unit
        Short shares of one package that the edge is per.
    min_edge, min_edge_usd
        What must be left: per share in the unit of the prices, and of all lots in currency after
        what order minimums take.
    multiplier, dollars
        Shares (coins) per contract; currency per unit of a price: 1, or what the coin costs.
    tick
        Step of the combo's net price.

    The edge is taken to fall with the price alone; what a fee of short stock adds when its price
    moves is not in it. O(legs).

    Raises
    ------
    ValueError
        If there is no leg, a price, the edge or the multiplier is no number, or `lots` or `unit` is
        below 1.
    """
    numbers = (edge, multiplier, dollars, tick, *(leg.price for leg in legs))
    if not (legs and lots >= 1 and unit >= 1 and tick > 0.0 and all(map(math.isfinite, numbers))):
        raise ValueError(f"no ticket for {lots} lots of {len(legs)} legs with an edge of {edge!r}")
    share = math.gcd(*(leg.ratio for leg in legs))
    dearest = [_dearest_fee(leg, fees, multiplier) for leg in legs]
    steps = math.fsum(leg.ratio * (most - leg.fee) for leg, most in zip(legs, dearest, strict=True))
    missing = math.fsum(
        _shortfall(leg, most, fees, multiplier * dollars, lots)
        for leg, most in zip(legs, dearest, strict=True)
    )
    least = max(min_edge, (min_edge_usd + missing) / (multiplier * dollars * unit * lots))
    net = net_price(legs) / share
    bound = net + ((edge - least) * unit - steps) / share
    return Ticket(
        legs=tuple(
            TicketLeg(
                leg, BUY if leg.side > 0 else SELL,
                leg.ratio // share * (int(multiplier) if leg.kind == STOCK else 1),
            )
            for leg in legs
        ),
        quantity=lots * share, net=net, bound=bound, limit=round_down(bound, tick),
        edge=edge, least_edge=least, unit=unit / share, multiplier=multiplier * dollars, tick=tick,
        leg_by_leg=why_leg_by_leg(legs),
    )  # fmt: skip


def ticket_of(
    chain: OptionChain, one: Opportunity, settings: ScanSettings, lots: int = 0
) -> Ticket:
    """Return the ticket of an opportunity of `chain` at `lots` packages; 0 is all it found.

    `settings` are those that it was found with: its fees and the least edges of its gates.
    """
    return chain_ticket(chain, one.legs, one.edge, one.unit, lots or one.lots, settings)


def chain_ticket(
    chain: OptionChain,
    legs: tuple[Leg, ...],
    edge: float,
    unit: int,
    lots: int,
    settings: ScanSettings,
) -> Ticket:
    """Return the ticket of legs of `chain`, by the fees and the least edges of `settings`."""
    gates = settings.gates
    return make_ticket(
        legs, edge, unit, lots, settings.fees,
        min_edge=gates.min_edge / chain.dollars, min_edge_usd=gates.min_edge_usd,
        multiplier=chain.multiplier, dollars=chain.dollars, tick=max(chain.tick, CENT)
        if chain.quoting.is_linear else chain.tick,
    )  # fmt: skip


def round_down(price: float, tick: float) -> float:
    """Return the greatest multiple of `tick` at or below `price`, negative ones too.

    A price that is not finite, of no lots at all, comes back as it is.

    >>> round_down(0.9736, 0.01), round_down(-0.3272, 0.05)
    (0.97, -0.35)
    """
    if not math.isfinite(price):
        return price
    return round(math.floor(price / tick + _ON_TICK) * tick, 10)


def why_leg_by_leg(legs: tuple[Leg, ...]) -> str:
    """Return why a broker takes these legs as no guaranteed combo, "" if it does.

    Guaranteed are stock against options and options against options of one underlying (Interactive
    Brokers, SMART); exchanges limit ratios (Nasdaq Options 3 section 14, Cboe 5.33). Ratios need
    not be reduced.
    """
    options = [leg.ratio for leg in legs if leg.kind == OPTION]
    stock = [leg.ratio for leg in legs if leg.kind == STOCK]
    if any(leg.kind == FUTURE for leg in legs):
        return "a future is no part of a guaranteed combo"
    if len(legs) > MOST_LEGS:
        return f"{len(legs)} legs, more than {MOST_LEGS}"
    if len(stock) > 1:
        return "more than one stock leg"
    if options and max(options) > MOST_RATIO * min(options):
        return f"ratios {max(options)}:{min(options)}, more than {MOST_RATIO}:1"
    if stock and math.fsum(options) > MOST_PER_STOCK * stock[0]:
        return f"more than {MOST_PER_STOCK} options to a round lot of stock"
    return ""


def _dearest_fee(leg: Leg, fees: FeeSchedule, multiplier: float) -> float:
    """Return the most that a share of a leg may cost in fees at any price."""
    if leg.kind == OPTION:
        commission = max(per_contract for _, per_contract in fees.tiers)
        most = (commission + fees.exchange) / multiplier + fees.proportional
    else:
        most = fees.stock_per_share if leg.kind == STOCK else 0.0
    return max(most, leg.fee)


def _shortfall(
    leg: Leg, fee: float, fees: FeeSchedule, multiplier: float, lots: int
) -> float:  # fmt: skip
    """Return what the least commission of an order adds to the fee of a leg, in currency."""
    if leg.kind == FUTURE:
        return 0.0
    paid = fee * multiplier * leg.ratio * lots
    if leg.kind == STOCK:
        return max(0.0, fees.stock_minimum - paid)
    return max(0.0, fees.order_minimum - (paid - fees.exchange * leg.ratio * lots))
