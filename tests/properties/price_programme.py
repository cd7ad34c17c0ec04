"""Arbitrage-free prices as near to the quotes as can be: the dual of the largest locked profit.

Nothing here knows of hulls or payoffs: prices are variables, and static no-arbitrage is a list of
inequalities between them (Carr and Madan 2005). What it costs to miss the quotes, weighted with
their sizes, is by duality the most that the quotes let one earn.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

UNLIMITED = 1e300

Form = list[tuple[int, float]]
"""A linear form: (variable, coefficient)."""
Condition = tuple[Form, float]
"""Form >= number."""
Target = tuple[Form, int, float, float]
"""(form, sign, limit, weight): sign +1 wants form <= limit, -1 form >= limit; missing it by one
unit costs `weight`."""


@dataclass(frozen=True)
class PriceProgramme:
    """Minimise the weighted misfit over prices >= 0 that fulfil the conditions.

    `constant` is added: the misfit of quotes whose price is known.
    """

    n_prices: int
    conditions: list[Condition]
    quotes: list[Target]
    constant: float = 0.0


def strategy_matrix(
    programme: PriceProgramme,
) -> tuple[int, int, array[float], array[float], array[float]]:
    """Return the dual as ``(n_rows, n_columns, rows, gain, bound)`` for the simplex kernel.

    Every quote may be traded up to its weight; what the trade pays must be a mixture of the
    conditions, which are elementary payoffs that are never negative.
    """
    n_quotes = len(programme.quotes)
    n_columns = n_quotes + len(programme.conditions)
    n_rows = programme.n_prices
    rows = array("d", bytes(8 * n_rows * n_columns))
    gain, bound = array("d"), array("d")
    for j, (form, sign, limit, weight) in enumerate(programme.quotes):
        for variable, coefficient in form:
            rows[variable * n_columns + j] += sign * coefficient
        gain.append(-sign * limit)
        bound.append(weight)
    for j, (form, right) in enumerate(programme.conditions):
        for variable, coefficient in form:
            rows[variable * n_columns + n_quotes + j] -= coefficient
        gain.append(right)
        bound.append(UNLIMITED)
    return n_rows, n_columns, rows, gain, bound
