"""Moving-average crossover: long while the fast mean is above the slow one, else short."""

from __future__ import annotations

from engine.backtesting.kernel import Kernel
from engine.backtesting.parameters import real, whole
from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar
from engine.trading.windows import Total
from kernels_pure.rules import cross_target


class MaCrossover(Strategy):
    """Long while the mean of `fast` closes is above that of `slow` closes, `short` below.

    Source: Brock, Lakonishok and LeBaron 1992.
    """

    fast = whole(10, 2, 120)
    slow = whole(40, 5, 480)
    short = real(-1.0, -1.0, 0.0, 1.0)
    kernel = Kernel("ma_cross_targets", "close", "fast", "slow", "short")

    def start(self) -> None:
        first = max(self.fast, self.slow)
        self.part = 1.0 / len(self.symbols)
        self.quick = {symbol: Total(self.fast, first) for symbol in self.symbols}
        self.calm = {symbol: Total(self.slow, first) for symbol in self.symbols}

    def on_bar(self, bar: Bar) -> float:
        # Sums, each times the other's length, instead of means: no division, as the kernel has it.
        quick = self.quick[bar.symbol](bar.close) * self.slow
        calm = self.calm[bar.symbol](bar.close) * self.fast
        return cross_target(quick, calm, self.short) * self.part
