"""Bar rules against their definitions in exact fractions, and that none sees the future."""

from __future__ import annotations

import math
from array import array
from random import Random

import pytest

from engine.backend import Backend
from tests.kernels import naive_bars
from tests.kernels.naive_bars import Bars, random_bars


def run(backend: Backend, rule: str, bars: Bars, numbers: tuple[float, ...]) -> array[float]:
    """Return the targets of a rule, its work columns filled with what must not be read."""
    close = bars["close"]
    out = array("d", [9.0] * len(close))
    kernel = getattr(backend.load("rules"), f"{rule}_targets")
    if rule == "breakout":
        work = [array("d", [1e9] * int(numbers[0])) for _ in range(2)]
        kernel(bars["high"], bars["low"], close, *numbers, *work, out)
    else:
        kernel(close, *numbers, out)
    return out


CASES = [
    ("ma_cross", (3, 8, -1.0)),
    ("ma_cross", (8, 3, 0.0)),
    ("ma_cross", (1, 1, -1.0)),
    ("ma_cross", (1, 60, -1.0)),
    ("momentum", (1, 0.0, -1.0)),
    ("momentum", (7, 0.01, 0.0)),
    ("reversion", (2, 0.5, 0.1, -1.0)),
    ("reversion", (10, 1.5, 0.25, 0.0)),
    ("breakout", (1, -1.0)),
    ("breakout", (6, 0.0)),
    ("breakout", (25, -1.0)),
    ("volatility", (2, 1.0, -1.0)),
    ("volatility", (15, 1.25, 0.0)),
]


@pytest.mark.parametrize(("rule", "numbers"), CASES)
def test_rule_follows_its_definition(
    backend: Backend, rule: str, numbers: tuple[float, ...]
) -> None:
    met = set()
    for seed in range(8):
        bars = random_bars(Random(seed), 150, step=0.5 if seed % 2 else 0.02)
        found = run(backend, rule, bars, numbers)
        assert list(found) == getattr(naive_bars, rule)(bars, *numbers)
        met |= set(found)
    assert met >= ({1.0, numbers[-1]} if numbers != (1, 1, -1.0) else {0.0})


@pytest.mark.parametrize(("rule", "numbers"), CASES)
def test_later_bars_change_no_earlier_target(
    backend: Backend, rule: str, numbers: tuple[float, ...]
) -> None:
    draw = Random(f"{rule}{numbers}")
    bars, others = random_bars(draw, 200), random_bars(draw, 200)
    for cut in (1, 61, 120, 199):
        mixed = {name: bars[name][:cut] + others[name][cut:] for name in bars}
        before = run(backend, rule, bars, numbers)[:cut]
        assert run(backend, rule, mixed, numbers)[:cut] == before


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize(
    ("rule", "numbers"),
    [*CASES, ("ma_cross", (0, 2, -1.0)), ("ma_cross", (2, -1, -1.0)), ("momentum", (0, 0.1, -1.0)),
     ("momentum", (-2, 0.1, -1.0)), ("reversion", (1, 1.0, 0.1, -1.0)), ("breakout", (0, -1.0)),
     ("reversion", (0, 1.0, 0.1, -1.0)), ("volatility", (1, 1.0, -1.0)), ("breakout", (-1, -1.0)),
     ("volatility", (-3, 1.0, -1.0))],
)  # fmt: skip
def test_windows_that_do_not_fit_hold_nothing(
    backend: Backend, rule: str, numbers: tuple[float, ...], n: int
) -> None:
    bars = random_bars(Random(n), n)
    found = run(backend, rule, bars, numbers)
    least = {"ma_cross": max(numbers[0], numbers[1]), "momentum": numbers[0] + 1}
    needed = least.get(rule, {"reversion": 0, "breakout": 1, "volatility": 2}.get(rule, 0))
    if rule not in least:
        needed += numbers[0]
    if n < needed or numbers[0] < 1 or (len(numbers) == 3 and numbers[1] < 0):
        assert list(found) == [0.0] * n
    assert all(target in (1.0, 0.0, numbers[-1]) for target in found)


@pytest.mark.parametrize(("rule", "numbers"), CASES)
def test_prices_that_stand_still_hold_nothing(
    backend: Backend, rule: str, numbers: tuple[float, ...]
) -> None:
    """Also after a move: what rounding leaves of it is no signal."""
    flat = {name: array("d", [0.1] * 300) for name in naive_bars.COLUMNS}
    assert set(run(backend, rule, flat, numbers)) == {0.0}
    draw = Random(5)
    for name in flat:
        flat[name] = array("d", [0.1 + draw.random() for _ in range(100)] + [0.1] * 300)
    found = run(backend, rule, flat, numbers)[200:]
    assert len(set(found)) == 1


def test_a_bar_without_a_high_or_low_is_left_out_of_the_channel(backend: Backend) -> None:
    bars = random_bars(Random(3), 120)
    full = run(backend, "breakout", bars, (10, -1.0))
    gaps = [row for row in range(120) if row % 7 < 4]
    found = []
    for high, low in ((math.nan, math.nan), (-math.inf, math.inf)):
        for row in gaps:
            bars["high"][row], bars["low"][row] = high, low
        found.append(run(backend, "breakout", bars, (10, -1.0)))
    assert found[0] == found[1] != full
