"""What it would have been to buy at the first close and hold: the benchmark of a strategy."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from engine.backtesting.data import Data, Dividend, Split
from engine.market.bars import Bars


def held(data: Data, symbols: Sequence[str], time_ns: Sequence[int]) -> array[float]:
    """Return the growth of equal parts in `symbols`, bought at their first closes, at each stamp.

    It begins with 1. Without costs; splits change the shares, dividends stay in cash. Between bars
    the last close counts. O(stamps and bars of each symbol).

    Raises
    ------
    KeyError
        If there are no bars of a symbol.
    """
    total = array("d", bytes(8 * len(time_ns)))
    for symbol in symbols:
        actions = sorted(
            (one for one in data.actions if one.symbol == symbol), key=lambda one: one.time_ns
        )
        growth = _held(data.bars[symbol], actions, time_ns)
        for k, value in enumerate(growth):
            total[k] += value / len(symbols)
    return total


def _held(bars: Bars, actions: Sequence[Split | Dividend], time_ns: Sequence[int]) -> array[float]:
    found = array("d")
    first = bars.close[0] if len(bars) else 0.0
    if not first > 0.0:
        return array("d", [1.0]) * len(time_ns)
    shares, cash, row, done = 1.0 / first, 0.0, 0, 0
    while done < len(actions) and actions[done].time_ns < bars.time_ns[0]:
        done += 1
    for stamp in time_ns:
        while row + 1 < len(bars) and bars.time_ns[row + 1] <= stamp:
            row += 1
        # The close of a bar that ends later than an event is a price after it.
        while done < len(actions) and actions[done].time_ns < bars.time_ns[row]:
            one = actions[done]
            if isinstance(one, Split):
                shares *= one.ratio
            else:
                cash += shares * one.amount
            done += 1
        found.append(shares * bars.close[row] + cash)
    return found
