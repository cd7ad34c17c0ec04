"""Wilder's indicators: RSI, true range and ATR, batch and one step at a time.

A batch kernel and its one-step form keep the same state in a column of the caller, all 0.0 at
first: a batch may be followed by steps or by another batch, and gives the same bits as steps alone.
``out_*`` is as long as the input. A change or a true range that is nan or infinite is a gap: the
result is nan, and after it the warm-up starts again, as at the start of the data. O(1) per value.

Source: Wilder 1978.
"""

from math import nan

from kernels_pure.columns import Floats

RSI_STATE = 4
"""Values seen, at most ``period + 1``; the last; the faded sums of rises, doubled, and changes."""
ATR_STATE = 4
"""True ranges seen, at most `period`; their sum, then average; the last close; is there one."""


def relative_strength(rises: float, changes: float) -> float:
    """Return 50 times the doubled sum of rises over that of changes; 0.0 where nothing changed.

    >>> relative_strength(2.0, 4.0), relative_strength(0.0, 0.0)
    (25.0, 0.0)
    """
    if changes > 0.0:
        return 50.0 * (rises / changes)
    return 0.0


def rsi_step(value: float, period: int, work_state: Floats) -> float:
    """Return the relative strength index after `value`; see `rsi`.

    >>> from array import array
    >>> state = array("d", bytes(8 * RSI_STATE))
    >>> [rsi_step(value, 2, state) for value in (1.0, 2.0, 1.0, 3.0)]
    [nan, nan, 50.0, 83.33333333333334]
    """
    if period < 1:
        return nan
    if value - value != 0.0:
        work_state[0] = 0.0
        return nan
    seen = work_state[0]
    change = value - work_state[1]
    work_state[1] = value
    if seen == 0.0:
        work_state[0] = 1.0
        work_state[2] = 0.0
        work_state[3] = 0.0
        return nan
    size = abs(change)
    keep = 1.0
    if seen > period:
        keep = (period - 1.0) / period
    work_state[2] = keep * work_state[2] + (change + size)
    work_state[3] = keep * work_state[3] + size
    if seen <= period:
        work_state[0] = seen + 1.0
        if seen < period:
            return nan
    strength = relative_strength(work_state[2], work_state[3])
    if strength != strength:
        work_state[0] = 0.0
    return strength


def rsi_run(x: Floats, period: int, start: int, work_state: Floats, out_rsi: Floats) -> int:
    """Write results from `start` until the end, a gap or nothing but equal values; return where."""
    keep = (period - 1.0) / period
    rises = work_state[2]
    changes = work_state[3]
    end = len(x)
    for i in range(start, len(x)):
        change = x[i] - x[i - 1]
        size = abs(change)
        new_rises = keep * rises + (change + size)
        new_changes = keep * changes + size
        # Two tests: a chained comparison takes Numba half as long again.
        if not new_changes > 0.0:
            end = i
            break
        share = new_rises / new_changes
        if share != share:
            end = i
            break
        rises = new_rises
        changes = new_changes
        out_rsi[i] = 50.0 * share
    work_state[1] = x[end - 1]
    work_state[2] = rises
    work_state[3] = changes
    return end


def rsi(x: Floats, period: int, work_state: Floats, out_rsi: Floats) -> None:
    """Write Wilder's relative strength index, 0 to 100.

    The averages of rises and of falls begin with the means of the first `period` changes, at index
    `period`; each later change enters with weight ``1 / period``. nan before that, and everywhere
    unless ``1 <= period < len(x)`` (on a fresh state). 0.0 where no value ever changed. As TA-Lib's
    RSI, which gives 0.0 also where both averages are below 1e-14. Values below 1e300.

    >>> from array import array
    >>> out = array("d", bytes(32))
    >>> rsi(array("d", [1.0, 2.0, 1.0, 3.0]), 2, array("d", bytes(8 * RSI_STATE)), out)
    >>> list(out)
    [nan, nan, 50.0, 83.33333333333334]
    """
    n = len(x)
    i = 0
    while i < n:
        if i > 0 and period >= 1 and work_state[0] > period:
            i = rsi_run(x, period, i, work_state, out_rsi)
            if i == n:
                break
        out_rsi[i] = rsi_step(x[i], period, work_state)
        i += 1


def true_range(high: float, low: float, close_before: float) -> float:
    """Return the span of high, low and the close before.

    ``high - low`` plus what the close lies above the high or below the low, without a branch.

    >>> true_range(12.0, 11.0, 9.0)
    3.0
    """
    above = close_before - high
    below = low - close_before
    return high - low + 0.5 * ((above + abs(above)) + (below + abs(below)))


def atr_step(high: float, low: float, close: float, period: int, work_state: Floats) -> float:
    """Return the average true range after a bar; see `atr`.

    >>> from array import array
    >>> state = array("d", bytes(8 * ATR_STATE))
    >>> bars = ((2.0, 1.0, 2.0), (4.0, 2.0, 3.0), (6.0, 4.0, 4.0))
    >>> [atr_step(high, low, close, 2, state) for high, low, close in bars]
    [nan, nan, 2.5]
    """
    if period < 1:
        return nan
    span = nan
    if work_state[3] > 0.0:
        span = true_range(high, low, work_state[2])
    work_state[2] = close
    work_state[3] = 1.0
    seen = work_state[0]
    if seen == 0.0:
        work_state[1] = 0.0
    if seen < period:
        average = work_state[1] + span
        seen += 1.0
        if seen == period:
            average /= period
    else:
        average = (period - 1.0) / period * work_state[1] + 1.0 / period * span
    if average - average != 0.0:
        work_state[0] = 0.0
        return nan
    work_state[0] = seen
    work_state[1] = average
    if seen < period:
        return nan
    return average


def atr_run(
    high: Floats,
    low: Floats,
    close: Floats,
    period: int,
    start: int,
    work_state: Floats,
    out_atr: Floats,
) -> int:
    """Write results from `start` until the end or a gap; return where it ended."""
    keep = (period - 1.0) / period
    weight = 1.0 / period
    average = work_state[1]
    end = len(close)
    before = close[start - 1]
    for i in range(start, len(close)):
        new = keep * average + weight * true_range(high[i], low[i], before)
        if new - new != 0.0:
            end = i
            break
        average = new
        before = close[i]
        out_atr[i] = new
    work_state[1] = average
    work_state[2] = close[end - 1]
    return end


def atr(
    high: Floats, low: Floats, close: Floats, period: int, work_state: Floats, out_atr: Floats
) -> None:
    """Write the average true range, in the unit of the prices.

    The first bar has no true range. The average begins with the mean of the first `period` of
    them, at index `period`; each later one enters with weight ``1 / period``. nan before that, and
    everywhere unless ``1 <= period < len(close)`` (on a fresh state). As TA-Lib's ATR.

    >>> from array import array
    >>> high, low = array("d", [2.0, 4.0, 6.0, 8.5]), array("d", [1.0, 2.0, 4.0, 4.0])
    >>> out, state = array("d", bytes(32)), array("d", bytes(8 * ATR_STATE))
    >>> atr(high, low, array("d", [2.0, 3.0, 4.0, 8.0]), 2, state, out)  # ranges of 2, 3 and 4.5
    >>> list(out)
    [nan, nan, 2.5, 3.5]
    """
    n = len(close)
    i = 0
    while i < n:
        if i > 0 and period >= 1 and work_state[0] == period:
            i = atr_run(high, low, close, period, i, work_state, out_atr)
            if i == n:
                break
        out_atr[i] = atr_step(high[i], low[i], close[i], period, work_state)
        i += 1
