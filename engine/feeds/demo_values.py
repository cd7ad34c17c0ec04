"""What every option of a demo underlying is worth while its price moves: linear between two models.

Prices of `PriceModel` at spots a and b with the same carry are each free of arbitrage, and so is
``w V(a) + (1 - w) V(b)`` at ``w a + (1 - w) b``: it is the price in a model whose spot is revealed
just after now, and nobody gains by exercising a convex payoff before that. So between grid nodes
0.6 % apart an option moves by one multiply-add per change of the stock, European and American,
with dividends. Coins are mixed in 1/S, the price of the dollar that their options are on.
"""

from __future__ import annotations

import math
from dataclasses import replace

from engine.clock import years_between
from engine.feeds.demo_listing import Listing
from engine.feeds.demo_model import PriceModel
from engine.feeds.demo_quotes import Key, coin_price, dynamics
from engine.market.chain import AMERICAN, COIN

# Of the first spot, between two models.
_STEP = 0.006
# Below this a series is about to settle and is no longer quoted.
_LAST_SECONDS = 60


def live_listing(listing: Listing, now_ns: int) -> Listing:
    """Return `listing` with the series that are still traded at `now_ns`, times counted from it."""
    last = now_ns + _LAST_SECONDS * 1_000_000_000
    alive = [e for e, expiry in enumerate(listing.expiries) if expiry.settles_ns > last]
    return replace(
        listing,
        expiries=tuple(listing.expiries[e] for e in alive),
        taus=tuple(years_between(now_ns, listing.expiries[e].settles_ns) for e in alive),
        vols=tuple(listing.vols[e] for e in alive),
        strikes=tuple(listing.strikes[e] for e in alive),
        carry=replace(listing.carry, as_of_ns=now_ns - 3 * 3600 * 1_000_000_000),
        as_of_ns=now_ns,
    )


class Valuation:
    """The values of all live options of one listing, as of one instant, at any spot.

    `slope` and `level` are by contract in the order of `keys`: an option is worth
    ``level + slope * x`` with x the spot, or 1/spot of a coin, anywhere in ``[low, high]``,
    which is interval `current`.
    """

    def __init__(self, listing: Listing, base: float, *, compact: bool) -> None:
        self.listing = listing
        self.keys: tuple[Key, ...] = tuple(
            (e, strike, right)
            for e, strikes in enumerate(listing.strikes)
            for strike in strikes
            for right in "CP"
        )
        self.current = 0
        self.low = self.high = 0.0
        self.slope: list[float] = []
        self.level: list[float] = []
        self._base = base
        self._compact = compact
        self._is_coin = listing.kind.kind == COIN
        self._nodes: dict[int, list[float]] = {}
        self._models: dict[int, PriceModel] = {}

    def interval(self, spot: float) -> int:
        """Return the index of the grid interval that `spot` lies in."""
        return math.floor((spot / self._base - 1.0) / _STEP)

    def enter(self, k: int) -> None:
        """Make interval `k` the one that `slope` and `level` are for. O(1) once it is priced."""
        self.prepare(k, len(self.keys))
        self.prepare(k + 1, len(self.keys))
        self.current = k
        a, b = self._spot(k), self._spot(k + 1)
        self.low, self.high = a, b
        x, y = (1.0 / a, 1.0 / b) if self._is_coin else (a, b)
        at_a, at_b = self._nodes[k], self._nodes[k + 1]
        self.slope = [(q - p) / (y - x) for p, q in zip(at_a, at_b, strict=True)]
        self.level = [p - s * x for p, s in zip(at_a, self.slope, strict=True)]

    def prepare(self, k: int, count: int) -> int:
        """Price up to `count` more contracts at node `k`; return how many were priced.

        What is priced does not depend on when: idle time may be used for it.
        """
        values = self._nodes.setdefault(k, [])
        todo = self.keys[len(values) : len(values) + count]
        if not todo:
            return 0
        listing = replace(self.listing, spot=self._spot(k))
        if k not in self._models:
            self._models[k] = PriceModel(dynamics(listing, self._compact))
        model = self._models[k]
        if self._is_coin:
            values += [coin_price(listing, model, *key) for key in todo]
        else:
            is_american = listing.kind.style == AMERICAN
            price = model.american if is_american else model.european
            values += [price(*key) for key in todo]
        if len(values) == len(self.keys):
            del self._models[k]
        return len(todo)

    def _spot(self, k: int) -> float:
        return self._base * (1.0 + _STEP * k)
