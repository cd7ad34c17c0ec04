"""Rules that know the future, each as somebody would write it by mistake. All must be caught.

The functions take the bars of one symbol (or all data) and return a target for each row, which is
held from the next open on. The classes run as any strategy.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Mapping
from math import fsum, nan
from pathlib import Path
from typing import Any

from engine.backtesting.data import Data, Split
from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar, Bars

Column = list[float]


def mean(values: Any) -> float:
    return fsum(values) / len(values)


def sign(value: float) -> float:
    return float((value > 0.0) - (value < 0.0))


def shift_by_minus_one(bars: Bars) -> Column:
    """`close.shift(-1) > close`: buy before it rises."""
    close = bars.close
    following = [*close[1:], nan]
    return [1.0 if after > now else 0.0 for now, after in zip(close, following, strict=True)]


def centred_window(bars: Bars) -> Column:
    """`close.rolling(21, center=True).mean()`: half of the window lies ahead."""
    close, n = bars.close, len(bars)
    smooth = [mean(close[max(0, row - 10) : min(n, row + 11)]) for row in range(n)]
    return [sign(smooth[row] - smooth[row - 1]) if row else 0.0 for row in range(n)]


def scaled_by_final_maximum(bars: Bars) -> Column:
    """`close / close.max()`: nobody knows the maximum before the end."""
    top = max(bars.close, default=1.0)
    return [price / top for price in bars.close]


def hourly_labelled_left(bars: Bars) -> Column:
    """Four bars resampled to one whose close is known from its first row on."""
    close, n = bars.close, len(bars)
    coarse = [close[min(row - row % 4 + 3, n - 1)] for row in range(n)]
    return [sign(coarse[row] - coarse[row - 4]) if row >= 4 else 0.0 for row in range(n)]


def filled_backwards(bars: Bars) -> Column:
    """`sma.bfill()`: in the warm-up stands the first mean, which comes later."""
    close = bars.close
    means = [mean(close[row - 19 : row + 1]) if row >= 19 else nan for row in range(len(close))]
    known = next((one for one in means if one == one), nan)
    filled = [one if one == one else known for one in means]
    return [sign(price - one) for price, one in zip(close, filled, strict=True)]


def scaler_fitted_on_all(bars: Bars) -> Column:
    """`StandardScaler().fit_transform(close)`: mean and deviation of the whole sample."""
    close = bars.close
    middle = mean(close)
    spread = mean([(price - middle) ** 2 for price in close]) ** 0.5 or 1.0
    return [-sign((price - middle) / spread) for price in close]


def stopped_early_on_test(bars: Bars) -> Column:
    """A model trained until the *test* part is best: the number of rounds knows the end."""
    close, n = bars.close, len(bars)
    moves = [close[row] - close[row - 1] if row else 0.0 for row in range(n)]
    split = n // 2
    weight, best, best_loss = 0.0, 0.0, float("inf")
    for _ in range(30):
        errors = [moves[row] - weight * moves[row - 1] for row in range(1, max(split, 2))]
        slope = fsum(error * moves[k] for k, error in enumerate(errors))
        weight += 0.02 * sign(slope)
        loss = fsum((moves[row] - weight * moves[row - 1]) ** 2 for row in range(split + 1, n))
        if loss < best_loss:
            best, best_loss = weight, loss
    return [best * move for move in moves]


def best_parameter_of_the_whole(bars: Bars) -> Column:
    """The length that earned most over all rows, used from the first row on."""
    close, n = bars.close, len(bars)

    def rule(length: int) -> Column:
        return [
            sign(close[row] - close[row - length]) if row >= length else 0.0 for row in range(n)
        ]

    def gain(targets: Column) -> float:
        return fsum(targets[row] * (close[row + 1] - close[row]) for row in range(n - 1))

    return max((rule(length) for length in (2, 5, 10, 20)), key=gain)


def adjusted_prices(data: Data) -> Mapping[str, Column]:
    """Prices divided by all later splits, then compared with a price in dollars."""
    found = {}
    for symbol, bars in data.bars.items():
        column = []
        for row in range(len(bars)):
            factor = 1.0
            for one in data.actions:
                if isinstance(one, Split) and one.symbol == symbol:
                    factor *= one.ratio if one.time_ns > bars.time_ns[row] else 1.0
            column.append(1.0 if bars.close[row] / factor > 100.0 else 0.0)
        found[symbol] = column
    return found


def back_adjusted_by_jumps(bars: Bars) -> Column:
    """The same without a list of splits: a price that halves overnight is taken for one."""
    close, n = bars.close, len(bars)
    factors = [1.0] * n
    for row in range(n - 2, -1, -1):
        ratio = close[row] / bars.open[row + 1]
        factors[row] = factors[row + 1] * (round(ratio) if ratio > 1.5 else 1.0)
    return [1.0 if close[row] / factors[row] > 90.0 else -1.0 for row in range(n)]


def filled_at_the_same_close(bars: Bars) -> Column:
    """In at the open of the very bar that is judged by its close."""
    targets = [0.0] * len(bars)
    for row in range(1, len(bars)):
        targets[row - 1] = 1.0 if bars.close[row] > bars.open[row] else 0.0
    return targets


def survivors_only(data: Data) -> Mapping[str, Column]:
    """Only symbols that still trade at the end: those that failed are left out."""
    last = max((bars.time_ns[-1] for bars in data.bars.values() if len(bars)), default=0)
    alive = {name for name, bars in data.bars.items() if len(bars) and bars.time_ns[-1] == last}
    return {
        name: [1.0 / len(alive) if name in alive else 0.0] * len(bars)
        for name, bars in data.bars.items()
    }


def universe_by_final_volume(data: Data) -> Mapping[str, Column]:
    """The most traded symbol of the whole time, held from the first day on."""
    total = {name: fsum(bars.volume) for name, bars in data.bars.items()}
    top = max(total, key=lambda name: total[name])
    return {name: [float(name == top)] * len(bars) for name, bars in data.bars.items()}


def day_by_another_zone(bars: Bars) -> Column:
    """Yesterday's close, with days cut by a clock five hours off: part of it is still to come."""
    day = 24 * 3_600 * 10**9
    local = [time // day for time in bars.time_ns]  # stamps in UTC
    closes = dict(zip(local, bars.close, strict=True))  # the last of each day
    shifted = [(time + 5 * 3_600 * 10**9) // day - 1 for time in bars.time_ns]  # read as New York
    return [
        sign(price - closes.get(one, price)) for price, one in zip(bars.close, shifted, strict=True)
    ]


def ranked_over_all_rows(bars: Bars) -> Column:
    """`volume.rank(pct=True)`: a rank among rows that are still to come."""
    ordered = sorted(bars.volume)
    return [ordered.index(one) / len(ordered) for one in bars.volume]


def symbols_lead_each_other(data: Data) -> Mapping[str, Column]:
    """One symbol follows the next bar of another: joined on the wrong row."""
    first = next(iter(data.bars))
    leader = data.bars[first].close
    n = len(leader)
    joined = [sign(leader[min(row + 1, n - 1)] - leader[row]) for row in range(n)]
    return {
        name: (joined[: len(bars)] + [0.0] * len(bars))[: len(bars)]
        for name, bars in data.bars.items()
    }


class RemembersTheLastRun(Strategy):
    """A list of the class: the second run knows the prices of the first."""

    seen: list[float] = []  # noqa: RUF012  (the mistake itself)

    def start(self) -> None:
        self.row = 0

    def on_bar(self, bar: Bar) -> float | None:
        row, self.row = self.row, self.row + 1
        if len(self.seen) <= row:
            self.seen.append(bar.close)
        if bar.symbol != self.symbols[0] or len(self.seen) <= row + 3:
            return None
        return sign(self.seen[row + 3] - bar.close)


class LooksIntoTheHost(Strategy):
    """Goes up the calls that led to it, to the data that the run was given."""

    def start(self) -> None:
        frame = sys._getframe()
        while frame.f_back is not None:
            frame = frame.f_back
            for one in frame.f_locals.values():
                if isinstance(one, Data):
                    self.data = one
                    return

    def on_bar(self, bar: Bar) -> float | None:
        if bar.symbol != self.symbols[0]:
            return None
        bars = self.data.bars[bar.symbol]
        row = bisect_right(bars.time_ns, bar.time_ns)
        return sign(bars.close[row] - bar.close) if row < len(bars) else 0.0


class ReadsTheUniverse(Strategy):
    """The members of the index as they are today, from a file."""

    path = Path("members.txt")

    def start(self) -> None:
        self.members = self.path.read_text(encoding="utf-8").split()

    def on_bar(self, bar: Bar) -> float:
        return 1.0 if bar.symbol in self.members else 0.0


BY_BARS: tuple[Callable[[Bars], Column], ...] = (
    shift_by_minus_one,
    centred_window,
    scaled_by_final_maximum,
    hourly_labelled_left,
    filled_backwards,
    scaler_fitted_on_all,
    stopped_early_on_test,
    best_parameter_of_the_whole,
    back_adjusted_by_jumps,
    filled_at_the_same_close,
    day_by_another_zone,
    ranked_over_all_rows,
)
BY_DATA: tuple[Callable[[Data], Mapping[str, Column]], ...] = (
    adjusted_prices,
    survivors_only,
    universe_by_final_volume,
    symbols_lead_each_other,
)
