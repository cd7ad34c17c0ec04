"""One thing that a market quotes, by a number of its own."""

from __future__ import annotations

from dataclasses import dataclass

STOCK, OPTION, FUTURE, CASH_INDEX, CRYPTO = "STK", "OPT", "FUT", "IND", "CRYPTO"


@dataclass(frozen=True, slots=True)
class Instrument:
    """What can be quoted: `index` is its place in the market's `instruments` and `quotes`.

    `kind` is as IB spells it (STK, OPT, FUT, IND, CRYPTO). For the underlying and futures `right`
    is "" and `strike` 0. `ticks` are per unit of price below and from `tick_change` on.
    """

    index: int
    symbol: str
    kind: str
    underlying: int
    settles_ns: int = 0
    expiry: str = ""
    settlement: str = ""
    trading_class: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: float = 1.0
    style: str = ""
    ticks: tuple[int, int] = (100, 100)
    tick_change: float = 3.0
