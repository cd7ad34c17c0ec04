"""What packages bring at settlement against optionlab's payoffs.

optionlab 0.1.7, the last that says nothing of which NumPy it takes, asks SciPy for a number that
newer ones do not have.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

scipy = pytest.importorskip("scipy", reason="the leg `anchors` installs scipy")
pytest.importorskip("matplotlib", reason="the leg `anchors` installs matplotlib")
pytest.importorskip("numpy", reason="the leg `anchors` installs numpy")
if not hasattr(scipy, "pi"):
    scipy.pi = math.pi
support = pytest.importorskip(
    "optionlab.support", reason="the leg `anchors` installs optionlab", exc_type=ImportError
)

import numpy as np  # noqa: E402

from engine.backtesting.options.run import run  # noqa: E402
from engine.backtesting.options.terms import NEVER, NO_MARGIN, Terms  # noqa: E402
from engine.market.contract import STOCK, Contract  # noqa: E402
from engine.market.fees import FREE  # noqa: E402
from tests.options.markets import (  # noqa: E402
    MONDAY,
    Script,
    at,
    chain_at,
    combo,
    later,
    option,
    quote,
    recording,
    stock,
)

FRIDAY = later(18)
FIRST = chain_at(at(MONDAY), 100.0, [FRIDAY])
LEVELS = (0.5, 71.25, 85.0, 94.99, 95.0, 99.0, 100.0, 101.37, 105.0, 110.0, 140.0)


def c(strike: float) -> Contract:
    return option(FRIDAY, "C", strike)


def p(strike: float) -> Contract:
    return option(FRIDAY, "P", strike)


PACKAGES = {
    "call": [(1, c(100.0))],
    "short put": [(-2, p(95.0))],
    "vertical": [(1, c(95.0)), (-1, c(105.0))],
    "condor": [(1, p(90.0)), (-1, p(95.0)), (-1, c(105.0)), (1, c(110.0))],
    "butterfly": [(1, c(95.0)), (-2, c(100.0)), (1, c(105.0))],
    "covered call": [(1, stock()), (-1, c(105.0))],
    "collar": [(1, stock()), (1, p(95.0)), (-1, c(105.0))],
    "ratio": [(1, c(95.0)), (-3, c(105.0)), (2, p(90.0))],
}


def payoff(legs: list[tuple[int, Contract]], level: float) -> float:
    """Return the profit of one package at `level` by optionlab's profiles."""
    prices: Any = np.array([level])
    total = 0.0
    for ratio, leg in legs:
        bid, ask = quote(FIRST, leg)
        action, price = ("buy", ask) if ratio > 0 else ("sell", bid)
        n = 100 * abs(ratio)
        if leg.kind == STOCK:
            profile, _ = support.getPLprofilestock(price, action, n, prices)
        else:
            kind = "call" if leg.right == "C" else "put"
            profile, _ = support.getPLprofile(kind, action, leg.strike, price, n, prices)
        total += float(profile[0])
    return total


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_held_to_settlement_earns_the_payoff(name: str) -> None:
    terms = Terms(fees=FREE, margin=NO_MARGIN, assignment=NEVER, holds=True, exercise_at=0.0)
    for level in LEVELS:
        last = chain_at(at(FRIDAY, 0.0), level, [FRIDAY], spot_half=0.0)
        wanted = combo(*PACKAGES[name])
        there = recording([FIRST, last])
        (one,) = run(lambda w=wanted: Script({0: [(w, 1)]}), there, terms).packages  # type: ignore[misc]
        assert one.closed_ns
        assert one.gain == pytest.approx(payoff(PACKAGES[name], level), abs=1e-7)
