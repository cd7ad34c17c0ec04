"""Momentum: what has risen is held, what has fallen is sold short."""

from __future__ import annotations

from engine.backtesting.kernel import Kernel
from engine.backtesting.parameters import real, whole
from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar
from engine.trading.lookback import Past


class Momentum(Strategy):
    """Long after a rise of more than `threshold` over `lag` bars, `short` after such a fall.

    Source: Moskowitz, Ooi and Pedersen 2012, with a threshold.
    """

    lag = whole(24, 2, 240)
    threshold = real(0.01, 0.0, 0.2, 0.0025)
    short = real(-1.0, -1.0, 0.0, 1.0)
    kernel = Kernel("momentum_targets", "close", "lag", "threshold", "short")

    def start(self) -> None:
        self.part = 1.0 / len(self.symbols)
        self.past = {symbol: Past(self.lag) for symbol in self.symbols}

    def on_bar(self, bar: Bar) -> float:
        before = self.past[bar.symbol](bar.close)
        move, limit = bar.close - before, self.threshold * before
        if move > limit:
            return self.part
        return self.short * self.part if move < -limit else 0.0
