"""A package of legs as claims on one asset, whatever the chain is quoted in.

The claims of an inverse chain are turned round: in coins, a call pays ``(1 - strike / spot)+``,
which is `strike` puts of strike ``1 / strike`` on the dollar, whose price in coins is
``1 / spot``. With the asset's price called `level` (the spot, or ``1 / spot``), every claim is a
plain call, put or forward, and one settlement rule serves both kinds of chain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from engine.market.chain import OptionChain
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.market.quoting import Quoting


@dataclass(frozen=True, slots=True)
class Claim:
    """One option leg: `quantity` (negative when sold) calls (`right` +1) or puts (-1)."""

    name: str
    right: int
    strike: float
    quantity: float
    series: int

    def pays(self, level: float) -> float:
        """Return what one unit pays when the asset settles at `level`."""
        return max(0.0, self.right * (level - self.strike))


@dataclass(frozen=True, slots=True)
class Forward:
    """A future: pays ``quantity * (level - price)`` at the settlement of its series."""

    quantity: float
    price: float
    series: int


@dataclass(frozen=True, slots=True)
class Position:
    """What a package holds once it is bought.

    Attributes
    ----------
    claims, forwards
        The option legs and the futures.
    stock
        Shares per contract multiplier held at once, negative when sold short.
    cost
        What the package costs today, fees included; negative is a credit.
    settles_ns, days
        Settlement instant and date of each series, rising.
    quoting
        Of the chain: where it is not linear, `level` is one over the spot.
    """

    claims: tuple[Claim, ...]
    forwards: tuple[Forward, ...]
    stock: float
    cost: float
    settles_ns: tuple[int, ...]
    days: tuple[date, ...]
    quoting: Quoting

    def spot(self, level: float) -> float:
        """Return the spot at which the asset stands at `level`; inf at level 0 of an inverse."""
        if self.quoting.is_linear:
            return level
        return 1.0 / level if level > 0.0 else math.inf

    def level(self, spot: float) -> float:
        """Return the level of the asset when the spot is `spot` > 0."""
        return spot if self.quoting.is_linear else 1.0 / spot


def recompute_cost(legs: tuple[Leg, ...]) -> float:
    """Return what `legs` cost today per package, prices and fees; negative is a credit.

    A future costs its fee alone.
    """
    cost = 0.0
    for leg in legs:
        price = 0.0 if leg.kind == FUTURE else leg.price
        cost += leg.ratio * (leg.side * price + leg.fee)
    return cost


def position_of(chain: OptionChain, legs: tuple[Leg, ...]) -> Position:
    """Return the claims of `legs`.

    Raises
    ------
    ValueError
        If a leg is of no known kind or has no settlement.
    """
    dated = {_settlement(chain, leg): leg for leg in legs if leg.kind != STOCK}
    settles_ns = tuple(sorted(dated))
    claims: list[Claim] = []
    forwards: list[Forward] = []
    stock = 0.0
    for leg in legs:
        quantity = float(leg.side * leg.ratio)
        if leg.kind == STOCK:
            stock += quantity
            continue
        series = settles_ns.index(_settlement(chain, leg))
        if leg.kind == OPTION:
            name = _name(leg) if len(settles_ns) == 1 else f"{_name(leg)} {leg.expiry}"
            claims.append(_claim(leg, name, quantity, series, chain.quoting))
        elif leg.kind == FUTURE:
            forwards.append(_forward(leg, quantity, series, chain.quoting))
        else:
            raise ValueError(f"a leg is an option, stock or a future, not {leg.kind!r}")
    days = tuple(dated[ns].expiry or date.min for ns in settles_ns)
    return Position(
        tuple(claims), tuple(forwards), stock, recompute_cost(legs), settles_ns, days,
        chain.quoting,
    )  # fmt: skip


def _settlement(chain: OptionChain, leg: Leg) -> int:
    if leg.settles_ns > 0:
        return leg.settles_ns
    if leg.quote >= 0:
        return chain.expiries[chain.expiry_of(chain.row_of(leg.quote))].settles_ns
    raise ValueError(f"the {leg.kind} leg {leg.right} {leg.strike:g} has no settlement instant")


def _claim(leg: Leg, name: str, quantity: float, series: int, quoting: Quoting) -> Claim:
    right = 1 if leg.right == "C" else -1
    if not quoting.is_linear:
        return Claim(name, -right, 1.0 / leg.strike, quantity * leg.strike, series)
    return Claim(name, right, leg.strike, quantity, series)


def _forward(leg: Leg, quantity: float, series: int, quoting: Quoting) -> Forward:
    if not quoting.is_linear:
        # notional / price - notional / spot coins: a sale of `notional` dollars.
        return Forward(-quantity * leg.notional, 1.0 / leg.price, series)
    return Forward(quantity, leg.price, series)


def misquoted(chain: OptionChain, legs: tuple[Leg, ...]) -> str:
    """Return which leg is not to be had on `chain` as stated, as a short phrase; "" if none.

    An option that names its quote must be that contract, at that quote's price or a worse one;
    so must stock and futures where the chain quotes them. An inverse chain has no stock: its
    cash is the coin.
    """
    for leg in legs:
        if leg.kind == STOCK and chain.quoting.hedge != STOCK:
            return "stock is not traded against a coin-settled chain"
        if leg.kind == OPTION and leg.quote >= 0:
            row = chain.row_of(leg.quote)
            contract = (chain.right_of(leg.quote), chain.strike[row])
            settles_ns = chain.expiries[chain.expiry_of(row)].settles_ns
            if contract != (leg.right, leg.strike) or leg.settles_ns not in (0, settles_ns):
                return f"{_name(leg)} is not the contract of quote {leg.quote}"
            quote = chain.ask[leg.quote] if leg.side > 0 else chain.bid[leg.quote]
        else:
            quote = _underlying_quote(chain, leg)
        # An absent quote is 0 or nan: only options say which one they mean.
        is_absent = not quote > 0.0
        if is_absent and (leg.kind != OPTION or leg.quote < 0):
            continue
        if is_absent or leg.side * (quote - leg.price) > 1e-12 * quote:
            return (
                f"{_name(leg)} has {'ask' if leg.side > 0 else 'bid'} {quote:g}: not {leg.price:g}"
            )
    return ""


def _name(leg: Leg) -> str:
    return f"{leg.right} {leg.strike:g}" if leg.kind == OPTION else leg.kind


def _underlying_quote(chain: OptionChain, leg: Leg) -> float:
    if leg.kind == STOCK:
        return chain.underlying.ask if leg.side > 0 else chain.underlying.bid
    if leg.kind == FUTURE and chain.forward_bid:
        forwards = chain.forward_ask if leg.side > 0 else chain.forward_bid
        for expiry, forward in zip(chain.expiries, forwards, strict=True):
            if expiry.settles_ns == leg.settles_ns:
                return forward
    return math.nan
