"""Bollinger bands and realised volatility: what is made of rolling moments.

nan, state and cost are those of `rolling`.
"""

from math import log, nan, sqrt

from kernels_pure.columns import LARGEST, Floats
from kernels_pure.moments import moments, moments_step
from kernels_pure.rolling import ROLLING_STATE


def bollinger_step(
    value: float, period: int, up: float, down: float, work_state: Floats
) -> tuple[float, float, float]:
    """Return the middle, upper and lower band after `value`; see `bollinger`.

    >>> from array import array
    >>> state = array("d", bytes(8 * (ROLLING_STATE + 2)))
    >>> _ = bollinger_step(1.0, 2, 2.0, 2.0, state)
    >>> bollinger_step(3.0, 2, 2.0, 2.0, state)
    (2.0, 4.0, 0.0)
    """
    gap, std = moments_step(value, period, 0, work_state)
    middle = value - gap
    return middle, middle + up * std, middle - down * std


def bollinger(
    x: Floats,
    period: int,
    up: float,
    down: float,
    work_state: Floats,
    out_middle: Floats,
    out_upper: Floats,
    out_lower: Floats,
) -> None:
    """Write the mean of the last `period` values each, plus `up` and less `down` deviations.

    The standard deviation is the population's, as in TA-Lib's BBANDS. The first result is that of
    index ``period - 1``; nan before it, and everywhere unless ``1 <= period <= len(x)``.

    Source: Bollinger 1992.

    >>> from array import array
    >>> middle, upper, lower = (array("d", bytes(24)) for _ in range(3))
    >>> state = array("d", bytes(8 * (ROLLING_STATE + 2)))
    >>> bollinger(array("d", [1.0, 3.0, 9.0]), 2, 2.0, 1.0, state, middle, upper, lower)
    >>> list(middle), list(upper), list(lower)
    ([nan, 2.0, 6.0], [nan, 4.0, 12.0], [nan, 1.0, 3.0])
    """
    moments(x, period, 0, work_state, out_middle, out_upper)
    for i in range(len(x)):
        middle = x[i] - out_middle[i]
        std = out_upper[i]
        out_middle[i] = middle
        out_upper[i] = middle + up * std
        out_lower[i] = middle - down * std


def log_return(before: float, now: float) -> float:
    """Return ``ln(now / before)``; nan unless both and their ratio are positive and finite.

    >>> log_return(100.0, 100.0)
    0.0
    """
    if not (0.0 < before <= LARGEST and 0.0 < now <= LARGEST):
        return nan
    ratio = now / before
    if not 0.0 < ratio <= LARGEST:
        return nan
    return log(ratio)


def annual_root(per_year: float) -> float:
    """Return the square root of the periods in a year; nan unless positive and finite.

    >>> annual_root(256.0)
    16.0
    """
    if not 0.0 < per_year <= LARGEST:
        return nan
    return sqrt(per_year)


def realised_vol_step(close: float, period: int, per_year: float, work_state: Floats) -> float:
    """Return the realised volatility after `close`; see `realised_vol`.

    >>> from array import array
    >>> state = array("d", bytes(8 * (ROLLING_STATE + 2)))
    >>> closes = (100.0, 110.0, 99.0)
    >>> [round(realised_vol_step(close, 2, 252.0, state), 6) for close in closes]
    [nan, nan, 2.252523]
    """
    if not 2 <= period <= len(work_state) - ROLLING_STATE:
        return nan
    # The place for the caller holds the close before, 0.0 at first.
    _, std = moments_step(log_return(work_state[7], close), period, 1, work_state)
    work_state[7] = close
    return std * annual_root(per_year)


def realised_vol(
    close: Floats,
    period: int,
    per_year: float,
    work_state: Floats,
    work_return: Floats,
    out_vol: Floats,
) -> None:
    """Write the annualised close-to-close volatility of the last `period` log returns each.

    The sample's standard deviation (divisor ``period - 1``) times the root of `per_year`, the
    number of closes in a year: 252 for daily ones. `work_return` is as long as `close`. The first
    result is that of index `period`; nan before it, and everywhere unless ``2 <= period <
    len(close)``. A close that is not positive and finite gives no return, like a nan.

    Source: Hull, the chapter on estimating volatility.

    Two returns of ``ln 1.1``, up and down, with half a close a year:

    >>> from array import array
    >>> out, work = array("d", bytes(24)), array("d", bytes(24))
    >>> state = array("d", bytes(8 * (ROLLING_STATE + 2)))
    >>> realised_vol(array("d", [100.0, 110.0, 100.0]), 2, 0.5, state, work, out)
    >>> [round(abs(value - log(1.1)), 12) for value in out]
    [nan, nan, 0.0]
    """
    n = len(close)
    if not 2 <= period <= len(work_state) - ROLLING_STATE:
        for i in range(n):
            out_vol[i] = nan
        return
    before = work_state[7]
    for i in range(n):
        work_return[i] = log_return(before, close[i])
        before = close[i]
    # Both moments into one column: the second stays.
    moments(work_return, period, 1, work_state, out_vol, out_vol)
    work_state[7] = before
    root = annual_root(per_year)
    for i in range(n):
        out_vol[i] *= root
