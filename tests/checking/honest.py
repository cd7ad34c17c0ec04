"""Strategies and rules that know nothing of the future. None may be flagged."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import fsum, nan

from engine.backtesting.data import Data
from engine.backtesting.orders import DAY, Fill, Order
from engine.backtesting.parameters import whole
from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar, Bars
from engine.trading.indicators import Ema, Rsi

Column = list[float]


class Cross(Strategy):
    """Means of the first symbol's closes."""

    fast = whole(5, 2, 60)
    slow = whole(20, 5, 200)

    def start(self) -> None:
        self.closes: deque[float] = deque(maxlen=self.slow)

    def on_bar(self, bar: Bar) -> None:
        if bar.symbol != self.symbols[0]:
            return
        self.closes.append(bar.close)
        if len(self.closes) == self.slow:
            closes = list(self.closes)
            quick = fsum(closes[-self.fast :]) / self.fast
            self.target(1.0 if quick > fsum(closes) / self.slow else -1.0)


class BuyAndHold(Strategy):
    def start(self) -> None:
        self.is_in = False

    def on_bar(self, bar: Bar) -> None:
        if not self.is_in:
            self.is_in = True
            self.target(0.9)


class Calendar(Strategy):
    """Long in the first hours of a day by the bar's own stamp."""

    def on_bar(self, bar: Bar) -> float:
        hour = bar.time_ns // (3_600 * 10**9) % 24
        return 0.3 if hour < 6 else 0.0


class Brackets(Strategy):
    """Orders with a stop and a profit, one at a time, by what the account says."""

    def start(self) -> None:
        self.before = nan

    def on_bar(self, bar: Bar) -> None:
        if bar.symbol != self.symbols[0]:
            return
        if bar.close > self.before and self.position() == 0.0 and not self.orders():
            self.buy(10.0, sl=bar.close * 0.98, tp=bar.close * 1.03)
        self.before = bar.close


class TightBrackets(Strategy):
    """Brackets so near that bars leave open which was met first: the host runs it twice."""

    def on_bar(self, bar: Bar) -> None:
        if bar.symbol == self.symbols[0] and self.position() == 0.0 and not self.orders():
            self.buy(10.0, sl=bar.close * 0.996, tp=bar.close * 1.004)


class Limits(Strategy):
    """Limit orders for the day, cancelled after three bars, sized by equity."""

    def start(self) -> None:
        self.waiting: tuple[Order, int] | None = None
        self.row = 0

    def on_bar(self, bar: Bar) -> None:
        if bar.symbol != self.symbols[0]:
            return
        self.row += 1
        if self.waiting and self.row - self.waiting[1] >= 3:
            self.cancel(self.waiting[0])
            self.waiting = None
        if self.waiting is None and self.row % 7 == 0:
            units = float(int(0.1 * self.equity / bar.close))
            self.waiting = self.buy(units, limit=bar.close * 0.99, tif=DAY), self.row
        if self.position() > 50.0:
            self.close()


class AfterFills(Strategy):
    """Sells a stop below what it has paid, as soon as it knows."""

    def start(self) -> None:
        self.stop: Order | None = None
        self.row = 0

    def on_bar(self, bar: Bar) -> None:
        if bar.symbol != self.symbols[0]:
            return
        self.row += 1
        if self.row % 25 == 1:
            self.buy(5.0)

    def on_fill(self, fill: Fill) -> None:
        if fill.units > 0.0:
            self.sell(fill.units, stop=fill.price * 0.97)


class Chance(Strategy):
    """By chance, from the generator that the run has seeded."""

    def on_bar(self, bar: Bar) -> float:
        return 0.3 if self.rng.random() < 0.3 else nan


class Rotation(Strategy):
    """The symbol that has risen most over 20 bars; known when the last bar of an instant is."""

    def start(self) -> None:
        self.closes = {symbol: deque[float](maxlen=21) for symbol in self.symbols}

    def on_bar(self, bar: Bar) -> None:
        self.closes[bar.symbol].append(bar.close)
        if bar.symbol != self.symbols[-1]:
            return
        if all(len(closes) == 21 for closes in self.closes.values()):
            best = max(self.symbols, key=lambda one: self.closes[one][-1] / self.closes[one][0])
            for symbol in self.symbols:
                self.target(0.9 if symbol == best else 0.0, symbol)


