"""What a combo binds: cash, margin as brokers state it, a floor, and what a notice may leave.

Source: SCANNER section 6; US strategy margins of Interactive Brokers (Cboe 10.3, FINRA 4210).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from engine.market.chain import OptionChain
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.strategies.family import cost
from engine.strategies.margins import STOCK_INITIAL, intrinsic
from engine.strategies.registry import family_named
from kernels_pure.capital import floor_capital, notice_capital


@dataclass(frozen=True, slots=True)
class Capital:
    """What all lots bind, in currency.

    Attributes
    ----------
    cash
        What they cost, fees included; 0 where they bring money.
    margin
        Strategy margin.
    floor
        Least margin per option contract, whatever hedges it.
    notice
        Maintenance of stock that a notice of assignment may leave until it is answered.
    """

    cash: float
    margin: float
    floor: float
    notice: float

    @property
    def total(self) -> float:
        """The largest of the first three, and the account must survive a notice beside it."""
        return max(self.cash, self.margin, self.floor) + self.notice


def margin(family: str, legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    """Return the margin per share of one package of `family`.

    Raises
    ------
    ValueError
        If no family is called so: an unknown margin is not 0.
    """
    return float(family_named(family).margin(legs, unit, spot))


def capital_of(
    chain: OptionChain, family: str, legs: tuple[Leg, ...], unit: int, lots: float
) -> Capital:
    """Return what `lots` packages of `legs` of `chain` bind. O(legs^2)."""
    value, spot = chain.contract_value, spot_of(chain, legs)
    if chain.quoting.is_linear:
        per_share, paid = margin(family, legs, unit, spot), cost(legs, unit)
    else:
        per_share, paid = coin_margin(chain, family, legs, unit), cost(legs, unit)
    options = [leg for leg in legs if leg.kind == OPTION]
    contracts = sum(int(leg.ratio) for leg in options)
    calls, puts = (
        sum(int(leg.ratio) for leg in options if leg.side < 0 and leg.right == right)
        for right in "CP"
    )
    stock = sum(int(leg.side * leg.ratio) for leg in legs if leg.kind == STOCK)
    notice = 0.0
    if may_leave_stock(chain):
        notice = notice_capital(calls, puts, stock, spot, lots, value)
    return Capital(
        max(paid, 0.0) * value * lots * unit, max(per_share, 0.0) * value * lots * unit,
        floor_capital(contracts, lots, value, int(not chain.quoting.is_linear)), notice,
    )  # fmt: skip


def may_leave_stock(chain: OptionChain) -> bool:
    """Return whether a notice of assignment may leave stock overnight."""
    return chain.quoting.is_linear and not chain.is_european and chain.underlying.is_tradable


def coin_margin(chain: OptionChain, family: str, legs: tuple[Leg, ...], unit: int) -> float:
    """Return the margin of a coin-settled position, in coins per share.

    A strike is what its future makes of it; that future binds as stock does, but for a box,
    whose width is all it owes.
    """
    priced = tuple(
        replace(leg, strike=leg.strike / forward_price(chain, leg.settles_ns))
        for leg in legs
        if leg.kind == OPTION
    )
    needed = margin(family, priced, unit, 1.0)
    futures = [leg for leg in legs if leg.kind == FUTURE]
    if not futures or family_named(family).fixes_width:
        return needed
    held = math.fsum(STOCK_INITIAL * leg.ratio * leg.notional / leg.price for leg in futures)
    held += math.fsum(intrinsic(leg, 1.0) * leg.ratio for leg in priced if leg.side < 0)
    return max(needed, held / unit)


def spot_of(chain: OptionChain, legs: tuple[Leg, ...]) -> float:
    """Return the price of the underlying in the unit of the prices, the mean strike without one."""
    middle = chain.quoting.spot(chain.underlying.mid)
    if middle > 0.0:
        return middle
    strikes = [leg.strike for leg in legs if leg.kind == OPTION]
    return math.fsum(strikes) / len(strikes)


def forward_price(chain: OptionChain, settles_ns: int) -> float:
    """Return the future that strikes of a coin-settled expiry are divided by to be in coins.

    Its bid, which makes the most of them; the spot where there is none.
    """
    for expiry, bid in zip(chain.expiries, chain.forward_bid, strict=False):
        if expiry.settles_ns == settles_ns and bid > 0.0:
            return bid
    return chain.underlying.mid
