"""Exponential moving averages: EMA and MACD, batch and one step at a time.

A batch kernel and its one-step form keep the same state in a column of the caller, all 0.0 at
first: a batch may be followed by steps or by another batch, and gives the same bits as steps alone.
``out_*`` is as long as `x`. A value that is nan or infinite is a gap: its result is nan, and after
it the warm-up starts again, as at the start of the data. O(1) per value.
"""

from math import nan

from kernels_pure.columns import Floats

EMA_STATE = 4
"""Values seen, at most `period`; their sum, then the average; one value more; is there one."""
MACD_STATE = 4
"""Values seen, at most all of the warm-up; the sums, then averages: fast, slow and signal."""


def ema_step(value: float, period: int, work_state: Floats) -> float:
    """Return the exponential moving average after `value`; see `ema`.

    >>> from array import array
    >>> state = array("d", bytes(8 * EMA_STATE))
    >>> [ema_step(value, 3, state) for value in (1.0, 2.0, 3.0, 6.0, 8.0)]
    [nan, nan, 2.0, 4.0, 6.0]
    """
    if period < 1:
        return nan
    if value - value != 0.0:
        work_state[0] = 0.0
        return nan
    a = 2.0 / (period + 1.0)
    b = 1.0 - a
    seen = work_state[0]
    average = work_state[1]
    if seen < period:
        if seen == 0.0:
            average = 0.0
        average += value
        seen += 1.0
        work_state[0] = seen
        work_state[3] = 0.0
        if seen < period:
            work_state[1] = average
            return nan
        average /= period
        work_state[1] = average
        return average
    if work_state[3] == 0.0:
        work_state[2] = value
        work_state[3] = 1.0
        return b * average + a * value
    average = b * b * average + (a * b * work_state[2] + a * value)
    work_state[1] = average
    work_state[3] = 0.0
    if average - average != 0.0:
        work_state[0] = 0.0
        return nan
    return average


def ema_run(
    x: Floats, period: int, start: int, average: float, out_ema: Floats
) -> tuple[int, float]:
    """Write averages from `start`, in pairs, until the end or a gap; return where, and the last."""
    a = 2.0 / (period + 1.0)
    b = 1.0 - a
    bb = b * b
    ab = a * b
    for i in range(start + 1, len(x), 2):
        u = x[i - 1]
        v = x[i]
        new = bb * average + (ab * u + a * v)
        if new - new != 0.0:
            return i - 1, average
        out_ema[i - 1] = b * average + a * u
        out_ema[i] = new
        average = new
    return start + (len(x) - start) // 2 * 2, average


def ema(x: Floats, period: int, work_state: Floats, out_ema: Floats) -> None:
    """Write the exponential moving average, of weight ``a = 2 / (period + 1)``.

    The first average is the mean of the first `period` values, at index ``period - 1``; nan before
    it, and everywhere unless ``1 <= period <= len(x)`` (on a fresh state). As TA-Lib's EMA.

    Values are taken in pairs, ``b*b*average + (a*b*u + a*v)`` with ``b = 1 - a``: half the chain of
    dependent operations. The roundings of the past fade with the values; the error is below
    ``3 eps / a`` of the largest value.

    >>> from array import array
    >>> out = array("d", bytes(40))
    >>> ema(array("d", [1.0, 2.0, 3.0, 6.0, 8.0]), 3, array("d", bytes(8 * EMA_STATE)), out)
    >>> list(out)
    [nan, nan, 2.0, 4.0, 6.0]
    """
    n = len(x)
    i = 0
    while i < n:
        if period >= 1 and work_state[0] == period and work_state[3] == 0.0:
            i, average = ema_run(x, period, i, work_state[1], out_ema)
            work_state[1] = average
            if i == n:
                break
        out_ema[i] = ema_step(x[i], period, work_state)
        i += 1


