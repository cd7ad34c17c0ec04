"""Bars and tasks for tests of searches."""

from __future__ import annotations

from array import array
from pathlib import Path
from random import Random

from engine.backtesting.data import Data
from engine.backtesting.terms import Terms
from engine.market.bars import Bars
from engine.searching.space import space_of
from engine.searching.task import WHOLE, Span, Task
from engine.trading.loading import load_strategy

HOUR_NS = 3_600_000_000_000
START_NS = 1_700_000_000_000_000_000
TERMS = Terms(fee_rate=0.001, slippage_rate=0.0005)
# A strategy of a file: no kernel, an error of its own, and a print that must not reach the pipe.
FILE = """
from engine import errors
from engine.backtesting.parameters import choice, real, whole
from engine.backtesting.strategy import Strategy

class Steps(Strategy):
    every = whole(5, 2, 40)
    size = real(1.0, 0.1, 1.0)
    side = choice("long", "short")

    def start(self):
        self.count = 0
        print("started")
        if self.every == 13:
            raise RuntimeError("thirteen")

    def on_bar(self, bar):
        self.count += 1
        sign = 1.0 if self.side == "long" else -1.0
        return sign * self.size if self.count // self.every % 2 else 0.0
"""


def bars(seed: int, n: int = 300) -> Bars:
    draw, price = Random(seed), 100.0
    columns = [array("d") for _ in range(5)]
    for _ in range(n):
        opened = price * (1.0 + draw.gauss(0.0, 0.002))
        price = opened * (1.0 + draw.gauss(0.0, 0.01))
        row = (opened, max(opened, price) * 1.002, min(opened, price) * 0.998, price, 1000.0)
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    times = array("l", [START_NS + row * HOUR_NS for row in range(n)])
    return Bars(times, *columns)


def data(seed: int, n: int = 300) -> Data:
    return Data({f"S{seed}": bars(seed, n)}, HOUR_NS, "test", calendar="crypto")


def task(
    strategy: str = "ma_crossover",
    *,
    n_tests: int = 2,
    n: int = 300,
    terms: Terms = TERMS,
    spans: tuple[Span, ...] = (WHOLE,),
    fixed: dict[str, int | float | str] | None = None,
) -> Task:
    space = space_of(load_strategy(strategy), fixed)
    return Task(
        strategy=strategy,
        names=tuple(axis.name for axis in space.axes),
        fixed=dict(space.fixed),
        tests=tuple(data(seed, n) for seed in range(1, n_tests + 1)),
        terms=terms,
        per_year=8760.0,
        spans=spans,
    )


def strategy_file(folder: Path) -> str:
    path = folder / "steps.py"
    path.write_text(FILE)
    return f"{path}:Steps"
