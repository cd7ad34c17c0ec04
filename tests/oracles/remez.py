"""Rational functions of least relative error, by Remez's exchange in high precision.

Source: Remez 1934; for rational functions Fraser and Hart 1962.
"""

from __future__ import annotations

from collections.abc import Callable

from mpmath import cos, lu_solve, matrix, mp, mpf, pi

mp.dps = 60
Function = Callable[[mpf], mpf]


def powers(t: mpf, n: int) -> list[mpf]:
    """Return the Chebyshev polynomials T0 .. Tn at t: a basis that stays well conditioned."""
    basis = [mpf(1), t]
    while len(basis) <= n:
        basis.append(2 * t * basis[-1] - basis[-2])
    return basis[: n + 1]


def value(top: list[mpf], low: list[mpf], t: mpf) -> mpf:
    """Return the quotient of two sums of Chebyshev polynomials."""
    basis = powers(t, max(len(top), len(low)))
    p = sum(c * b for c, b in zip(top, basis, strict=False))
    q = sum(c * b for c, b in zip(low, basis, strict=False))
    return p / q


def fit(f: Function, m: int, n: int, points: int) -> tuple[list[mpf], list[mpf], mpf]:
    """Return numerator and denominator of degrees m and n on [-1, 1], and the largest error.

    `f` must not be 0; the error is relative. The error's alternation is looked for on `points`
    places, dense at both ends.
    """
    grid = [-cos(pi * i / points) for i in range(points + 1)]
    exact = [f(t) for t in grid]
    size = m + n + 2
    chosen = [round(i * points / (size - 1)) for i in range(size)]
    low = [mpf(1)] + [mpf(0)] * n
    level = mpf(0)
    while True:
        for _ in range(30):
            system, right = matrix(size, size), matrix(size, 1)
            for r, i in enumerate(chosen):
                basis = powers(grid[i], max(m, n))
                denominator = sum(c * b for c, b in zip(low, basis, strict=False))
                for k in range(m + 1):
                    system[r, k] = basis[k]
                for k in range(n):
                    system[r, m + 1 + k] = -exact[i] * basis[k + 1]
                # The level times the denominator of the last round: the system stays linear.
                system[r, size - 1] = -exact[i] * (-1) ** r * denominator
                right[r] = exact[i]
            solution = lu_solve(system, right)
            top = [solution[k] for k in range(m + 1)]
            low = [mpf(1)] + [solution[m + 1 + k] for k in range(n)]
            before, level = level, solution[size - 1]
            if abs(level - before) <= abs(level) * mpf(10) ** -12:
                break
        errors = [value(top, low, t) / y - 1 for t, y in zip(grid, exact, strict=True)]
        worst = max(abs(error) for error in errors)
        if worst <= abs(level) * mpf("1.001"):
            return top, low, worst
        chosen = alternation(errors, size)


def alternation(errors: list[mpf], size: int) -> list[int]:
    """Return where the error is largest between its changes of sign, `size` places in a row."""
    places: list[int] = []
    for i, error in enumerate(errors):
        if not places or (error > 0) != (errors[places[-1]] > 0):
            places.append(i)
        elif abs(error) > abs(errors[places[-1]]):
            places[-1] = i
    if len(places) < size:
        raise ArithmeticError(f"{len(places)} extremes, not {size}: take another degree")
    while len(places) > size:
        places.pop(0 if abs(errors[places[0]]) < abs(errors[places[-1]]) else -1)
    return places


def product(a: list[mpf], b: list[mpf]) -> list[mpf]:
    """Return the product of two polynomials, lowest power first."""
    result = [mpf(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return result


def in_powers(series: list[mpf], top: list[mpf], low: list[mpf]) -> list[mpf]:
    """Return a Chebyshev series in ``t = top(x) / low(x)``, times ``low(x)**degree``, in powers.

    Both polynomials are linear, lowest power first.
    """
    degree = len(series) - 1
    chebyshev = [[mpf(1)], [mpf(0), mpf(1)]]
    while len(chebyshev) <= degree:
        twice = [mpf(0)] + [2 * c for c in chebyshev[-1]]
        for k, c in enumerate(chebyshev[-2]):
            twice[k] -= c
        chebyshev.append(twice)
    of_t = [mpf(0)] * (degree + 1)
    for coefficient, polynomial in zip(series, chebyshev, strict=False):
        for k, c in enumerate(polynomial):
            of_t[k] += coefficient * c
    result = [mpf(0)] * (degree + 1)
    for k, coefficient in enumerate(of_t):
        term = [coefficient]
        for factor in [top] * k + [low] * (degree - k):
            term = product(term, factor)
        for i, c in enumerate(term):
            result[i] += c
    return result
