"""What a proof consists of: the states tried and the worst of them."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """One row of a state table: what happens, at which spot, and what the position is then worth.

    `pv` is the present value per share of everything the position pays, net of its price and fees.
    """

    event: str
    spot: float
    pv: float


@dataclass(frozen=True, slots=True)
class Proof:
    """The verifier's own account of a position.

    `minimum` is the worst present value per share over every state tried, `states` the table
    (its worst rows first), `n_states` how many were tried, `scale` the largest amount added up,
    `best` the best of them.
    """

    minimum: float
    states: tuple[State, ...]
    n_states: int
    scale: float = 0.0
    best: float = math.nan

    @property
    def worst(self) -> State:
        """The state at the minimum."""
        return self.states[0]
