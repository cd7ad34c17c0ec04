"""Bar rules: what to hold after each close, as a column of targets.

A target is a signed exposure: 1 long, 0 flat, -1 short. Where a rule is bearish it writes `short`:
-1.0 to sell short, 0.0 to stay out. Row i uses the bars up to row i and nothing later; the backtest
fills it at the next bar's open. Before a rule has its window the target is 0, and a window outside
its domain makes all of them 0. Prices must be finite and positive. O(bars) each.

The source of each rule stands with it; the rules' details are our own.
"""

from math import inf, sqrt

from kernels_pure.columns import Floats
from kernels_pure.windows import slide, window_moments, window_sum

# Means within this factor of each other are equal: running sums of decimals round.
EQUAL = 1.0 + 1e-10
# A deviation below this share of the price is rounding, not movement.
STILL = 1e-8


def ma_cross_targets(close: Floats, fast: int, slow: int, short: float, out_target: Floats) -> None:
    """Write 1 where the mean of `fast` closes is above that of `slow` closes, `short` below.

    Equal means give 0. The means are running sums, compared without a division, and equal within
    1e-10 of themselves.

    Source: Brock, Lakonishok and LeBaron 1992.

    >>> from array import array
    >>> out = array("d", [0.0] * 5)
    >>> ma_cross_targets(array("d", [1.0, 2.0, 3.0, 2.0, 1.0]), 1, 2, -1.0, out)
    >>> list(out)
    [0.0, 1.0, 1.0, -1.0, -1.0]
    """
    n = len(close)
    start = max(fast, slow)
    for i in range(min(n, max(start - 1, 0))):
        out_target[i] = 0.0
    if fast < 1 or slow < 1 or start > n:
        for i in range(n):
            out_target[i] = 0.0
        return
    quick = window_sum(close, start - fast, start)
    calm = window_sum(close, start - slow, start)
    out_target[start - 1] = cross_target(quick * slow, calm * fast, short)
    for i in range(start, n):
        price = close[i]
        quick += price - close[i - fast]
        calm += price - close[i - slow]
        out_target[i] = cross_target(quick * slow, calm * fast, short)


def cross_target(quick: float, calm: float, short: float) -> float:
    """Return 1 where `quick` is above `calm` by more than rounding, `short` below, else 0.

    >>> cross_target(2.0, 1.0, -1.0), cross_target(1.0, 2.0, -1.0), cross_target(1.0, 1.0, -1.0)
    (1.0, -1.0, 0.0)
    """
    if quick > calm * EQUAL:
        return 1.0
    if calm > quick * EQUAL:
        return short
    return 0.0


def momentum_targets(
    close: Floats, lag: int, threshold: float, short: float, out_target: Floats
) -> None:
    """Write 1 where the return over `lag` bars exceeds `threshold`, `short` where below minus it.

    The return is close over the close `lag` bars earlier, less 1; between the thresholds it is 0.

    Source: Moskowitz, Ooi and Pedersen 2012, with a threshold.

    >>> from array import array
    >>> out = array("d", [0.0] * 4)
    >>> momentum_targets(array("d", [100.0, 110.0, 111.0, 100.0]), 1, 0.05, -1.0, out)
    >>> list(out)
    [0.0, 1.0, 0.0, -1.0]
    """
    n = len(close)
    usable = lag > 0
    for i in range(n):
        target = 0.0
        if usable and i >= lag:
            before = close[i - lag]
            move = close[i] - before
            limit = threshold * before
            if move > limit:
                target = 1.0
            elif move < -limit:
                target = short
        out_target[i] = target


