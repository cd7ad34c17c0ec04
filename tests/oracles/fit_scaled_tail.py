"""Fit the rational function of `kernels_pure.normal.scaled_tail`, and compare it with the kernel's.

``python -m tests.oracles.fit_scaled_tail [M N]`` (CPython with mpmath), degrees 10 11 if not given.
Prints the coefficients as doubles and the largest relative error on [0, inf); for the default
degrees it fails unless they are the kernel's.
"""

from __future__ import annotations

import sys

from mpmath import erfc, exp, mpf, pi, sqrt

from kernels_pure import normal
from tests.oracles.remez import fit, in_powers

# x = 2 (1 + t) / (1 - t) maps [-1, 1) to [0, inf).
MIDDLE = mpf(2)
POINTS = 4000


def scaled_tail(x: mpf) -> mpf:
    """Return ``N(-x) exp(x*x/2)``; from 60 on by the asymptotic series of erfc."""
    if x < 60:
        return exp(x * x / 2) * erfc(x / sqrt(2)) / 2
    total = term = 1 / (x * sqrt(2 * pi))
    for k in range(1, 40):
        term *= -(2 * k - 1) / (x * x)
        total += term
    return total


def target(t: mpf) -> mpf:
    """Return the scaled tail times ``x + 2``, which is bounded and not 0 on all of [0, inf]."""
    if t == 1:
        return 1 / sqrt(2 * pi)
    x = MIDDLE * (1 + t) / (1 - t)
    return scaled_tail(x) * (x + MIDDLE)


def coefficients(m: int, n: int) -> tuple[list[float], list[float], float]:
    """Return numerator and denominator in powers of x, lowest first, and the largest error."""
    if n != m + 1:
        raise ValueError("the tail falls like 1/x: the denominator is of one degree more")
    top, low, error = fit(target, m, n, POINTS)
    up, down = [-MIDDLE, mpf(1)], [MIDDLE, mpf(1)]
    a, b = in_powers(top, up, down), in_powers(low, up, down)
    # The kernel's denominator begins with 1.
    return [float(c / b[0]) for c in a], [float(c / b[0]) for c in b], float(error)


def main() -> int:
    degrees = [int(word) for word in sys.argv[1:3]] or [10, 11]
    a, b, error = coefficients(*degrees)
    print(f"largest relative error {error:.2e}")
    for name, values in (("A", a), ("B", b)):
        for k, value in enumerate(values):
            print(f"{name}{k} = {value!r}")
    if degrees != [10, 11]:
        return 0
    kernel_a = [getattr(normal, f"A{k}") for k in range(11)]
    kernel_b = [1.0] + [getattr(normal, f"B{k}") for k in range(1, 12)]
    if (a, b) != (kernel_a, kernel_b):
        print("these are not the kernel's coefficients", file=sys.stderr)
        return 1
    print("these are the kernel's coefficients")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
