"""The implied volatilities of a chain's quotes, expiry by expiry, out of the money."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from engine.backend import Backend
from engine.market.chain import OptionChain
from engine.scoring.curves import CurvePoint


@dataclass(frozen=True, slots=True)
class SmilePoint:
    """Volatilities of one strike's bid and ask; nan where a side has none."""

    strike: float
    right: str
    bid_vol: float
    ask_vol: float

    @property
    def mid_vol(self) -> float:
        """The middle of both; nan without either."""
        return 0.5 * (self.bid_vol + self.ask_vol)


def smiles(
    chain: OptionChain, points: Sequence[CurvePoint], backend: Backend
) -> tuple[tuple[SmilePoint, ...], ...]:
    """Return the smile of each expiry of `chain`, by strike, from its curves `points`.

    Calls from the implied forward up and puts below it: what is out of the money says most, and
    early exercise touches it least. An expiry without a forward has no smile. O(rows).
    """
    return tuple(_smile(chain, point, e, backend) for e, point in enumerate(points))


def _smile(
    chain: OptionChain, point: CurvePoint, e: int, backend: Backend
) -> tuple[SmilePoint, ...]:
    forward, tau = point.forward, chain.tau(e)
    if not (0.0 < forward < math.inf and tau > 0.0):
        return ()
    # Coin prices times the forward are dollars at expiry, which nothing discounts.
    rate = 0.5 * (point.lend + point.borrow) if chain.quoting.is_linear else 0.0
    unit = chain.quoting.dollars(forward)
    rows = chain.rows(e)
    n = 2 * len(rows)
    rights = ["C" if chain.strike[row] >= forward else "P" for row in rows]
    quotes = [chain.quote_index(row, right) for row, right in zip(rows, rights, strict=True)]
    prices = array(
        "d", [side[q] * unit or math.nan for q in quotes for side in (chain.bid, chain.ask)]
    )
    strikes = array("d", [chain.strike[row] for row in rows for _ in range(2)])
    signs = array("b", [1 if right == "C" else -1 for right in rights for _ in range(2)])
    vol, status = array("d", bytes(8 * n)), array("b", bytes(n))

    def same(value: float) -> array[float]:
        return array("d", [value]) * n

    backend.implied.iv_chain(
        prices, same(forward * math.exp(-rate * tau)), strikes, same(tau), same(rate), same(0.0),
        signs, vol, status,
    )  # fmt: skip
    return tuple(
        SmilePoint(chain.strike[row], rights[k], vol[2 * k], vol[2 * k + 1])
        for k, row in enumerate(rows)
        if vol[2 * k] == vol[2 * k] or vol[2 * k + 1] == vol[2 * k + 1]
    )