def macd_step(
    value: float, fast: int, slow: int, signal: int, work_state: Floats
) -> tuple[float, float, float]:
    """Return the MACD, its signal and their difference after `value`; see `macd`.

    >>> from array import array
    >>> state = array("d", bytes(8 * MACD_STATE))
    >>> [macd_step(value, 1, 2, 2, state) for value in (1.0, 3.0, 6.0)][2]
    (1.333333333333333, 1.1666666666666665, 0.16666666666666652)
    """
    if slow < fast:
        fast, slow = slow, fast
    if fast < 1 or signal < 1:
        return nan, nan, nan
    if value - value != 0.0:
        work_state[0] = 0.0
        return nan, nan, nan
    seen = work_state[0]
    if seen == 0.0:
        work_state[1] = 0.0
        work_state[2] = 0.0
        work_state[3] = 0.0
    warm = slow + signal - 1
    seen += 1.0
    work_state[0] = min(seen, float(warm))
    if seen <= slow:
        work_state[2] += value
        if seen > slow - fast:
            work_state[1] += value
        if seen < slow:
            return nan, nan, nan
        work_state[1] /= fast
        work_state[2] /= slow
    else:
        a = 2.0 / (fast + 1.0)
        work_state[1] = (1.0 - a) * work_state[1] + a * value
        a = 2.0 / (slow + 1.0)
        work_state[2] = (1.0 - a) * work_state[2] + a * value
    line = work_state[1] - work_state[2]
    if seen > warm:
        a = 2.0 / (signal + 1.0)
        work_state[3] = (1.0 - a) * work_state[3] + a * line
    else:
        work_state[3] += line
        if seen < warm:
            return nan, nan, nan
        work_state[3] /= signal
    average = work_state[3]
    if average - average != 0.0:
        work_state[0] = 0.0
        return nan, nan, nan
    return line, average, line - average


def macd_run(
    x: Floats,
    fast: int,
    slow: int,
    signal: int,
    start: int,
    work_state: Floats,
    out_macd: Floats,
    out_signal: Floats,
    out_difference: Floats,
) -> int:
    """Write results from `start` until the end or a gap; return where it ended."""
    a1 = 2.0 / (fast + 1.0)
    a2 = 2.0 / (slow + 1.0)
    a3 = 2.0 / (signal + 1.0)
    b1 = 1.0 - a1
    b2 = 1.0 - a2
    b3 = 1.0 - a3
    quick = work_state[1]
    late = work_state[2]
    average = work_state[3]
    end = len(x)
    for i in range(start, len(x)):
        v = x[i]
        new_quick = b1 * quick + a1 * v
        new_late = b2 * late + a2 * v
        line = new_quick - new_late
        new = b3 * average + a3 * line
        if new - new != 0.0:
            end = i
            break
        quick = new_quick
        late = new_late
        average = new
        out_macd[i] = line
        out_signal[i] = new
        out_difference[i] = line - new
    work_state[1] = quick
    work_state[2] = late
    work_state[3] = average
    return end


def macd(
    x: Floats,
    fast: int,
    slow: int,
    signal: int,
    work_state: Floats,
    out_macd: Floats,
    out_signal: Floats,
    out_difference: Floats,
) -> None:
    """Write the fast less the slow exponential average, its own average and their difference.

    Periods of 12, 26 and 9 are usual; fast and slow are exchanged where slow is the smaller. As
    in TA-Lib's MACD both averages begin at index ``slow - 1``, with the means of the last `fast`
    and `slow` values up to there, the signal with the mean of the first `signal` differences; all
    three results begin with it, at index ``slow + signal - 2``. nan before that, and everywhere if
    a period is below 1 or the data are shorter than the warm-up.

    Source: Appel 2005.

    Where values rise by 1 each, an average lags by half its period less 1/2:

    >>> from array import array
    >>> line, average, difference = (array("d", bytes(48)) for _ in range(3))
    >>> x, state = array("d", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), array("d", bytes(8 * MACD_STATE))
    >>> macd(x, 1, 3, 3, state, line, average, difference)
    >>> list(line[3:]), list(average[3:]), list(difference[3:])
    ([nan, 1.0, 1.0], [nan, 1.0, 1.0], [nan, 0.0, 0.0])
    """
    if slow < fast:
        fast, slow = slow, fast
    n = len(x)
    i = 0
    while i < n:
        if fast >= 1 and signal >= 1 and work_state[0] == slow + signal - 1:
            i = macd_run(x, fast, slow, signal, i, work_state, out_macd, out_signal, out_difference)
            if i == n:
                break
        line, average, difference = macd_step(x[i], fast, slow, signal, work_state)
        out_macd[i] = line
        out_signal[i] = average
        out_difference[i] = difference
        i += 1
