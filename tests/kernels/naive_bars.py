"""Bar rules and their backtest written out in exact fractions: slow, and each from its definition.

Nothing is carried from bar to bar but what a trader would carry: cash, units and the last target.
"""

from __future__ import annotations

from array import array
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import NamedTuple

Bars = dict[str, "array[float]"]
COLUMNS = ("open", "high", "low", "close")


def random_bars(draw: Random, n: int, step: float = 1.0) -> Bars:
    """Return bars on a grid of 1/64, on which sums of closes are exact."""
    bars: Bars = {name: array("d") for name in COLUMNS}
    last = 6400
    for _ in range(n):
        opened = max(64, last + round(draw.gauss(0.0, 20.0 * step)))
        last = max(64, opened + round(draw.gauss(0.0, 60.0 * step)))
        values = (opened, max(opened, last) + draw.randrange(9), min(opened, last) - 8, last)
        for name, value in zip(COLUMNS, values, strict=True):
            bars[name].append(value / 64.0)
    return bars


def column(n: int) -> array[float]:
    return array("d", bytes(8 * n))


class Ledger(NamedTuple):
    cash: list[Fraction]
    position: list[Fraction]
    equity: list[Fraction]
    orders: int
    gains: list[Fraction]


class Trader:
    """An account that is told what to hold, with its costs as fractions."""

    def __init__(self, account: array[float]) -> None:
        numbers = [Fraction(value) for value in account]
        self.cash, self.units, self.rate, self.each, self.flat_fee, self.slip, self.tick = numbers
        self.position = Fraction(0)
        self.orders = 0
        self.gains: list[Fraction] = []
        self.opened = self.cash

    def price(self, price: Fraction, side: int) -> Fraction:
        return max(Fraction(0), price * (1 + side * self.slip) + side * self.tick)

    def order(self, units: Fraction, price: Fraction) -> None:
        paid = self.price(price, 1 if units > 0 else -1)
        self.cash -= units * paid
        self.cash -= self.flat_fee + abs(units) * (self.each + self.rate * paid)
        self.position += units
        self.orders += 1

    def hold(self, target: Fraction, price: Fraction) -> None:
        was = self.position
        if was and (target == 0 or (target > 0) != (was > 0)):
            self.order(-was, price)
            self.gains.append(self.cash - self.opened)
        worth = self.cash + self.position * price
        if not self.position:
            self.opened = self.cash
        if target:
            wanted = target * (self.units or self.affordable(worth, price, target))
            if worth <= 0:
                wanted = Fraction(0)
            if wanted != self.position:
                self.order(wanted - self.position, price)

    def affordable(self, worth: Fraction, price: Fraction, target: Fraction) -> Fraction:
        paid = self.price(price, 1 if target > 0 else -1)
        return max(Fraction(0), worth - self.flat_fee) / (paid * (1 + self.rate) + self.each)


def backtest(bars: Bars, target: array[float], account: array[float]) -> Ledger:
    trader = Trader(account)
    found = Ledger([], [], [], 0, [])
    held = 0.0
    for i, (opened, close) in enumerate(zip(bars["open"], bars["close"], strict=True)):
        if i and target[i - 1] != held:
            held = target[i - 1]
            trader.hold(Fraction(held), Fraction(opened))
        found.cash.append(trader.cash)
        found.position.append(trader.position)
        found.equity.append(trader.cash + trader.position * Fraction(close))
    return found._replace(orders=trader.orders, gains=trader.gains)


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def variance(values: list[Fraction]) -> Fraction:
    middle = mean(values)
    return mean([(value - middle) ** 2 for value in values])


def ma_cross(bars: Bars, fast: int, slow: int, short: float) -> list[float]:
    close = [Fraction(value) for value in bars["close"]]
    targets = []
    for i in range(len(close)):
        target = 0.0
        if i + 1 >= max(fast, slow):
            quick, calm = mean(close[i + 1 - fast : i + 1]), mean(close[i + 1 - slow : i + 1])
            target = 1.0 if quick > calm else short if quick < calm else 0.0
        targets.append(target)
    return targets


def momentum(bars: Bars, lag: int, threshold: float, short: float) -> list[float]:
    close = bars["close"]
    targets = [0.0] * min(lag, len(close))
    for i in range(lag, len(close)):
        gain = Fraction(close[i]) / Fraction(close[i - lag]) - 1
        targets.append(1.0 if gain > threshold else short if gain < -threshold else 0.0)
    return targets


def reversion(bars: Bars, window: int, entry: float, leave: float, short: float) -> list[float]:
    close = [Fraction(value) for value in bars["close"]]
    targets = [0.0] * min(window - 1, len(close))
    target = 0.0
    for i in range(window - 1, len(close)):
        seen = close[i + 1 - window : i + 1]
        gap, spread = close[i] - mean(seen), variance(seen)
        if spread:
            if gap * gap > Fraction(entry) ** 2 * spread:
                target = 1.0 if gap < 0 else short
            elif gap * gap < Fraction(leave) ** 2 * spread:
                target = 0.0
        targets.append(target)
    return targets


def breakout(bars: Bars, window: int, short: float) -> list[float]:
    high, low, close = bars["high"], bars["low"], bars["close"]
    targets, target = [], 0.0
    for i in range(len(close)):
        if i >= window:
            if close[i] > max(high[i - window : i]):
                target = 1.0
            elif close[i] < min(low[i - window : i]):
                target = short
        targets.append(target)
    return targets


def volatility(bars: Bars, window: int, multiple: float, short: float) -> list[float]:
    close = [Fraction(value) for value in bars["close"]]
    moves = [b - a for a, b in pairwise(close)]
    targets, target = [], 0.0
    for i in range(len(close)):
        # The move into bar i is moves[i - 1]; `window` moves lie before it.
        if i > window:
            move, spread = moves[i - 1], variance(moves[i - 1 - window : i - 1])
            if spread and move * move > Fraction(multiple) ** 2 * spread:
                target = 1.0 if move > 0 else short
        targets.append(target)
    return targets
