"""Rolling standard deviation and z-score.

Batch and one step at a time, on one state; nan, state and cost are those of `rolling`. Beside the
sum about the shift stands ``sum((v - shift)^2)``. Both are taken afresh also where the variance has
fallen below 1/256 of what it was when they last were, or the sum of squares has risen above 64
times it: an outlier that leaves a window takes its roundings along.

The roundings of n values change a variance by a share of at most about ``2^-38 n`` (n the values
since sums were taken afresh, at most ``512 + 16 period``), whatever the offset of the data.

Source: Chan, Golub and LeVeque 1983 (sums about a shift).
"""

from math import nan, sqrt

from kernels_pure.columns import Floats
from kernels_pure.rolling import (
    AFRESH,
    AFRESH_PER_PERIOD,
    ROLLING_STATE,
    keep_window,
    window_sums,
)

LEAST_VARIANCE = 0.00390625
MOST_SQUARES = 64.0


def moments_step(value: float, period: int, ddof: int, work_state: Floats) -> tuple[float, float]:
    """Return `value` less the mean of its window, and the window's standard deviation.

    The divisor of the variance is ``period - ddof``. Both nan unless ``1 <= period``, ``0 <= ddof <
    period`` and the state has room for the window. The first result is that of the value number
    `period`.

    >>> from array import array
    >>> state = array("d", bytes(8 * (ROLLING_STATE + 2)))
    >>> [moments_step(value, 2, 0, state) for value in (1.0, 3.0, 9.0)]
    [(nan, nan), (1.0, 1.0), (3.0, 3.0)]
    """
    if not (1 <= period <= len(work_state) - ROLLING_STATE and 0 <= ddof < period):
        return nan, nan
    place = int(work_state[0])
    oldest = work_state[ROLLING_STATE + place]
    work_state[ROLLING_STATE + place] = value
    place += 1
    if place == period:
        place = 0
    work_state[0] = place
    if value != value:
        work_state[1] = 0.0
        return nan, nan
    if work_state[1] < period:
        work_state[1] += 1.0
        work_state[2] = 0.0
        if work_state[1] < period:
            return nan, nan
    weight = 1.0 / period
    scale = period / (period - ddof)
    if work_state[2] > 0.0:
        v = value - work_state[3]
        o = oldest - work_state[3]
        total = work_state[4] + (v - o)
        squares = work_state[5] + (v - o) * (v + o)
        mean = total * weight
        variance = squares * weight - mean * mean
        before = work_state[6]
        if variance >= before * LEAST_VARIANCE * weight and squares <= before * MOST_SQUARES:
            work_state[2] -= 1.0
            work_state[4] = total
            work_state[5] = squares
            return v - mean, sqrt(variance * scale)
    shift, total, squares = window_sums(work_state, ROLLING_STATE, place, period, period)
    work_state[2] = AFRESH + AFRESH_PER_PERIOD * period
    work_state[3] = shift
    work_state[4] = total
    work_state[5] = squares
    work_state[6] = squares
    return fresh_moments(value, period, ddof, shift, total, squares)


def fresh_moments(
    value: float, period: int, ddof: int, shift: float, total: float, squares: float
) -> tuple[float, float]:
    """Return what `moments_step` does, of sums just taken."""
    mean = total * (1.0 / period)
    variance = squares * (1.0 / period) - mean * mean
    if variance < 0.0:
        variance = 0.0
    return value - shift - mean, sqrt(variance * (period / (period - ddof)))


def moments_run(
    x: Floats,
    period: int,
    ddof: int,
    start: int,
    stop: int,
    shift: float,
    total: float,
    squares: float,
    before: float,
    out_gap: Floats,
    out_std: Floats,
) -> tuple[int, float, float]:
    """Write moments from `start` until `stop` or where sums must be taken afresh, or a nan.

    Returns where it ended, and the two sums there.
    """
    weight = 1.0 / period
    scale = period / (period - ddof)
    least = before * LEAST_VARIANCE * weight
    most = before * MOST_SQUARES
    for i in range(start, stop):
        v = x[i] - shift
        o = x[i - period] - shift
        new_total = total + (v - o)
        new_squares = squares + (v - o) * (v + o)
        mean = new_total * weight
        variance = new_squares * weight - mean * mean
        if not (variance >= least and new_squares <= most):
            return i, total, squares
        total = new_total
        squares = new_squares
        out_gap[i] = v - mean
        out_std[i] = sqrt(variance * scale)
    return stop, total, squares


