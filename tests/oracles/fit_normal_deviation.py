"""Fit the two rational functions of `kernels_pure.implied.normal_deviation`, and compare.

``python -m tests.oracles.fit_normal_deviation`` (CPython with mpmath). Bachelier's time value is
``value = deviation phi(h) - gap N(-h)`` with ``h = gap / deviation``; `value` in units of `gap` is
a function of h alone. Near the money ``near = value + gap/2`` is almost linear in the deviation:
``deviation = near r(gap / near)``; far from it ``h = s(sqrt(-log(value / gap)))``. Prints both
functions' coefficients in powers and their largest relative errors; fails unless the kernel's
source has them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable

from mpmath import erfc, exp, log, mp, mpf, nstr, pi, sqrt

from kernels_pure import implied
from tests.oracles.remez import Function, fit, in_powers

mp.dps = 40
SPLIT = mpf(1)
FAR = mpf(28)
POINTS = 300


def log_value(h: mpf) -> mpf:
    """Return the logarithm of the value at h, in units of the gap, without cancellation."""
    mills = sqrt(pi / 2) * exp(h * h / 2) * erfc(h / sqrt(2))
    return -h * h / 2 - log(sqrt(2 * pi)) + log(1 / h - mills)


def solve(f: Callable[[mpf], mpf], low: mpf, high: mpf) -> mpf:
    """Return where a falling function is 0, by bisection."""
    for _ in range(130):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return (low + high) / 2


def near_the_money(u: mpf) -> mpf:
    """Return ``deviation / near`` at ``u = gap / near``."""
    if u < mpf(10) ** -8:
        return sqrt(2 * pi)
    target = log(1 / u - mpf(1) / 2)
    return u / solve(lambda h: log_value(h) - target, mpf(10) ** -9, SPLIT + 1)


def far_from_the_money(t: mpf) -> mpf:
    """Return h at ``t = sqrt(-log value)``."""
    return solve(lambda h: log_value(h) + t * t, mpf(10) ** -3, mpf(60))


def on(f: Function, low: mpf, high: mpf) -> Function:
    """Return a function on [low, high] as one on [-1, 1]."""
    return lambda t: f(low + (high - low) * (1 + t) / 2)


def coefficients(f: Function, low: mpf, high: mpf, m: int, n: int) -> tuple[list[float], ...]:
    """Return numerator and denominator in powers, the latter beginning with 1."""
    top, bottom, error = fit(on(f, low, high), m, n, POINTS)
    # t = (2 x - low - high) / (high - low)
    up, down = [-(low + high), mpf(2)], [high - low]
    scale = (high - low) ** (m - n)
    a, b = in_powers(top, up, down), in_powers(bottom, up, down)
    print(f"degrees {m}, {n}: largest relative error {nstr(error, 3)}")
    return [float(c / b[0] / scale) for c in a], [float(c / b[0]) for c in b]


def main() -> int:
    value = exp(log_value(SPLIT))
    near_end = 1 / (value + mpf(1) / 2)
    first = coefficients(near_the_money, mpf(10) ** -7, near_end, 3, 3)
    second = coefficients(far_from_the_money, sqrt(-log(value)), FAR, 4, 3)
    source = inspect.getsource(implied.normal_deviation)
    missing = 0
    for a, b in (first, second):
        for number in (*a, *b[1:]):
            print(repr(number))
            missing += repr(abs(number)) not in source
    print(f"NEAR_END = {float(near_end)!r}")
    if missing or float(near_end) != implied.NEAR_END:
        print("these are not the kernel's coefficients", file=sys.stderr)
        return 1
    print("these are the kernel's coefficients")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
