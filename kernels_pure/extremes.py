"""Rolling highest and lowest, and the stochastic oscillator, batch and one step at a time.

The window of the last `period` values is the end of one block of `period` values and the start of
the next: its extreme is that of the first block's suffix and the second's prefix. The suffixes are
taken once per block, so a value costs O(1) on average, whatever the data; O(period) at the end of
a block. Source: van Herk 1992; Gil and Werman 1993.

A nan makes every result nan whose window holds it, and no other; infinite values are values. A
batch kernel and its one-step form keep the same state in a column of the caller, ``EXTREME_STATE +
period`` floats, all 0.0 at first: a batch may be followed by steps or by another batch, and gives
the same bits as steps alone. ``out_*`` is as long as the input.
"""

from math import nan

from kernels_pure.columns import Floats
from kernels_pure.rolling import sma, sma_step

EXTREME_STATE = 3
"""What a state holds before the block: next place, extreme of the block so far, has there been a
block before."""


def larger(first: float, second: float) -> float:
    """Return the larger number, `first` if they are equal; nan if one is nan.

    >>> larger(1.0, 2.0)
    2.0
    """
    if first > second or first != first:
        return first
    return second


def suffixes(sign: float, period: int, work_state: Floats) -> float:
    """Replace the block in the state by the extremes of its suffixes; return that of all."""
    best = work_state[EXTREME_STATE + period - 1]
    for j in range(1, period):
        place = EXTREME_STATE + period - 1 - j
        best = larger(work_state[place], best)
        work_state[place] = best
    work_state[0] = 0.0
    work_state[2] = 1.0
    return sign * best


def extreme_step(value: float, sign: float, period: int, work_state: Floats) -> float:
    """Return the highest (`sign` 1.0) or lowest (-1.0) of the last `period` values.

    nan for the first ``period - 1`` values, and unless ``1 <= period <= len(work_state) -
    EXTREME_STATE``.

    >>> from array import array
    >>> state = array("d", bytes(8 * (EXTREME_STATE + 2)))
    >>> [extreme_step(value, 1.0, 2, state) for value in (3.0, 2.0, 1.0)]
    [nan, 3.0, 2.0]
    """
    if not 1 <= period <= len(work_state) - EXTREME_STATE:
        return nan
    place = int(work_state[0])
    v = sign * value
    best = v
    if place > 0:
        best = larger(work_state[1], v)
    work_state[1] = best
    work_state[EXTREME_STATE + place] = v
    place += 1
    work_state[0] = place
    if place == period:
        return suffixes(sign, period, work_state)
    if work_state[2] == 0.0:
        return nan
    return sign * larger(work_state[EXTREME_STATE + place], best)


def extreme_block(
    x: Floats, sign: float, period: int, start: int, work_state: Floats, out_extreme: Floats
) -> None:
    """Write the extremes of one block of values after another."""
    best = sign * x[start]
    for i in range(start, start + period - 1):
        best = larger(best, sign * x[i])
        suffix = work_state[EXTREME_STATE + 1 + i - start]
        out_extreme[i] = sign * larger(suffix, best)
    last = start + period - 1
    best = sign * x[last]
    for j in range(period):
        best = larger(sign * x[last - j], best)
        work_state[EXTREME_STATE + period - 1 - j] = best
    out_extreme[last] = sign * best


def extremes(x: Floats, sign: float, period: int, work_state: Floats, out_extreme: Floats) -> None:
    """Write `extreme_step` of every value."""
    n = len(x)
    i = 0
    while i < n:
        if 1 <= period <= n - i and work_state[0] == 0.0 and work_state[2] > 0.0:
            extreme_block(x, sign, period, i, work_state, out_extreme)
            i += period
        else:
            out_extreme[i] = extreme_step(x[i], sign, period, work_state)
            i += 1


def rolling_max(x: Floats, period: int, work_state: Floats, out_max: Floats) -> None:
    """Write the highest of the last `period` values each; its step is `extreme_step` of sign 1.0.

    nan before index ``period - 1``, and everywhere unless ``1 <= period <= len(x)`` (on a fresh
    state).

    >>> from array import array
    >>> out = array("d", bytes(24))
    >>> rolling_max(array("d", [3.0, 2.0, 1.0]), 2, array("d", bytes(8 * (EXTREME_STATE + 2))), out)
    >>> list(out)
    [nan, 3.0, 2.0]
    """
    extremes(x, 1.0, period, work_state, out_max)