def moments(
    x: Floats, period: int, ddof: int, work_state: Floats, out_gap: Floats, out_std: Floats
) -> None:
    """Write `moments_step` of every value; `out_gap` and `out_std` may be one column, then of std.

    The value less its window's mean is written, not the mean: it keeps its digits where the data
    have a large offset.
    """
    n = len(x)
    if not (1 <= period <= len(work_state) - ROLLING_STATE and 0 <= ddof < period):
        for i in range(n):
            out_gap[i] = nan
            out_std[i] = nan
        return
    for i in range(min(n, period)):
        gap, std = moments_step(x[i], period, ddof, work_state)
        out_gap[i] = gap
        out_std[i] = std
    if n <= period:
        return
    valid = int(work_state[1])
    left = int(work_state[2])
    shift = work_state[3]
    total = work_state[4]
    squares = work_state[5]
    before = work_state[6]
    i = period
    while i < n:
        if valid == period and left > 0:
            start = i
            i, total, squares = moments_run(
                x,
                period,
                ddof,
                i,
                min(n, i + left),
                shift,
                total,
                squares,
                before,
                out_gap,
                out_std,
            )
            left -= i - start
            if i == n:
                break
        if x[i] != x[i]:
            valid = 0
        elif valid < period:
            valid += 1
        if valid == period:
            shift, total, squares = window_sums(x, 0, i - period + 1, period, n)
            before = squares
            left = AFRESH + AFRESH_PER_PERIOD * period
            gap, std = fresh_moments(x[i], period, ddof, shift, total, squares)
            out_gap[i] = gap
            out_std[i] = std
        else:
            out_gap[i] = nan
            out_std[i] = nan
        i += 1
    keep_window(x, period, valid, left, shift, total, work_state)
    work_state[5] = squares
    work_state[6] = before


def rolling_std(x: Floats, period: int, ddof: int, work_state: Floats, out_std: Floats) -> None:
    """Write the standard deviation of the last `period` values each, divisor ``period - ddof``.

    `ddof` 0 is the population's (TA-Lib), 1 the sample's (pandas). nan before index ``period - 1``,
    and everywhere unless ``0 <= ddof < period <= len(x)``. Its step is ``moments_step(...)[1]``.

    >>> from array import array
    >>> out = array("d", bytes(24))
    >>> state = array("d", bytes(8 * (ROLLING_STATE + 2)))
    >>> rolling_std(array("d", [1.0, 3.0, 9.0]), 2, 0, state, out)
    >>> list(out)
    [nan, 1.0, 3.0]
    """
    moments(x, period, ddof, work_state, out_std, out_std)


def zscore(gap: float, std: float) -> float:
    """Return ``gap / std``; nan where std is 0.

    >>> zscore(3.0, 2.0), zscore(0.0, 0.0)
    (1.5, nan)
    """
    if std > 0.0:
        return gap / std
    return nan


def rolling_zscore_step(value: float, period: int, ddof: int, work_state: Floats) -> float:
    """Return `value` less the mean of its window, in standard deviations; see `rolling_zscore`.

    >>> from array import array
    >>> state = array("d", bytes(8 * (ROLLING_STATE + 2)))
    >>> [rolling_zscore_step(value, 2, 0, state) for value in (1.0, 3.0, 3.0)]
    [nan, 1.0, nan]
    """
    gap, std = moments_step(value, period, ddof, work_state)
    return zscore(gap, std)


def rolling_zscore(
    x: Floats, period: int, ddof: int, work_state: Floats, work_std: Floats, out_z: Floats
) -> None:
    """Write every value less the mean of the last `period`, in their standard deviations.

    `work_std` is as long as `x`. nan where `rolling_std` is, and where all values are equal.

    >>> from array import array
    >>> out, work = array("d", bytes(32)), array("d", bytes(32))
    >>> state = array("d", bytes(8 * (ROLLING_STATE + 2)))
    >>> rolling_zscore(array("d", [1.0, 3.0, 2.0, 2.0]), 2, 0, state, work, out)
    >>> list(out)
    [nan, 1.0, -1.0, nan]
    """
    moments(x, period, ddof, work_state, out_z, work_std)
    for i in range(len(x)):
        out_z[i] = zscore(out_z[i], work_std[i])
