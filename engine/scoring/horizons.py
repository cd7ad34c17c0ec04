"""What the market of a position looks like on each day on which something of it settles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from engine.market.combo import OPTION, Leg
from engine.strategies.view import View


@dataclass(frozen=True, slots=True)
class Horizon:
    """One settlement: what money and stock are worth until then, per share and in present value.

    Attributes
    ----------
    expiry, settles_ns, tau
        Last trading day, settlement instant (UTC nanoseconds), years until then.
    lend, borrow
        What a payment and a receipt of 1 are worth today.
    received, owed
        Dividends that long stock receives, and dividends and borrow fee that short stock owes.
    forward
        Of the underlying, in the middle of both carries.
    """

    expiry: date
    settles_ns: int
    tau: float
    lend: float
    borrow: float
    received: float
    owed: float
    forward: float

    @property
    def discount(self) -> float:
        """The middle of what a payment and a receipt of 1 are worth."""
        return math.sqrt(self.lend * self.borrow)

    def present(self, amount: float) -> float:
        """Return what `amount` is worth today: a receipt by the borrowing rate, else by lending."""
        return amount * (self.borrow if amount > 0.0 else self.lend)


@dataclass(frozen=True, slots=True)
class Market:
    """The spot, and the horizons of a position's option legs in order of time.

    No horizons are given where payoffs are not straight between strikes (coins).
    """

    spot: float
    horizons: tuple[Horizon, ...] = ()

    def of(self, leg: Leg) -> Horizon:
        """Return the horizon of an option leg."""
        return next(one for one in self.horizons if one.settles_ns == leg.settles_ns)


UNKNOWN_MARKET = Market(math.nan)
"""Of what was not found in a chain."""


def market_of(view: View, legs: tuple[Leg, ...]) -> Market:
    """Return the market of some legs of a chain. O(legs)."""
    chain, terms = view.chain, view.terms
    spot = chain.quoting.spot(chain.underlying.mid)
    if not chain.quoting.is_linear:
        return Market(spot)
    found = sorted(
        {chain.expiry_of(chain.row_of(leg.quote)) for leg in legs if leg.kind == OPTION}
    )  # fmt: skip
    horizons = []
    for e in found:
        expiry = chain.expiries[e]
        held = 0.5 * (terms.div_in[e] + terms.div_out[e])
        discount = math.sqrt(terms.lend[e] * terms.borrow[e])
        horizons.append(
            Horizon(
                expiry.date, expiry.settles_ns, terms.tau[e], terms.lend[e], terms.borrow[e],
                terms.div_in[e], terms.div_out[e] + terms.stock_borrow[e],
                (spot - held) / discount,
            )
        )  # fmt: skip
    return Market(spot, tuple(horizons))