def reversion_targets(
    close: Floats, window: int, entry: float, leave: float, short: float, out_target: Floats
) -> None:
    """Write 1 where the z-score of the close is below ``-entry``, `short` above `entry`.

    ``z = (close - mean) / deviation`` of the last `window` closes, this one with them, deviation of
    the population. The target stays until ``|z| < leave``, which makes it 0. A window without
    movement changes nothing.

    Source: Chan, Algorithmic Trading, 2013, chapter 3; Welford 1962 for the running deviation.

    >>> from array import array
    >>> out = array("d", [0.0] * 6)
    >>> close = array("d", [10.0, 10.0, 10.0, 7.0, 9.0, 12.0])
    >>> reversion_targets(close, 3, 1.0, 0.5, -1.0, out)  # z of -1.41, 0.27 and 1.30 at the end
    >>> list(out)
    [0.0, 0.0, 0.0, 1.0, 0.0, -1.0]
    """
    n = len(close)
    if window < 2 or window > n:
        for i in range(n):
            out_target[i] = 0.0
        return
    for i in range(window - 1):
        out_target[i] = 0.0
    share = 1.0 / window
    mean, squares = window_moments(close, 0, window)
    target = 0.0
    for i in range(window - 1, n):
        price = close[i]
        if i >= window:
            mean, squares = slide(mean, squares, price, close[i - window], share)
        variance = squares * share
        if variance > STILL * STILL * mean * mean:
            deviation = sqrt(variance)
            gap = price - mean
            if gap < -entry * deviation:
                target = 1.0
            elif gap > entry * deviation:
                target = short
            elif abs(gap) < leave * deviation:
                target = 0.0
        out_target[i] = target


def breakout_targets(
    high: Floats,
    low: Floats,
    close: Floats,
    window: int,
    short: float,
    work_high: Floats,
    work_low: Floats,
    out_target: Floats,
) -> None:
    """Write 1 from a close above the highest high of the `window` bars before, `short` below.

    Donchian's channel without the bar itself; the target stays until the other side breaks.
    `work_high` and `work_low` hold `window` rows each. Extremes are exact, in three comparisons a
    bar whatever the window: the bars lie in blocks, and a window is the end of one block and the
    start of the next.

    Source: van Herk 1992, Gil and Werman 1993 for the extremes.

    >>> from array import array
    >>> out, x = array("d", [0.0] * 5), array("d", [1.0, 2.0, 3.0, 2.0, 1.0])
    >>> breakout_targets(x, x, x, 2, -1.0, array("d", [0.0] * 2), array("d", [0.0] * 2), out)
    >>> list(out)
    [0.0, 0.0, 1.0, 1.0, -1.0]
    """
    n = len(close)
    target = 0.0
    top = -inf
    bottom = inf
    place = 0
    for i in range(n):
        if window > 0 and i >= window:
            # work_* hold the extremes from a row of the last block to its end.
            if close[i] > top and close[i] > work_high[place]:
                target = 1.0
            elif close[i] < bottom and close[i] < work_low[place]:
                target = short
        out_target[i] = target
        if high[i] > top:
            top = high[i]
        if low[i] < bottom:
            bottom = low[i]
        place += 1
        if window > 0 and place == window:
            top = -inf
            bottom = inf
            for back in range(window):
                if high[i - back] > top:
                    top = high[i - back]
                if low[i - back] < bottom:
                    bottom = low[i - back]
                work_high[window - 1 - back] = top
                work_low[window - 1 - back] = bottom
            top = -inf
            bottom = inf
            place = 0


def volatility_targets(
    close: Floats, window: int, multiple: float, short: float, out_target: Floats
) -> None:
    """Write 1 from a move up of more than `multiple` deviations, `short` from one down.

    A volatility breakout: the move is the change of the close from the bar before, the deviation
    (of the population) that of the `window` changes before it. The target stays until a move the
    other way.

    Source: Williams 1999, with the deviation of changes in place of the range of a day.

    >>> from array import array
    >>> out = array("d", [0.0] * 5)
    >>> close = array("d", [10.0, 11.0, 10.0, 12.0, 9.0])
    >>> volatility_targets(close, 2, 1.0, -1.0, out)  # moves of 2 and -3, deviations of 1 and 1.5
    >>> list(out)
    [0.0, 0.0, 0.0, 1.0, -1.0]
    """
    n = len(close)
    if window < 2 or window + 1 >= n:
        for i in range(n):
            out_target[i] = 0.0
        return
    share = 1.0 / window
    mean = (close[window] - close[0]) * share
    squares = 0.0
    for i in range(1, window + 1):
        gap = close[i] - close[i - 1] - mean
        squares += gap * gap
    for i in range(window + 1):
        out_target[i] = 0.0
    target = 0.0
    for i in range(window + 1, n):
        price = close[i]
        move = price - close[i - 1]
        variance = squares * share
        if variance > STILL * STILL * price * price:
            limit = multiple * sqrt(variance)
            if move > limit:
                target = 1.0
            elif move < -limit:
                target = short
        out_target[i] = target
        old = close[i - window] - close[i - window - 1]
        mean, squares = slide(mean, squares, move, old, share)
