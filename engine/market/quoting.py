"""In what the options of a chain are quoted and settled, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.market.contract import FUTURE, STOCK


@dataclass(frozen=True, slots=True)
class Quoting:
    """How prices, strikes and the hedge of a chain relate to each other.

    Attributes
    ----------
    name
        "money" or "coin".
    hedge
        Kind of the leg that hedges an option: stock, or a future that pays coins (an inverse one).
    is_linear
        Whether a payoff is a straight line between strikes in the unit of the prices, so that
        strikes and prices compare. A payoff in coins is not: its strikes need a future.
    has_carry
        Whether holding the underlying brings dividends and selling it short costs a fee; a coin's
        future has them in its price.
    decimals
        How many decimals of a price per share (per coin) are shown.
    """

    name: str = "money"
    hedge: str = STOCK
    is_linear: bool = True
    has_carry: bool = True
    decimals: int = 4

    def dollars(self, spot: float) -> float:
        """Return what one unit of a price is worth in money when the underlying stands at `spot`.

        >>> IN_MONEY.dollars(60_000.0), IN_COIN.dollars(60_000.0)
        (1.0, 60000.0)
        """
        return 1.0 if self.is_linear else spot

    def spot(self, spot: float) -> float:
        """Return the price of the underlying in the unit of the prices: 1 in coins."""
        return spot if self.is_linear else 1.0

    def strike(self, strike: float, future: float) -> float:
        """Return a strike in the unit of the prices, `future` being dollars per coin."""
        return strike if self.is_linear else strike / future


IN_MONEY = Quoting()
IN_COIN = Quoting("coin", FUTURE, is_linear=False, has_carry=False, decimals=6)
"""Coin-settled (inverse) options: quoted, paid and settled in the underlying coin."""
