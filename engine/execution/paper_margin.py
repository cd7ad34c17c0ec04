"""What a paper account must keep as margin: the worst loss of an underlying's positions.

The rule is that of the simulated gateway, not of IB: options at what exercise would bring, over
moves of the underlying of up to a fifth, and so much for each option that is sold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from engine.market.contract import STOCK, Contract

Price = Callable[[Contract], float]
"""The middle of a contract's quote per share; nan where it has none."""

_MOVES = tuple(k / 100.0 for k in range(-20, 21, 2))
_PER_SHORT_OPTION = 50.0
Holdings = Iterable[tuple[Contract, float]]


def initial_margin(holdings: Holdings, price: Price) -> float:
    """Return the margin of contracts (negative is sold), in dollars; nan where a price is missing.

    O(holdings x moves).
    """
    by_symbol: dict[str, list[tuple[Contract, float]]] = {}
    for contract, quantity in holdings:
        if quantity:
            by_symbol.setdefault(contract.symbol, []).append((contract, quantity))
    return math.fsum(_risk(symbol, rows, price) for symbol, rows in by_symbol.items())


def value(holdings: Holdings, price: Price) -> float:
    """Return what contracts are worth at their middles, in dollars."""
    return math.fsum(q * price(c) * _per_price(c) for c, q in holdings if q)


def _risk(symbol: str, rows: list[tuple[Contract, float]], price: Price) -> float:
    spot = price(Contract(STOCK, symbol, multiplier=1.0))
    now = value(rows, price)
    worst = 0.0
    for move in _MOVES:
        there = spot * (1.0 + move)
        then = math.fsum(q * _exercised(c, there) * _per_price(c) for c, q in rows)
        worst = max(worst, now - then) if now - then == now - then else math.nan
        if worst != worst:
            return worst
    short = math.fsum(-q for c, q in rows if q < 0.0 and c.kind != STOCK)
    return worst + _PER_SHORT_OPTION * short


def _exercised(contract: Contract, spot: float) -> float:
    if contract.kind == STOCK:
        return spot
    gain = spot - contract.strike if contract.right == "C" else contract.strike - spot
    return max(0.0, gain)


def _per_price(contract: Contract) -> float:
    return 1.0 if contract.kind == STOCK else contract.multiplier
