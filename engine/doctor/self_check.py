"""A few known values for the kernels at hand: enough to catch a broken compiler or library.

The references were computed with 40 digits (mpmath) by ``tests/oracles/generate_pricing.py`` and
are written with 20. The full tables are the test-suite's.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import TypeAlias

from engine.backend import Backend

EPS = 2.0**-52

# x, N(x)
NORMAL = (
    (-6.0, 9.865876450376981407e-10),
    (-2.5, 0.006209665325776135167),
    (-0.75, 0.22662735237686819933),
    (1.25, 0.89435022633314474231),
)
# spot, strike, tau, rate, div, vol, right; price, delta, gamma, vega, theta, rho
Contract: TypeAlias = tuple[float, float, float, float, float, float]
OPTIONS: tuple[tuple[Contract, int, tuple[float, ...]], ...] = (
    ((100.0, 100.0, 1.0, 0.05, 0.0, 0.2), 1,
     (10.450583572185567346, 0.63683065117561907331, 0.018762017345846892841,
      37.524034691693787765, -6.4140275464381961317, 53.232481545376339985)),
    ((100.0, 90.0, 0.25, 0.03, 0.02, 0.35), -1,
     (2.7039960353116459741, -0.23956358531357931733, 0.01770622738057620555,
      15.492948958004178873, -10.524380804229995866, -6.6650886416673944269)),
    ((250.0, 260.0, 0.125, -0.01, 0.0, 0.5), 1,
     (13.276624130721329953, 0.44411328681992690532, 0.0089383126335607787687,
      34.915283724846792065, -68.853050473950980147, 12.218962196782549547)),
    ((50.0, 80.0, 2.0, 0.0, 0.0, 0.75), 1,
     (13.524200685430557595, 0.53474627968867244324, 0.0074939778385560082878,
      28.102416894585031079, -5.2692031677346933273, 26.426226598006129135)),
    ((100.0, 101.0, 0.0009765625, 0.05, 0.0, 0.4), -1,
     (1.1481798989617634634, -0.7840282380925201595, 0.23436440596671674341,
      0.91548596080748732978, -183.51397458796272636, -0.077686527058802518958)),
    ((100.0, 60.0, 0.5, 0.04, 0.01, 0.25), -1,
     (0.0056339180050061090675, -0.0010905236218102574769, 0.00020614284329573259255,
      0.25767855411966574069, -0.060922710944285418307, -0.057343140093015928381)),
)  # fmt: skip
NAMES = ("price", "delta", "gamma", "vega", "theta", "rho")
# Of Greeks, relative: what the rounding of d1 leaves of them at short expiries.
GREEK_TOLERANCE = 1e-12
# Asks of one expiry; the third lies above the chord of its neighbours.
HULL_STRIKES = (90.0, 95.0, 100.0, 110.0)
HULL_ASKS = (12.0, 8.0, 6.0, 1.0)
HULL = (12.0, 8.0, 17.0 / 3.0, 1.0)


def size() -> int:
    """Return how many values are compared."""
    return len(NORMAL) + len(OPTIONS) * (len(NAMES) + 1) + len(HULL)


def failures(backend: Backend) -> list[str]:
    """Return a line for each value that is not what it must be."""
    return [*_normal(backend), *_options(backend), *_hull(backend)]


def _normal(backend: Backend) -> Iterator[str]:
    for x, expected in NORMAL:
        found = backend.normal.norm_cdf(x)
        if not abs(found - expected) <= (4.0 + x * x) * EPS * expected:
            yield f"norm_cdf({x}) = {found!r}, not {expected!r}"


def _options(backend: Backend) -> Iterator[str]:
    for contract, right, expected in OPTIONS:
        spot, strike, tau, rate, div, vol = contract
        found = (
            backend.pricing.bs_price(*contract, right),
            *backend.pricing.bs_greeks(*contract, right),
        )
        tolerances = [GREEK_TOLERANCE * abs(greek) for greek in expected]
        tolerances[0] = 2.0 * EPS * (spot + strike)
        for name, value, reference, tolerance in zip(
            NAMES, found, expected, tolerances, strict=True
        ):
            if not abs(value - reference) <= tolerance:
                yield f"{name}{(*contract, right)} = {value!r}, not {reference!r}"
        implied, _ = backend.implied.implied_vol(expected[0], spot, strike, tau, rate, div, right)
        if not abs(implied - vol) <= 4.0 * EPS * (spot / expected[3] + vol):
            yield f"implied_vol of {(*contract, right)} = {implied!r}, not {vol!r}"


def _hull(backend: Backend) -> Iterator[str]:
    n = len(HULL_STRIKES)
    found = array("d", bytes(8 * n))
    backend.hull.lower_hull(
        array("d", HULL_STRIKES), array("d", HULL_ASKS), 0, 0, n, found, array("l", bytes(8 * n))
    )
    for strike, value, reference in zip(HULL_STRIKES, found, HULL, strict=True):
        if not abs(value - reference) <= 1e-14 * reference:
            yield f"lower hull at {strike} = {value!r}, not {reference!r}"
