"""The demo exchange's prices before anything is planted: one martingale, every option valued on it.

With ``V(t)`` the present value of the dividends that go ex after t, up to the horizon, the
discounted share price plus what it has paid so far is a martingale when

    D(t) S(t) = V(t) + (S(0) - V(0)) exp(-q t) X(t),      X a martingale, X(0) = 1,

where q, what a short seller pays away (at most the borrow fee, or the yield of an index), only
takes from whoever is long. X lives on a lattice: a fixed grid, finer near 1, on which each step
moves up or down by the same number of nodes or stays, with the probabilities that keep the mean.
How often it moves depends on where it is, so there is a smile, and nothing else need hold: *any*
such lattice is a model, however coarse, and prices taken from one model cannot be arbitraged.

European options are worth their mean. American ones are worth the best of exercise and waiting at
every instant of the model at which either could win (the Snell envelope): after each step, for a
put after each ex-date, for a call before it. Sold at the envelope, an option earns its seller
nothing in the mean against a buyer who exercises best; bought at it, at most nothing. A bid below
and an ask above only take away. Discounting with a curve between the lending and the borrowing
one values receipts no lower and payments no higher than the scanner does. So no position of the
scanner's can have a worst case above 0.

All of it is ``+ - * /``, `exp` and comparisons in a fixed order: the same bits on every runtime.

Source: Carr and Madan 2005 (one model, no static arbitrage); SCANNER section 8 (ii).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class CashDividend:
    """A dividend in the model's time: years to its ex-date, present value of its payment."""

    ex: float
    value: float


@dataclass(frozen=True, slots=True)
class Dynamics:
    """How the price moves and what money costs.

    `taus` are the settlement times in years, rising; `vols` the volatility up to each of them
    from the one before; `skew` how much faster it moves per unit of log price down; `curve` how
    much faster per squared unit either way. `drain` is q above. `nodes` on each side of 1.
    """

    spot: float
    taus: tuple[float, ...]
    vols: tuple[float, ...]
    skew: float
    curve: float
    discount: Callable[[float], float]
    dividends: tuple[CashDividend, ...] = ()
    drain: float = 0.0
    nodes: int = 36
    first_steps: int = 6
    later_steps: int = 2


@dataclass(frozen=True, slots=True)
class _Step:
    """One move of X from the nodes ``low .. low + len(up) - 1``."""

    low: int
    jump: int
    pad_low: int
    pad_high: int
    up: list[float]
    stay: list[float]
    down: list[float]
    calls: tuple[tuple[list[float], float], ...]
    puts: tuple[tuple[list[float], float], ...]


