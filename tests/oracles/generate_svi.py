"""Write svi.csv: slices of total variance and SciPy's fits of raw SVI to them.

Each slice is made from named or drawn parameters, with noise of the given relative size on the
volatilities; the fit is the best of `scipy.optimize.least_squares` over all five parameters from
eight starts, one of them the truth, within b >= 0, |rho| <= 1 and sigma > 0. Run
``python tests/oracles/generate_svi.py`` (CPython with SciPy).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

SEED = 20140312
Five = tuple[float, float, float, float, float]
# Vogt's smile as Gatheral and Jacquier 2014 print it (example 3.1), and three shapes beside it.
NAMED: dict[str, Five] = {
    "Vogt": (-0.0410, 0.1331, 0.3060, 0.3586, 0.4153),
    "steep": (0.0020, 0.0300, -0.6000, 0.0100, 0.0200),
    "flat": (0.1000, 0.0500, -0.2000, 0.1000, 0.8000),
    "equity": (0.0100, 0.1000, -0.7000, 0.0500, 0.1500),
}


def slices(draw: random.Random) -> Iterator[tuple[str, Five, float, int]]:
    for name, five in NAMED.items():
        for noise in (0.0, 0.002, 0.02):
            yield name, five, noise, 31
    for k in range(20):
        five = (
            draw.uniform(0.0, 0.05), draw.uniform(0.02, 0.35), draw.uniform(-0.9, 0.4),
            draw.uniform(-0.1, 0.1), draw.uniform(0.03, 0.4),
        )  # fmt: skip
        yield f"drawn {k}", five, draw.choice((0.0, 0.001, 0.01)), draw.choice((9, 17, 40))


def variance(k: np.ndarray, five: Five) -> np.ndarray:
    a, b, rho, m, sigma = five
    return a + b * (rho * (k - m) + np.sqrt((k - m) ** 2 + sigma**2))


def best_fit(k: np.ndarray, w: np.ndarray, weight: np.ndarray, truth: Five) -> tuple[Five, float]:
    root = np.sqrt(weight / weight.sum())
    draw = random.Random(SEED)
    starts = [truth] + [
        (0.5 * float(w.min()), draw.uniform(0.02, 0.4), draw.uniform(-0.7, 0.4),
         draw.uniform(float(k.min()), float(k.max())), draw.uniform(0.05, 0.4))
        for _ in range(7)
    ]  # fmt: skip
    found = []
    for start in starts:
        answer = least_squares(
            lambda five: root * (variance(k, five) - w),
            start,
            bounds=([-np.inf, 0.0, -1.0, -np.inf, 1e-5], [np.inf, np.inf, 1.0, np.inf, np.inf]),
            xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=4000,
        )  # fmt: skip
        found.append((float(np.sqrt(2.0 * answer.cost)), tuple(float(x) for x in answer.x)))
    rmse, five = min(found)
    return five, rmse


def main() -> None:
    draw = random.Random(SEED)
    header = "name,noise,a,b,rho,m,sigma,k,variance,weight"
    lines = [f"{header},fit_a,fit_b,fit_rho,fit_m,fit_sigma,rmse"]
    for name, truth, noise, n in slices(draw):
        low, high = -draw.uniform(0.3, 1.0), draw.uniform(0.2, 0.8)
        k = np.array([low + (high - low) * i / (n - 1) for i in range(n)])
        w = variance(k, truth) * np.array([(1.0 + draw.gauss(0.0, noise)) ** 2 for _ in k])
        weight = np.array([draw.uniform(0.2, 1.0) for _ in k])
        five, rmse = best_fit(k, w, weight, truth)
        columns = [" ".join(repr(float(x)) for x in column) for column in (k, w, weight)]
        numbers = [repr(x) for x in (*five, rmse)]
        lines.append(",".join([name, repr(noise), *map(repr, truth), *columns, *numbers]))
    Path(__file__).with_name("svi.csv").write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"{len(lines) - 1} slices")


if __name__ == "__main__":
    main()
