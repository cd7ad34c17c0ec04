"""Several legs traded as one: what they are, and at which prices they can be had.

A `Leg` has a price; a `Combo` has none. The key of a combo has neither price nor time in it, so
that the same combo is known again in the next snapshot, tomorrow and from another source.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from zlib import crc32

from engine.market.contract import FUTURE, OPTION, STOCK, Contract

if TYPE_CHECKING:
    from engine.market.chain import OptionChain

__all__ = ("FUTURE", "OPTION", "STOCK", "Combo", "Leg", "combo_of", "contract_of", "sighting_id")


@dataclass(frozen=True, slots=True)
class Leg:
    """One contract of a combo at its executable price.

    `ratio` counts contracts per package (for stock, multiples of the multiplier), `side` is +1
    to buy and -1 to sell, `price` the ask when bought and the bid when sold, `fee` per share.
    `size` (contracts) and `age` (seconds) are those of the traded side, nan when not known.
    For stock and futures `right` is "" and `strike` nan; `expiry` is None for stock.
    `quote` is the quote index of the chain, -1 for stock and futures.
    `notional` is for futures of an inverse chain: dollars per coin of the package, so that one
    bought at `price` pays ``notional / price - notional / spot`` coins (a conversion at strike K
    needs K, a box its width); its `fee` is per ratio, in coins. Other futures leave it nan.
    `trading_class` is that of an option's series (SPX against SPXW), "" where the source has none.
    """

    kind: str
    side: int
    ratio: int
    price: float
    fee: float = 0.0
    right: str = ""
    strike: float = math.nan
    expiry: date | None = None
    settles_ns: int = 0
    bid: float = math.nan
    ask: float = math.nan
    size: float = math.nan
    age: float = math.nan
    quote: int = -1
    notional: float = math.nan
    trading_class: str = ""


@dataclass(frozen=True, slots=True)
class Combo:
    """Contracts with signed ratios (negative sells), in the order of their names."""

    symbol: str
    legs: tuple[tuple[int, Contract], ...]

    @property
    def key(self) -> str:
        """The same text for the same legs, whatever they cost and whenever they are seen.

        It is ``symbol:ratio x contract:...``: ``SPX:-1xSPX260320C5800:1xSPXW260320C5800``.
        """
        return ":".join((self.symbol, *(f"{ratio}x{leg.name}" for ratio, leg in self.legs)))


def contract_of(chain: OptionChain, leg: Leg) -> Contract:
    """Return what a leg trades."""
    ids = chain.contract_ids
    return Contract(
        leg.kind, chain.symbol, leg.trading_class, leg.expiry, leg.right, leg.strike,
        1.0 if leg.kind == STOCK else chain.multiplier, chain.currency,
        ids[leg.quote] if ids and leg.quote >= 0 else "",
    )  # fmt: skip


def combo_of(chain: OptionChain, legs: Iterable[Leg]) -> Combo:
    """Return the legs as a combo, without their prices."""
    traded = [(leg.side * leg.ratio, contract_of(chain, leg)) for leg in legs]
    return Combo(chain.symbol, tuple(sorted(traded, key=lambda one: (one[1].name, one[0]))))


def sighting_id(key: str, family: str, ts_ns: int) -> str:
    """Return the id of a combo seen at an instant as one of `family`: ten letters.

    Short, for people to type: two of a million sightings may share one. Programs take the key and
    the instant.
    """
    # Not hashlib: on PyPy it loads half of ssl, a tenth of a small scan's time.
    text = f"{key} {family} {ts_ns}".encode()
    return f"{crc32(text):08x}{crc32(text[::-1]) % 256:02x}"
