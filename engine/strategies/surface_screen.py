"""The whole-surface screen: which quotes, and which expiries, can be part of an arbitrage.

European chains. On the scale ``z = Dl K + Vout + B`` (what covering a short call with short stock
costs, in today's money) calls of every expiry are prices of one martingale; puts become calls by
parity. With a spread on the stock and two rates parity is a band, so there are three mappings:

- OPTIMISTIC takes the better end of every band, and later expiries bound earlier ones. Whatever
  the profit programme finds has a hit: without one, the envelope itself, with the discount Dl and
  its own value at strike 0 as the stock's, prices every quote within its bid and ask. Two-expiry
  covers of the families have one too: calls because z is their scale, puts because theirs,
  ``Db K + Vin``, lies below z.
- CONSERVATIVE takes the worse end, expiry by expiry: every hit is a position that can be traded.
- POINT takes one discount and one stock value per expiry, so puts map exactly. An expiry without
  a hit is proven free of arbitrage at every size; only the others need the programme.

American chains: raw prices, calls and puts apart, later expiries bounding earlier ones. Hits go
to the families, which know what early assignment costs.

Source: Davis and Hobson 2007; Cousot 2007; SCANNER section 4.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

from engine.strategies.view import View

OPTIMISTIC = "optimistic"
CONSERVATIVE = "conservative"
POINT = "point"

_CALLS = (1.0, 0.0, 0.0, math.nan, 0.0, math.nan, 0.0)
_PUTS = (1.0, 0.0, math.nan, 0.0, 1.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class SurfaceScreen:
    """What the envelope says about each quote and each expiry.

    Attributes
    ----------
    sell, buy
        By quote index, per share: bid above the envelope and ask below the floor, after fees.
        Positive is a violation, negative the distance to one, nan where nothing was quoted.
    hits
        By expiry, the number of violations; -1 where the expiry could not be judged.
    """

    sell: array[float]
    buy: array[float]
    hits: array[int]

    @property
    def suspects(self) -> tuple[int, ...]:
        """Expiries with a violation, or not judged."""
        return tuple(e for e, count in enumerate(self.hits) if count != 0)


def screen_surface(view: View, mapping: str = OPTIMISTIC) -> SurfaceScreen:
    """Compare every quote of the chain with the largest arbitrage-free surface. O(rows).

    `mapping` matters for European chains only. Without a tradable underlying a European chain is
    always judged by POINT.
    """
    n_expiries = len(view.chain.expiries)
    sell = array("d", [math.nan]) * len(view.pay)
    screen = SurfaceScreen(sell, array("d", sell), array("l", bytes(8 * n_expiries)))
    if not view.chain.is_european:
        return _screen_american(view, screen)
    if mapping == POINT or not view.has_stock:
        frame = _point_frame(view)
        is_coupled = False
    else:
        frame = _band_frame(view, is_optimistic=mapping == OPTIMISTIC)
        is_coupled = mapping == OPTIMISTIC and view.chain.quoting.is_linear
    _fill(view, frame, is_coupled, screen)
    return screen


def suspect_expiries(view: View) -> tuple[int, ...]:
    """Return the expiries of a European chain that only the profit programme can judge.

    Of the others it would find 0. Empty for an American chain, which it never judges.
    """
    if not view.chain.is_european:
        return ()
    return screen_surface(view, POINT).suspects


def parity_points(view: View) -> list[tuple[float, float]]:
    """Return by expiry the (discount, value of a share) that parity leaves most room.

    Discounts lie between the borrowing and the lending one, the value of a share delivered at
    expiry within what it can be bought and shorted for. nan where nothing bounds them.
    """
    chain, terms = view.chain, view.terms
    points = []
    for e in range(len(chain.expiries)):
        low, high = _stock_band(view, e) if view.has_stock else (-math.inf, math.inf)
        discount, stock, _ = view.backend.forward.parity_point(
            e, chain.first, chain.strike, view.usable_pay, view.usable_receive,
            low, high, terms.borrow[e], terms.lend[e],
        )  # fmt: skip
        points.append((discount, stock))
    return points


def _stock_band(view: View, e: int) -> tuple[float, float]:
    """Return what shorting brings and buying costs of a share delivered at expiry `e`."""
    terms = view.terms
    return (
        terms.stock_receive[e] - terms.div_out[e] - terms.stock_borrow[e],
        terms.stock_pay[e] - terms.div_in[e],
    )


def _point_frame(view: View) -> array[float]:
    frame = array("d")
    for discount, stock in parity_points(view):
        if not math.isfinite(stock):
            discount = math.nan
        frame.extend((discount, 0.0, 0.0, stock, discount, stock, discount, 0.0, stock, stock, 0.0))
    return frame


def _band_frame(view: View, *, is_optimistic: bool) -> array[float]:
    terms = view.terms
    frame = array("d")
    horizon = max(terms.div_out, default=0.0)
    for e in range(len(view.chain.expiries)):
        low, high = _stock_band(view, e)
        offset = terms.div_out[e] + terms.stock_borrow[e]
        dear, cheap = (high, terms.borrow[e]), (low, terms.lend[e])
        asks, bids = (cheap, dear) if is_optimistic else (dear, cheap)
        # No share is worth less than the dividends that are still to come: the surface is known
        # up to there, but only if they are certain.
        vertex = max(horizon, terms.div_out[e]) + terms.stock_borrow[e] if is_optimistic else offset
        frame.extend((terms.lend[e], offset, 0.0, *asks, *bids))
        frame.extend((vertex, high + offset - vertex, terms.stock_receive[e], 0.0))
    return frame


def _screen_american(view: View, screen: SurfaceScreen) -> SurfaceScreen:
    terms, n = view.terms, len(view.chain.expiries)
    pay, receive = math.inf, -math.inf
    if view.has_stock and n:
        pay, receive = terms.stock_pay[0], terms.stock_receive[0]
    calls = array("d", (*_CALLS, 0.0, pay, receive, 0.0)) * n
    puts = array("d", (*_PUTS, 0.0, 0.0, 0.0, -pay)) * n
    _fill(view, calls, True, screen)
    other = array("l", screen.hits)
    _fill(view, puts, True, screen)
    for e in range(n):
        screen.hits[e] += other[e]
    return screen


def _fill(view: View, frame: array[float], is_coupled: bool, screen: SurfaceScreen) -> None:
    chain = view.chain
    view.backend.envelope.hull_screen(
        chain.first, chain.strike, view.usable_pay, view.usable_receive, frame, int(is_coupled),
        screen.sell, screen.buy, screen.hits,
        view.column("hull", 4 * (chain.n_rows + len(chain.first) + 1)),
    )  # fmt: skip
