"""Sums over a window, and the rolling mean, batch and one step at a time.

A window's sum is kept about a shift, ``sum(v - shift)``: what a new value brings less what the
oldest takes away is added to it. The shift is the mean of the window when the sum was last taken
afresh, so a large offset of the data costs no digits; it is taken afresh after every ``512 + 16
period`` values, which bounds what roundings add up to.

A nan makes every result nan whose window holds it, and no other. An infinite value makes them
infinite or nan.

A batch kernel and its one-step form keep the same state in a column of the caller, ``ROLLING_STATE
+ period`` floats, all 0.0 at first: a batch may be followed by steps or by another batch, and gives
the same bits as steps alone. ``out_*`` is as long as `x`. Cost: O(1) per value on average,
O(period) where sums are taken afresh.

Source: Chan, Golub and LeVeque 1983 (sums about a shift).
"""

from math import nan

from kernels_pure.columns import ROWS, Floats

ROLLING_STATE = 8
"""What a state holds before the window: next place, valid values in a row, values until the sums
are taken afresh, shift, sum, sum of squares, that sum when last taken afresh, one for the caller.
"""
AFRESH = 512
AFRESH_PER_PERIOD = 16


def window_sums(
    x: Floats, start: int, first: int, period: int, size: int
) -> tuple[float, float, float]:
    """Return the shift, the sum and the sum of squares about it of a window.

    The window is of `period` values, the oldest at ``x[start + first]``, in a ring of `size`
    places that begins at `start`. Two passes, O(period).

    >>> from array import array
    >>> window_sums(array("d", [9.0, 5.0, 7.0]), 0, 1, 3, 3)
    (7.0, 0.0, 8.0)
    """
    guess = x[start + first]
    total = 0.0
    j = first
    for _ in range(period):
        total += x[start + j] - guess
        j += 1
        if j == size:
            j = 0
    shift = guess + total / period
    total = 0.0
    squares = 0.0
    j = first
    for _ in range(period):
        d = x[start + j] - shift
        total += d
        squares += d * d
        j += 1
        if j == size:
            j = 0
    return shift, total, squares


def sma_step(value: float, period: int, work_state: Floats) -> float:
    """Return the mean of the last `period` values, the newest of them `value`; see `sma`.

    >>> from array import array
    >>> state = array("d", bytes(8 * (ROLLING_STATE + 2)))
    >>> [sma_step(value, 2, state) for value in (1.0, 2.0, 4.0)]
    [nan, 1.5, 3.0]
    """
    if not 1 <= period <= len(work_state) - ROLLING_STATE:
        return nan
    place = int(work_state[0])
    oldest = work_state[ROLLING_STATE + place]
    work_state[ROLLING_STATE + place] = value
    place += 1
    if place == period:
        place = 0
    work_state[0] = place
    if value != value:
        work_state[1] = 0.0
        return nan
    if work_state[1] < period:
        work_state[1] += 1.0
        work_state[2] = 0.0
        if work_state[1] < period:
            return nan
    if work_state[2] > 0.0:
        total = work_state[4] + (value - oldest)
        if total == total:
            work_state[2] -= 1.0
            work_state[4] = total
            return work_state[3] + total * (1.0 / period)
    shift, total, _ = window_sums(work_state, ROLLING_STATE, place, period, period)
    work_state[2] = AFRESH + AFRESH_PER_PERIOD * period
    work_state[3] = shift
    work_state[4] = total
    return shift + total * (1.0 / period)


def sma_run(
    x: Floats, period: int, start: int, stop: int, shift: float, total: float, out_sma: Floats
) -> tuple[int, float]:
    """Write means from `start`, in fours, until `stop` or a nan; return where, and the sum."""
    weight = 1.0 / period
    for i in range(start + 3, stop, 4):
        first = total + (x[(i - 3) & ROWS] - x[(i - 3 - period) & ROWS])
        second = first + (x[(i - 2) & ROWS] - x[(i - 2 - period) & ROWS])
        third = second + (x[(i - 1) & ROWS] - x[(i - 1 - period) & ROWS])
        fourth = third + (x[i & ROWS] - x[(i - period) & ROWS])
        if fourth != fourth:
            return i - 3, total
        total = fourth
        out_sma[(i - 3) & ROWS] = shift + first * weight
        out_sma[(i - 2) & ROWS] = shift + second * weight
        out_sma[(i - 1) & ROWS] = shift + third * weight
        out_sma[i & ROWS] = shift + fourth * weight
    return start + (stop - start) // 4 * 4, total


def sma(x: Floats, period: int, work_state: Floats, out_sma: Floats) -> None:
    """Write the simple moving average, which is the rolling mean: of the last `period` values each.

    The first result is that of index ``period - 1``, nan before it. nan everywhere unless
    ``1 <= period <= len(x)`` (on a fresh state). The error is at most
    ``eps * (|mean| + (600 + 17 period) * spread)``, `spread` the largest distance of a value from
    the shift since the sums were taken afresh.

    >>> from array import array
    >>> x, out = array("d", [1.0, 2.0, 4.0, 5.0]), array("d", bytes(32))
    >>> sma(x, 2, array("d", bytes(8 * (ROLLING_STATE + 2))), out)
    >>> list(out)
    [nan, 1.5, 3.0, 4.5]
    """
    n = len(x)
    if not 1 <= period <= len(work_state) - ROLLING_STATE:
        for i in range(n):
            out_sma[i] = nan
        return
    for i in range(min(n, period)):
        out_sma[i] = sma_step(x[i], period, work_state)
    if n <= period:
        return
    valid = int(work_state[1])
    left = int(work_state[2])
    shift = work_state[3]
    total = work_state[4]
    i = period
    while i < n:
        if valid == period and left > 0:
            before = i
            i, total = sma_run(x, period, i, min(n, i + left), shift, total, out_sma)
            left -= i - before
            if i == n:
                break
            new = total + (x[i] - x[i - period])
            if left > 0 and new == new:
                total = new
                out_sma[i] = shift + total * (1.0 / period)
                left -= 1
                i += 1
                continue
        if x[i] != x[i]:
            valid = 0
        elif valid < period:
            valid += 1
        if valid == period:
            shift, total, _ = window_sums(x, 0, i - period + 1, period, n)
            left = AFRESH + AFRESH_PER_PERIOD * period
            out_sma[i] = shift + total * (1.0 / period)
        else:
            out_sma[i] = nan
        i += 1
    keep_window(x, period, valid, left, shift, total, work_state)


def keep_window(
    x: Floats, period: int, valid: int, left: int, shift: float, total: float, work_state: Floats
) -> None:
    """Write the state after the last value of `x`, which has at least `period` values."""
    work_state[0] = 0.0
    work_state[1] = valid
    work_state[2] = left
    work_state[3] = shift
    work_state[4] = total
    first = len(x) - period
    for j in range(period):
        work_state[ROLLING_STATE + j] = x[first + j]
