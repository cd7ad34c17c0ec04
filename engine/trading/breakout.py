"""Breakout: follow a close beyond the highest high or lowest low of the bars before."""

from __future__ import annotations

from math import nan

from engine.backtesting.kernel import Kernel
from engine.backtesting.parameters import real, whole
from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar
from engine.trading.lookback import Highest, Lowest


class Breakout(Strategy):
    """Long from a close above the high of the `window` bars before, `short` from one below.

    Source: Donchian's channel, without the bar itself.
    """

    window = whole(48, 5, 480)
    short = real(-1.0, -1.0, 0.0, 1.0)
    kernel = Kernel(
        "breakout_targets", "high", "low", "close", "window", "short", "work:window", "work:window"
    )

    def start(self) -> None:
        self.part = 1.0 / len(self.symbols)
        self.highest = {symbol: Highest(self.window) for symbol in self.symbols}
        self.lowest = {symbol: Lowest(self.window) for symbol in self.symbols}
        self.channel = dict.fromkeys(self.symbols, (nan, nan))
        self.side = dict.fromkeys(self.symbols, 0.0)

    def on_bar(self, bar: Bar) -> float:
        symbol = bar.symbol
        top, bottom = self.channel[symbol]
        self.channel[symbol] = self.highest[symbol](bar.high), self.lowest[symbol](bar.low)
        if bar.close > top:
            self.side[symbol] = 1.0
        elif bar.close < bottom:
            self.side[symbol] = self.short
        return self.side[symbol] * self.part
