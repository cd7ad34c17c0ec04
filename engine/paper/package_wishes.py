"""What a strategy over chains wants a broker to trade, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, gcd

from engine.backtesting.options.package import Package
from engine.market.combo import Combo
from engine.market.contract import STOCK, Contract


@dataclass(frozen=True, slots=True)
class PackageWish:
    """What a seat wants to trade now: `lots` of a combo, bought.

    `package` is its number in the account, `is_closing` whether it is held already; `capital` what
    it binds, in currency.
    """

    package: int
    combo: Combo
    lots: int
    label: str
    is_closing: bool
    capital: float = 0.0

    @property
    def is_stock(self) -> bool:
        """Whether it trades shares alone: `lots` are shares then."""
        return all(contract.kind == STOCK for _, contract in self.combo.legs)


@dataclass(frozen=True, slots=True)
class Traded:
    """One execution: contracts or shares (negative: sold) at a price per share."""

    contract: Contract
    quantity: float
    price: float


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of `quantity` of an option (negative: sold) by itself.

    `shares` came at its strike.
    """

    contract: str
    quantity: float
    shares: float
    strike: float


@dataclass(frozen=True, slots=True)
class Known:
    """A package that an earlier engine opened: what it bought, and what closed of it since."""

    number: int
    combo: Combo
    label: str
    opened_ns: int
    opening: tuple[Traded, ...]
    closing: tuple[Traded, ...]
    fees: float


def part_of(wish: PackageWish, traded: Sequence[Traded]) -> float:
    """Return which part of a wish was traded, by its first leg."""
    ratio, contract = wish.combo.legs[0]
    got = fsum(one.quantity for one in traded if one.contract.name == contract.name)
    size = contract.multiplier if contract.kind == STOCK and not wish.is_stock else 1.0
    return min(1.0, abs(got) / (abs(ratio) * size * wish.lots))


def closing_of(one: Package, multiplier: float) -> tuple[Combo, int] | None:
    """Return the combo that closes what can be traded of a package, and how many of it.

    Options that nobody bids for stay. Stock that is no multiple of an option's shares goes by
    itself, after the options.
    """
    options = [h for h in one.holdings if not (h.quantity > 0.0 and not h.bid > 0.0)]
    parts = [(-round(h.quantity), h.contract) for h in options]
    if one.stock and (not parts or one.stock % multiplier == 0.0):
        shares = -one.stock if not parts else -one.stock / multiplier
        parts.append((round(shares), Contract(STOCK, one.symbol, multiplier=1.0)))
    parts = [part for part in parts if part[0]]
    if not parts:
        return None
    lots = gcd(*(n for n, _ in parts))
    legs = sorted(((n // lots, contract) for n, contract in parts), key=lambda leg: leg[1].name)
    return Combo(one.symbol, tuple(legs)), lots
