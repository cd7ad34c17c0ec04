"""A strategy that does by chance whatever a strategy can do, and a market for it."""

from __future__ import annotations

from array import array
from random import Random
from typing import Any

from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar, Bars
from tests.backtesting.scripted import HOUR


def drawn(seed: int, n: int, skip: float = 0.0) -> Bars:
    """Return a walk of `n` bars, of which the share `skip` is absent."""
    draw, price = Random(seed), 100.0
    columns: list[Any] = [array("l"), *(array("d") for _ in range(5))]
    for row in range(n):
        path = [price]
        for _ in range(4):
            path.append(path[-1] * (1.0 + draw.gauss(0.0, 0.01)))
        price = path[-1]
        if draw.random() >= skip:
            values = (row * HOUR, path[0], max(path), min(path), price, 100.0 * draw.random())
            for column, value in zip(columns, values, strict=True):
                column.append(value)
    return Bars(*columns)


class Mixed(Strategy):
    """Sends all kinds of orders, by chance, and looks at the whole account before it does."""

    def on_bar(self, bar: Bar) -> None:
        draw, symbol, close = self.rng.random, bar.symbol, bar.close
        part = int(20.0 * draw())
        if part == 0:
            self.target(0.4 * (draw() - 0.5), symbol)
        elif part == 1 and self.equity > 0.0:
            units = 0.1 * self.equity / close
            send = self.buy if draw() < 0.5 else self.sell
            side = 1.0 if send == self.buy else -1.0
            send(
                units, sl=close * (1.0 - side * 0.01), tp=close * (1.0 + side * 0.01), symbol=symbol
            )
        elif part == 2:
            self.buy(1.0, limit=close * 0.99, tif="day", symbol=symbol)
        elif part == 3:
            self.sell(1.0, stop=close * 0.99, limit=close * 0.985, symbol=symbol)
        elif part == 4:
            self.close(symbol)
        elif part == 5:
            for order in self.orders(symbol)[:1]:
                self.cancel(order)


MARKET = {
    "AAA": drawn(1, 300), "BBB": drawn(2, 300, 0.2), "CCC": drawn(3, 250), "DDD": drawn(4, 300, 0.5)
}  # fmt: skip