def rolling_min(x: Floats, period: int, work_state: Floats, out_min: Floats) -> None:
    """Write the lowest of the last `period` values each; its step is `extreme_step` of sign -1.0.

    nan as in `rolling_max`.

    >>> from array import array
    >>> out = array("d", bytes(24))
    >>> rolling_min(array("d", [1.0, 2.0, 3.0]), 2, array("d", bytes(8 * (EXTREME_STATE + 2))), out)
    >>> list(out)
    [nan, 1.0, 2.0]
    """
    extremes(x, -1.0, period, work_state, out_min)


def percent_k(highest: float, lowest: float, close: float) -> float:
    """Return where between lowest and highest the close stands, 0 to 100; 0.0 if they are equal.

    >>> percent_k(12.0, 8.0, 9.0)
    25.0
    """
    if highest == lowest and close == close:
        return 0.0
    if highest > lowest:
        return 100.0 * ((close - lowest) / (highest - lowest))
    return nan


def stochastic_step(
    high: float,
    low: float,
    close: float,
    period: int,
    slowing: int,
    smoothing: int,
    work_high: Floats,
    work_low: Floats,
    work_k: Floats,
    work_d: Floats,
) -> tuple[float, float]:
    """Return %K and %D after a bar; see `stochastic`."""
    highest = extreme_step(high, 1.0, period, work_high)
    lowest = extreme_step(low, -1.0, period, work_low)
    k = sma_step(percent_k(highest, lowest, close), slowing, work_k)
    d = sma_step(k, smoothing, work_d)
    if d != d:
        k = nan
    return k, d


def stochastic(
    high: Floats,
    low: Floats,
    close: Floats,
    period: int,
    slowing: int,
    smoothing: int,
    work_high: Floats,
    work_low: Floats,
    work_k: Floats,
    work_d: Floats,
    work_raw: Floats,
    out_k: Floats,
    out_d: Floats,
) -> None:
    """Write the stochastic oscillator's %K and %D, each 0 to 100 up to rounding.

    Raw %K is `percent_k` over the last `period` bars, %K its mean over the last `slowing`, %D
    the mean of %K over the last `smoothing`. Fast: `slowing` 1 (TA-Lib's STOCHF); slow: 3 (STOCH
    with simple averages). As in TA-Lib both begin at index ``period + slowing + smoothing - 3``;
    wherever %D is nan, %K is. nan everywhere if a period is below 1.

    States: `work_high` and `work_low` have ``EXTREME_STATE + period`` elements, `work_k`
    ``ROLLING_STATE + slowing`` and `work_d` ``ROLLING_STATE + smoothing``; `work_raw` is as long
    as the bars.

    Source: Lane 1984.

    >>> from array import array
    >>> high, low = array("d", [4.0, 8.0, 8.0]), array("d", [0.0, 4.0, 4.0])
    >>> states = [array("d", bytes(8 * (EXTREME_STATE + 2))) for _ in range(2)]
    >>> states += [array("d", bytes(80)) for _ in range(2)]
    >>> raw, k, d = (array("d", bytes(24)) for _ in range(3))
    >>> close = array("d", [2.0, 8.0, 5.0])  # in a range of 0 to 8, then of 4 to 8
    >>> stochastic(high, low, close, 2, 1, 1, *states, raw, k, d)
    >>> list(k), list(d)
    ([nan, 100.0, 25.0], [nan, 100.0, 25.0])
    """
    rolling_max(high, period, work_high, out_k)
    rolling_min(low, period, work_low, out_d)
    for i in range(len(close)):
        work_raw[i] = percent_k(out_k[i], out_d[i], close[i])
    sma(work_raw, slowing, work_k, out_k)
    sma(out_k, smoothing, work_d, out_d)
    for i in range(len(close)):
        if out_d[i] != out_d[i]:
            out_k[i] = nan
