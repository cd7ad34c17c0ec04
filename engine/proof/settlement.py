"""What one settlement pays at every level of the asset, and at which level it pays least."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

from engine.proof.claims import Position
from engine.proof.holdings import Held, Holdings

# A slope smaller than this is rounding of quantities, not a claim.
_FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class Answer:
    """What the holder does, what is `held` after it, and the present value of all that follows.

    `exercised` are the legs exercised before their expiry.
    """

    value: float
    held: Held
    exercised: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """An answer to a settlement: it adds ``intercept + slope * level`` to what the claims pay."""

    intercept: float
    slope: float
    answer: Answer


@dataclass(frozen=True, slots=True)
class Settlement:
    """The claims and futures of one series that settle together, and the answers to it.

    The amount at a level is what `pieces` (right, strike, quantity) and `futures`
    (quantity, price) pay, plus the best line there: straight between neighbouring `levels`.
    """

    pieces: tuple[tuple[int, float, float], ...]
    futures: tuple[tuple[float, float], ...]
    lines: tuple[Line, ...]

    @classmethod
    def of(
        cls, position: Position, series: int, holdings: Holdings, lines: tuple[Line, ...]
    ) -> Settlement:
        """Return the settlement of `series` with `holdings` of its claims left."""
        pieces = tuple(
            (claim.right, claim.strike, quantity)
            for claim, quantity in zip(position.claims, holdings, strict=True)
            if claim.series == series and quantity != 0.0
        )
        futures = tuple((f.quantity, f.price) for f in position.forwards if f.series == series)
        return cls(pieces, futures, lines)

    def amount(self, level: float) -> float:
        """Return the net flow at `level`, of the best answer."""
        return self.claims_pay(level) + max(c.intercept + c.slope * level for c in self.lines)

    def claims_pay(self, level: float) -> float:
        """Return what the claims and futures pay at `level`."""
        total = 0.0
        for right, strike, quantity in self.pieces:
            if right * (level - strike) > 0.0:
                total += quantity * right * (level - strike)
        for quantity, price in self.futures:
            total += quantity * (level - price)
        return total

    def best_line(self, level: float) -> Line:
        """Return the holder's answer at `level`."""
        return max(self.lines, key=lambda line: line.intercept + line.slope * level)

    def falls_without_limit(self) -> bool:
        """Return whether the amount falls far above every strike, whatever the answer."""
        slope = math.fsum(quantity for right, _, quantity in self.pieces if right > 0)
        slope += math.fsum(quantity for quantity, _ in self.futures)
        return slope + max((line.slope for line in self.lines), default=-math.inf) < -_FLAT

    def levels(self) -> list[float]:
        """Return 0, every strike and every level at which the best answer changes, rising."""
        kinks = {0.0}
        kinks.update(strike for _, strike, _ in self.pieces)
        for a, b in combinations(self.lines, 2):
            if a.slope != b.slope:
                crossing = (b.intercept - a.intercept) / (a.slope - b.slope)
                if 0.0 < crossing < math.inf:
                    kinks.add(crossing)
        return sorted(kinks)

    def worst(self, levels: list[float]) -> tuple[float, float]:
        """Return (level, amount) of the least amount; (inf, -inf) if there is no least one."""
        if self.falls_without_limit():
            return math.inf, -math.inf
        amounts = [self.amount(level) for level in levels]
        least = min(amounts)
        return levels[amounts.index(least)], least
