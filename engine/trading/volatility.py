"""Volatility breakout: follow a move that is large beside those before it."""

from __future__ import annotations

from math import sqrt

from engine.backtesting.kernel import Kernel
from engine.backtesting.parameters import real, whole
from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar
from engine.trading.windows import MovesBefore
from kernels_pure.rules import STILL


class Volatility(Strategy):
    """Long from a move up of more than `multiple` deviations, `short` from one down.

    The deviation is that of the `window` moves before.

    Source: Williams 1999, with the deviation of moves in place of the range of a day.
    """

    window = whole(48, 5, 480)
    multiple = real(2.0, 0.5, 5.0, 0.25)
    short = real(-1.0, -1.0, 0.0, 1.0)
    kernel = Kernel("volatility_targets", "close", "window", "multiple", "short")

    def start(self) -> None:
        self.part = 1.0 / len(self.symbols)
        self.moves = {symbol: MovesBefore(self.window) for symbol in self.symbols}
        self.side = dict.fromkeys(self.symbols, 0.0)

    def on_bar(self, bar: Bar) -> float:
        move, variance = self.moves[bar.symbol](bar.close)
        if variance > STILL * STILL * bar.close * bar.close:  # else nothing has moved
            limit = self.multiple * sqrt(variance)
            if move > limit:
                self.side[bar.symbol] = 1.0
            elif move < -limit:
                self.side[bar.symbol] = self.short
        return self.side[bar.symbol] * self.part
