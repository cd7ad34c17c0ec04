"""Legs of a combo: frozen values at executable prices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

OPTION = "option"
STOCK = "stock"
FUTURE = "future"


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