class Relative(Strategy):
    def start(self) -> None:
        self.index = {symbol: Rsi(14) for symbol in self.symbols}

    def on_bar(self, bar: Bar) -> float:
        value = self.index[bar.symbol](bar.close)
        return 0.3 if value < 35.0 else -0.3 if value > 65.0 else nan


class Timed(Strategy):
    """Wakes itself, and holds by the times it is woken."""

    def start(self) -> None:
        self.side = 0.0

    def on_bar(self, bar: Bar) -> float | None:
        if self.side == 0.0:
            self.side = 0.5
            self.account.wake(bar.time_ns + 5 * 3_600 * 10**9)
        return self.side if bar.symbol == self.symbols[0] else None

    def on_timer(self, time_ns: int) -> None:
        self.side = -self.side
        self.account.wake(time_ns + 5 * 3_600 * 10**9)


class Sessions(Strategy):
    """In at the first bar of a trading day, out at the next."""

    def start(self) -> None:
        self.is_new = False

    def on_start_of_session(self, time_ns: int) -> None:
        self.is_new = True

    def on_bar(self, bar: Bar) -> float | None:
        if bar.symbol != self.symbols[0]:
            return None
        part, self.is_new = float(self.is_new), False
        return part


class Averaged(Strategy):
    """Exponential means, sized by a number that is not round."""

    def start(self) -> None:
        self.mean = Ema(10)

    def on_bar(self, bar: Bar) -> float | None:
        if bar.symbol != self.symbols[0]:
            return None
        mean = self.mean(bar.close)
        return max(-1.0, min(1.0, 20.0 * (bar.close / mean - 1.0))) if mean == mean else 0.0


def rolling_z(bars: Bars) -> Column:
    close = bars.close
    found = []
    for row in range(len(close)):
        window = close[max(0, row - 29) : row + 1]
        middle = fsum(window) / len(window)
        spread = (fsum((one - middle) ** 2 for one in window) / len(window)) ** 0.5
        found.append(-1.0 if close[row] > middle + spread else 1.0)
    return found


def expanding_z(bars: Bars) -> Column:
    """The scaler as it should be fitted: on what has been seen."""
    found, total, square = [], 0.0, 0.0
    for row, price in enumerate(bars.close):
        total, square = total + price, square + price * price
        middle = total / (row + 1)
        spread = max(square / (row + 1) - middle * middle, 0.0) ** 0.5
        found.append((price - middle) / (spread + 1.0))
    return found


def four_hours_labelled_right(bars: Bars) -> Column:
    """Resampled as it should be: a coarse bar is used once it has closed."""
    close, coarse, found = bars.close, nan, []
    for row, price in enumerate(close):
        if row % 4 == 3:
            coarse = price
        found.append(1.0 if price > coarse else 0.0)
    return found


def yesterday(bars: Bars) -> Column:
    """The last close of the day before, by the stamps' own days."""
    day_ns, found = 24 * 3_600 * 10**9, []
    last, before, day = nan, nan, -1
    for time, price in zip(bars.time_ns, bars.close, strict=True):
        if time // day_ns != day:
            day, before = time // day_ns, last
        found.append(1.0 if price > before else 0.0)
        last = price
    return found


def strongest(data: Data) -> Mapping[str, Column]:
    """The symbol with the highest close over its first, among those that have a bar now."""
    found: dict[str, Column] = {name: [] for name in data.bars}
    rows = dict.fromkeys(data.bars, -1)
    every = sorted({time for bars in data.bars.values() for time in bars.time_ns})
    for time in every:
        here = []
        for name, bars in data.bars.items():
            if rows[name] + 1 < len(bars) and bars.time_ns[rows[name] + 1] == time:
                rows[name] += 1
                here.append(name)
        best = max(here, key=lambda one: data.bars[one].close[rows[one]] / data.bars[one].close[0])
        for name in here:
            found[name].append(float(name == best))
    return found


CLASSES = (
    Cross,
    BuyAndHold,
    Calendar,
    Brackets,
    TightBrackets,
    Limits,
    AfterFills,
    Chance,
    Rotation,
    Relative,
    Timed,
    Sessions,
    Averaged,
)
BY_BARS = (rolling_z, expanding_z, four_hours_labelled_right, yesterday)
BY_DATA = (strongest,)
