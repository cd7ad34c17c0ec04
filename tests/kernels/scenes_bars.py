"""Scenes of bars, their backtest and its statistics."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from math import nan
from random import Random

from kernels_pure.score import N_SCORES
from tests.kernels.draws import Scene, between, choice, count, floats, zeros

N_BARS = 60
N_COMBINATIONS = 4
N_ROWS = 12

RANGES = {
    "mean": (90.0, 110.0), "squares": (0.0, 50.0), "new": (90.0, 110.0), "old": (90.0, 110.0),
    "share": (0.01, 0.5), "quick": (99.0, 101.0), "calm": (99.0, 101.0), "short": (-1.0, 0.0),
    "wanted": (-1.0, 1.0), "held": (-1.0, 1.0), "before": (-5.0, 5.0), "position": (-5.0, 5.0),
    "flat": (900.0, 1100.0), "opened": (900.0, 1100.0), "total": (-2.0, 2.0),
    "per_year": (12.0, 5e5), "begin": (1.0, 1e6), "end": (0.0, 1e6), "years": (0.01, 20.0),
    "growth": (-1.0, 3.0), "drawdown": (-0.1, 1.1), "gained": (0.0, 1e5), "lost": (-1e3, 1e5),
    "cash": (-100.0, 1e4), "units": (-50.0, 50.0), "side": (-1.0, 1.0), "target": (-1.5, 1.5),
    "threshold": (0.0, 0.02), "entry": (0.5, 2.0), "leave": (0.0, 0.5), "multiple": (0.5, 2.0),
    "after": (-5.0, 5.0), "flow": (-1e3, 1e3), "least": (-0.01, 0.01),
    "below": (-0.01, 2.0), "price": (20.0, 200.0), "rate": (-0.03, 0.08),
}  # fmt: skip
CHOICES: dict[str, tuple[int, ...]] = {
    "fast": (1, 2, 3, 5, 8, 13, 61, 0),
    "slow": (2, 4, 9, 21, 30, 60, 1, -2),
    "lag": (1, 2, 5, 20, 59, 60, 0, -1),
    "window": (2, 3, 4, 7, 11, 20, 31, 58, 59, 60, 61, 1, 0, -1),
    "start": tuple(range(6)),
    "stop": tuple(range(N_ROWS + 1)),
    "n": (0, 1, 2, 3, 10, 250, 100_000),
    "wins": (0, 1, 5, 40),
    "trips": (0, 40, 41, 90),
}


class Drawn(dict[str, float]):
    """Numbers by argument name, another one at each look: a scene is used more than once."""

    def taken(self) -> dict[str, float]:
        """Return one number for each name, to be kept."""
        return {name: self[name] for name in (*self.ranges, *self.choices)}

    def __init__(
        self,
        draw: Random,
        ranges: Mapping[str, tuple[float, float]],
        choices: Mapping[str, Sequence[float]],
    ) -> None:
        self.draw, self.ranges, self.choices = draw, ranges, choices

    def __contains__(self, name: object) -> bool:
        return name in self.ranges or name in self.choices

    def __getitem__(self, name: str) -> float:
        if name in self.choices:
            return choice(self.draw, self.choices[name])
        return between(self.draw, *self.ranges[name])


def numbers(draw: Random) -> Scene:
    """No columns: for kernels of numbers alone."""
    return Scene(Drawn(draw, RANGES, CHOICES), {})


def accounts(draw: Random) -> Scene:
    """Cash, units and costs, each cost also absent."""
    terms = (
        (1000.0, 1e5), (0.0, 5.0), (0.0, 0.001), (0.0, 0.005), (0.0, 1.0), (0.0, 0.0002),
        (0.0, 0.01),
    )  # fmt: skip
    column = array("d", [choice(draw, either) for either in terms])
    return Scene(Drawn(draw, RANGES, CHOICES), {"account": column})


def curve(draw: Random) -> Scene:
    """A short equity curve with its stamps."""
    step = choice(draw, (0.0, 0.002, 0.02))
    equity, time = array("d", [1000.0]), array("l", [0])
    for _ in range(N_ROWS - 1):
        equity.append(equity[-1] * (1.0 + between(draw, -1.0, 1.0) * step))
        time.append(time[-1] + count(draw, 1, 10**15))
    columns: dict[str, array[float] | array[int]] = {
        "equity": equity,
        "time": time,
        "values": floats(draw, N_ROWS, 90.0, 110.0),
        "out_drawdown": zeros("d", N_ROWS),
    }
    return Scene(Drawn(draw, RANGES, CHOICES), columns)


def bars(draw: Random) -> Scene:
    """Bars with some opens absent, targets and an account."""
    columns: dict[str, array[float] | array[int]] = {}
    for name in ("open", "high", "low", "close", "target"):
        columns[name] = array("d")
    price, target = between(draw, 50.0, 150.0), 0.0
    step = choice(draw, (0.0, 0.002, 0.02))
    for _ in range(N_BARS):
        opened = price * (1.0 + between(draw, -0.3, 0.3) * step)
        price = opened * (1.0 + between(draw, -1.0, 1.0) * step)
        if draw.random() < 0.3:
            target = choice(draw, (1.0, -1.0, 0.0, 0.5, nan))
        row = {
            "open": nan if draw.random() < 0.05 else opened, "high": max(opened, price) + step,
            "low": min(opened, price) - step, "close": price, "target": target,
        }  # fmt: skip
        for name, value in row.items():
            columns[name].append(value)
    columns.update(accounts(draw).columns)
    for name in ("fast", "slow"):
        columns[name] = array("l", [choice(draw, CHOICES[name]) for _ in range(N_COMBINATIONS)])
    for name in ("target", "cash", "position", "equity", "sharpe", "drawdown"):
        columns[f"out_{name}"] = zeros("d", N_BARS)
    columns["out_orders"] = zeros("l", N_COMBINATIONS)
    columns["work_high"], columns["work_low"] = zeros("d", N_BARS + 1), zeros("d", N_BARS + 1)
    return Scene(Drawn(draw, RANGES, CHOICES), columns)


def orders(draw: Random) -> Scene:
    """No columns: a bar with its open inside, and orders about it, some of them met by the open."""
    opened = between(draw, 95.0, 105.0)
    high, low = opened + between(draw, 0.0, 4.0), opened - between(draw, 0.0, 4.0)
    prices = {"open": opened, "high": high, "low": low, "close": between(draw, low, high)}
    for name in ("stop", "limit", "stop_loss", "take_profit", "entry", "price"):
        about = choice(draw, (opened, low, high, 0.0, between(draw, low - 1.0, high + 1.0)))
        prices[name] = about
    return Scene({**Drawn(draw, ORDER_RANGES, ORDER_CHOICES).taken(), **prices}, {})


ORDER_RANGES = {
    "units": (-50.0, 50.0), "equity": (-10.0, 1e4), "share": (0.0, 0.1),
}  # fmt: skip
ORDER_CHOICES: dict[str, tuple[float, ...]] = {
    "side": (1.0, -1.0), "is_through": (0, 1), "is_optimistic": (0, 1), "how": (1, 2),
    "lot": (0.0, 1.0, 0.1, 5.0), "tick": (0.0, 0.01, 0.25, 1.0),
}  # fmt: skip
FILLS = tuple(
    f"fills.{name}"
    for name in (
        "can_trade", "stop_fill", "limit_fill", "is_inside", "stop_limit_fill", "bracket_exit",
        "entry_bar_exit", "whole_lots", "whole_ticks", "units_at_risk",
    )
)  # fmt: skip


def scored(draw: Random) -> Scene:
    """Bars, and what equity positions need, also nothing."""
    scene = bars(draw)
    scene.columns["out_score"] = zeros("d", N_SCORES)
    needs = [choice(draw, (0.0, least)) for least in (0.5, 0.3, 1.0, 0.25)]
    scene.columns["floors"] = array("d", needs)
    return scene


SCALAR = (
    "bars.trip_ended", "equity.calmar", "equity.growth_rate", "equity.profit_factor",
    "equity.sharpe_of", "equity.sortino_of", "equity.win_rate", "rules.cross_target",
    "sweep.lasting_side", "windows.slide",
)  # fmt: skip
SCENES: dict[str, Callable[[Random], Scene]] = {
    **dict.fromkeys(("bars.backtest", "rules", "sweep"), bars),
    **dict.fromkeys(("score.flow_of", "score.trade_gain"), accounts),
    "score": scored,
    **dict.fromkeys(("equity", "windows"), curve),
    "bars": accounts,
    **dict.fromkeys(FILLS, orders),
    **dict.fromkeys(SCALAR, numbers),
}
