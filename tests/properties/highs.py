"""SciPy's HiGHS as the oracle of the price programme; CPython only."""

from __future__ import annotations

from price_programme import PriceProgramme
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def least_misfit(programme: PriceProgramme) -> float:
    """Return the least total by which arbitrage-free prices miss the quotes."""
    n_prices, n_quotes = programme.n_prices, len(programme.quotes)
    if n_quotes == 0:
        return programme.constant
    entries = []
    limits = []
    for form, right in programme.conditions:
        entries += [(len(limits), variable, -coefficient) for variable, coefficient in form]
        limits.append(-right)
    for j, (form, sign, limit, _) in enumerate(programme.quotes):
        entries += [(len(limits), variable, sign * coefficient) for variable, coefficient in form]
        entries.append((len(limits), n_prices + j, -1.0))
        limits.append(sign * limit)
    r, c, v = zip(*entries, strict=True)
    matrix = coo_matrix((v, (r, c)), shape=(len(limits), n_prices + n_quotes))
    cost = [0.0] * n_prices + [weight for _, _, _, weight in programme.quotes]
    answer = linprog(cost, A_ub=matrix.tocsr(), b_ub=limits, method="highs-ds", options=OPTIONS)
    if answer.status != 0:
        raise ArithmeticError(answer.message)
    return float(answer.fun) + programme.constant