class PriceModel:
    """Present values of calls and puts under one set of `Dynamics`. Expiries by index.

    Building is O(steps x nodes); a European price O(nodes), an American one O(steps x nodes).
    """

    def __init__(self, dynamics: Dynamics) -> None:
        self._dynamics = dynamics
        self._grid = _grid(dynamics)
        self._anchor = dynamics.spot
        for dividend in dynamics.dividends:
            self._anchor -= dividend.value
        if self._anchor <= 0.0:
            raise ValueError("the dividends are worth more than the share")
        self._steps: list[_Step] = []
        self._last_step: list[int] = []
        self._ends: list[tuple[int, list[float]]] = []
        self._build()

    def european(self, expiry: int, strike: float, right: str) -> float:
        """Return the mean of the discounted payoff."""
        low, probability = self._ends[expiry]
        level, discount = self._level(self._dynamics.taus[expiry], low, len(probability))
        fixed = strike * discount
        sign = 1.0 if right == "C" else -1.0
        mean = 0.0
        # Not sum(): from Python 3.12 on it adds floats more precisely than elsewhere.
        for p, x in zip(probability, level, strict=True):
            gain = sign * (x - fixed)
            if gain > 0.0:
                mean += p * gain
        return mean

    def american(self, expiry: int, strike: float, right: str) -> float:
        """Return the Snell envelope today of the discounted payoff."""
        low, probability = self._ends[expiry]
        level, discount = self._level(self._dynamics.taus[expiry], low, len(probability))
        fixed = strike * discount
        is_call = right == "C"
        if is_call:
            values = [x - fixed if x > fixed else 0.0 for x in level]
        else:
            values = [fixed - x if x < fixed else 0.0 for x in level]
        for k in range(self._last_step[expiry] - 1, -1, -1):
            step = self._steps[k]
            wide = [values[0]] * step.pad_low + values + [values[-1]] * step.pad_high
            up, stay, down, near, far = step.up, step.stay, step.down, step.jump, 2 * step.jump
            # By index, not by zip: PyPy runs this three times as fast, CPython no slower.
            values = [
                up[i] * wide[i + far] + stay[i] * wide[i + near] + down[i] * wide[i]
                for i in range(len(up))
            ]
            for level, discount in step.calls if is_call else step.puts:
                fixed = strike * discount
                now = [x - fixed for x in level] if is_call else [fixed - x for x in level]
                values = [now[i] if now[i] > values[i] else values[i] for i in range(len(now))]
        return values[0]

    def _level(
        self, t: float, low: int, count: int, *, cum: bool = False
    ) -> tuple[list[float], float]:
        """Return discounted share prices at t by node, and the discount; `cum` the ex-date at t."""
        dynamics = self._dynamics
        due = 0.0
        for dividend in dynamics.dividends:
            if dividend.ex > t or (cum and dividend.ex == t):
                due += dividend.value
        scale = self._anchor * math.exp(-dynamics.drain * t)
        level = [due + scale * x for x in self._grid[low : low + count]]
        return level, dynamics.discount(t)

    def _build(self) -> None:
        dynamics = self._dynamics
        centre = dynamics.nodes
        low, probability = centre, [1.0]
        start = 0.0
        for e, (end, vol) in enumerate(zip(dynamics.taus, dynamics.vols, strict=True)):
            count = dynamics.first_steps if e == 0 else dynamics.later_steps
            for k in range(count):
                begin = start + (end - start) * k / count
                finish = start + (end - start) * (k + 1) / count
                variance = vol * vol * (finish - begin)
                step = self._step(low, len(probability), variance, begin, finish)
                self._steps.append(step)
                low, probability = _spread(step, low, probability, len(self._grid))
            self._last_step.append(len(self._steps))
            self._ends.append((low, probability))
            start = end

    def _step(self, low: int, count: int, variance: float, begin: float, finish: float) -> _Step:
        dynamics, grid, centre = self._dynamics, self._grid, self._dynamics.nodes
        last = len(grid) - 1
        jump = 1
        while jump < centre and (grid[centre + jump] - 1.0) * (1.0 - grid[centre - jump]) < (
            1.25 * variance
        ):
            jump += 1
        up, stay, down = [], [], []
        for i in range(low, low + count):
            x, high, below = grid[i], grid[min(i + jump, last)], grid[max(i - jump, 0)]
            if i in (0, last):
                move = 0.0
                rise = 0.0
            else:
                distance = math.log(x)
                speed = 1.0 - dynamics.skew * distance + dynamics.curve * distance * distance
                local = variance * min(max(speed, 0.5), 3.0) * x * x
                move = min(1.0, local / ((high - x) * (x - below)))
                rise = move * (x - below) / (high - below)
            up.append(rise)
            stay.append(1.0 - move)
            down.append(move - rise)
        inside = sorted({d.ex for d in dynamics.dividends if begin < d.ex <= finish})
        puts = [self._level(t, low, count) for t in [begin, *inside]]
        calls = [self._level(t, low, count, cum=True) for t in inside]
        if dynamics.drain > 0.0:
            calls.append(self._level(begin, low, count))
        reach_low, reach_high = max(0, low - jump), min(last, low + count - 1 + jump)
        return _Step(
            low, jump, jump - (low - reach_low), jump - (reach_high - (low + count - 1)),
            up, stay, down, tuple(calls), tuple(puts),
        )  # fmt: skip


def _grid(dynamics: Dynamics) -> list[float]:
    """Return the nodes of X: ``exp(width sinh(c i / n) / sinh(c))``, so dense near 1."""
    n = dynamics.nodes
    total = 0.0
    start = 0.0
    for end, vol in zip(dynamics.taus, dynamics.vols, strict=True):
        total += vol * vol * (end - start)
        start = end
    width = 4.0 * math.sqrt(total)
    # The first expiry should see some three nodes in a standard deviation.
    nearest = dynamics.vols[0] * math.sqrt(dynamics.taus[0]) / 2.6
    bend = 0.1
    while bend < 6.0 and width * bend / (n * _sinh(bend)) > nearest:
        bend += 0.1
    half = [math.exp(width * _sinh(bend * i / n) / _sinh(bend)) for i in range(1, n + 1)]
    return [1.0 / x for x in reversed(half)] + [1.0] + half


def _sinh(x: float) -> float:
    return 0.5 * (math.exp(x) - math.exp(-x))


def _spread(
    step: _Step, low: int, probability: Sequence[float], n_nodes: int
) -> tuple[int, list[float]]:
    """Return the distribution after `step`: its lowest node and the probabilities from there."""
    last = n_nodes - 1
    first = max(0, low - step.jump)
    end = min(last, low + len(probability) - 1 + step.jump)
    out = [0.0] * (end - first + 1)
    for k, p in enumerate(probability):
        i = low + k
        out[min(i + step.jump, last) - first] += p * step.up[k]
        out[i - first] += p * step.stay[k]
        out[max(i - step.jump, 0) - first] += p * step.down[k]
    return first, out
