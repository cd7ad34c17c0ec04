"""Mean reversion: buy what is far below its mean, sell what is far above, leave near it."""

from __future__ import annotations

from math import sqrt

from engine.backtesting.kernel import Kernel
from engine.backtesting.parameters import real, whole
from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar
from engine.trading.windows import Moments
from kernels_pure.rules import STILL


class MeanReversion(Strategy):
    """Long where the close is `entry` deviations below the mean of `window`, `short` above.

    The position is left within `leave` deviations of the mean.

    Source: Chan, Algorithmic Trading, 2013, chapter 3.
    """

    window = whole(48, 5, 480)
    entry = real(2.0, 0.5, 4.0, 0.25)
    leave = real(0.5, 0.0, 2.0, 0.25)
    short = real(-1.0, -1.0, 0.0, 1.0)
    kernel = Kernel("reversion_targets", "close", "window", "entry", "leave", "short")

    def start(self) -> None:
        self.part = 1.0 / len(self.symbols)
        self.moments = {symbol: Moments(self.window) for symbol in self.symbols}
        self.side = dict.fromkeys(self.symbols, 0.0)

    def on_bar(self, bar: Bar) -> float:
        mean, squares = self.moments[bar.symbol](bar.close)
        variance = squares * (1.0 / self.window)
        if variance > STILL * STILL * mean * mean:  # else nothing has moved
            gap, deviation = bar.close - mean, sqrt(variance)
            if gap < -self.entry * deviation:
                self.side[bar.symbol] = 1.0
            elif gap > self.entry * deviation:
                self.side[bar.symbol] = self.short
            elif abs(gap) < self.leave * deviation:
                self.side[bar.symbol] = 0.0
        return self.side[bar.symbol] * self.part
