"""A quick answer for the families in which longs of one right cover a short one.

The largest arbitrage-free surface below the asks (`kernels_pure.envelope`) is what the cheapest
cover of a sold quote costs, mixtures of expiries included. Where no bid lies above it there is no
vertical, butterfly, calendar or calendar butterfly; so a clean chain is done in one pass.
"""

from __future__ import annotations

import math
from array import array

from engine.strategies.view import View

# The layout of a frame is documented with `kernels_pure.envelope.hull_screen`.
_NO_BOUNDS = (math.inf, math.inf, -math.inf, -math.inf)


def is_covered(view: View) -> bool:
    """Tell whether every present bid lies below what covers it: no such family has a candidate."""
    return all(_highest(view, frame) <= view.floor for frame in (_calls(view), _puts(view)))


def _calls(view: View) -> array[float]:
    terms, nan = view.terms, math.nan
    frame = array("d")
    for e in range(len(view.chain.expiries)):
        scale, offset = 1.0, 0.0
        if view.chain.is_european:
            scale, offset = terms.lend[e], terms.div_out[e] + terms.stock_borrow[e]
        frame.extend((scale, offset, 0.0, nan, nan, nan, nan, *_NO_BOUNDS))
    return frame


def _puts(view: View) -> array[float]:
    """Return the frame of puts as calls: a put less its strike falls as calls do."""
    terms = view.terms
    frame = array("d")
    for e in range(len(view.chain.expiries)):
        scale, offset = 1.0, 0.0
        if view.chain.is_european:
            scale, offset = terms.borrow[e], terms.div_in[e]
        frame.extend((scale, offset, math.nan, -offset, scale, -offset, scale, *_NO_BOUNDS))
    return frame


def _highest(view: View, frame: array[float]) -> float:
    """Return by how much the dearest bid exceeds its cheapest cover; -inf without quotes."""
    chain = view.chain
    size = len(view.pay)
    sell, buy = view.column("cover sell", size), view.column("cover buy", size)
    count = view.backend.envelope.hull_screen(
        chain.first, chain.strike, view.pay, view.receive, frame, 1, sell, buy,
        view.indices("cover hits", len(chain.expiries)),
        view.column("cover hull", 4 * (chain.n_rows + len(chain.first) + 1)),
    )  # fmt: skip
    return math.inf if count else -math.inf
