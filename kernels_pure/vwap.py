"""Volume-weighted average prices, by session and rolling, batch and one step at a time.

Volumes weigh; a trade or bar without volume counts for nothing, whatever its price. A price that is
nan, or a volume that is nan or negative, makes every result nan that depends on it: the rest of its
session, or the windows that hold it. Prices are taken less one of them, so that a large offset
costs no digits. A batch kernel and its one-step form keep the same state in a column of the caller,
all 0.0 at first, and give the same bits. ``out_*`` is as long as `price`.

Source: Berkowitz, Logue and Noser 1988.
"""

from math import nan

from kernels_pure.columns import Floats, Ints
from kernels_pure.rolling import AFRESH, AFRESH_PER_PERIOD

SESSION_STATE = 5
"""Has there been a session, which, its first price, sum of volume times price less it, volume."""
WINDOW_STATE = 8
"""What a state holds before the prices and then the volumes of the window: next place, valid rows
in a row, rows until the sums are taken afresh, shift, sum of volume times price less the shift, sum
of volumes, the latter when last taken afresh."""
LEAST_SHARE = 0.0009765625
MOST_SHARE = 256.0


def session_sums(
    price: float, volume: float, base: float, value: float, amount: float
) -> tuple[float, float, float]:
    """Return the first price, value and volume of a session after a trade."""
    if volume > 0.0:
        if amount == 0.0:
            base = price
        return base, value + volume * (price - base), amount + volume
    if volume == 0.0:
        return base, value, amount
    return base, nan, amount


def session_price(base: float, value: float, amount: float) -> float:
    """Return the average price of a session's sums; nan before its first volume."""
    if amount > 0.0:
        return base + value / amount
    return nan


def session_vwap_step(price: float, volume: float, session: int, work_state: Floats) -> float:
    """Return the average price of the session so far; see `session_vwap`.

    >>> from array import array
    >>> state = array("d", bytes(8 * SESSION_STATE))
    >>> rows = ((10.0, 1.0, 7), (13.0, 2.0, 7), (20.0, 1.0, 8))
    >>> [session_vwap_step(price, volume, day, state) for price, volume, day in rows]
    [10.0, 12.0, 20.0]
    """
    if work_state[0] == 0.0 or work_state[1] != session:
        work_state[0] = 1.0
        work_state[1] = session
        work_state[2] = 0.0
        work_state[3] = 0.0
        work_state[4] = 0.0
    base, value, amount = session_sums(price, volume, work_state[2], work_state[3], work_state[4])
    work_state[2] = base
    work_state[3] = value
    work_state[4] = amount
    return session_price(base, value, amount)


def session_vwap(
    price: Floats, volume: Floats, session: Ints, work_state: Floats, out_vwap: Floats
) -> None:
    """Write the volume-weighted average price since the session began.

    `session` numbers the sessions (below 2^53); a new number begins a new average, one number for
    all rows gives the cumulative average. nan until there is volume. The error is at most
    ``eps (|vwap| + 2 n spread)`` after n rows, `spread` the largest distance from the session's
    first price.

    >>> from array import array
    >>> out, state = array("d", bytes(24)), array("d", bytes(8 * SESSION_STATE))
    >>> price, volume = array("d", [10.0, 13.0, 20.0]), array("d", [1.0, 2.0, 1.0])
    >>> session_vwap(price, volume, array("l", [7, 7, 8]), state, out)
    >>> list(out)
    [10.0, 12.0, 20.0]
    """
    for i in range(len(price)):
        out_vwap[i] = session_vwap_step(price[i], volume[i], session[i], work_state)


def weighed(price: float, volume: float, shift: float) -> float:
    """Return ``volume * (price - shift)``, 0.0 without volume; nan for a row that is not valid."""
    if volume > 0.0:
        return volume * (price - shift)
    if volume == 0.0:
        return 0.0
    return nan


def weighed_sums(
    price: Floats, volume: Floats, at: int, behind: int, first: int, period: int, size: int
) -> tuple[float, float, float]:
    """Return the shift, the sum of `weighed` and of volumes of a window.

    As `rolling.window_sums`, with the rings at ``price[at]`` and ``volume[behind]``.
    """
    shift = 0.0
    for turn in range(2):
        value = 0.0
        amount = 0.0
        j = first
        for _ in range(period):
            if turn == 0 and amount == 0.0 and volume[behind + j] > 0.0:
                shift = price[at + j]
            value += weighed(price[at + j], volume[behind + j], shift)
            amount += volume[behind + j]
            j += 1
            if j == size:
                j = 0
        if turn == 0 and amount > 0.0:
            shift += value / amount
    return shift, value, amount


def window_price(shift: float, value: float, amount: float) -> float:
    """Return the average price of a window's sums; nan without volume."""
    if amount > 0.0:
        return shift + value / amount
    return nan


def rolling_vwap_step(price: float, volume: float, period: int, work_state: Floats) -> float:
    """Return the average price of the last `period` rows; see `rolling_vwap`.

    >>> from array import array
    >>> state = array("d", bytes(8 * (WINDOW_STATE + 2 * 2)))
    >>> rows = ((10.0, 1.0), (13.0, 2.0), (16.0, 2.0))
    >>> [rolling_vwap_step(price, volume, 2, state) for price, volume in rows]
    [nan, 12.0, 14.5]
    """
    if not (period >= 1 and 2 * period <= len(work_state) - WINDOW_STATE):
        return nan
    place = int(work_state[0])
    old_price = work_state[WINDOW_STATE + place]
    old_volume = work_state[WINDOW_STATE + period + place]
    work_state[WINDOW_STATE + place] = price
    work_state[WINDOW_STATE + period + place] = volume
    place += 1
    if place == period:
        place = 0
    work_state[0] = place
    new = weighed(price, volume, work_state[3])
    if new != new:
        work_state[1] = 0.0
        return nan
    if work_state[1] < period:
        work_state[1] += 1.0
        work_state[2] = 0.0
        if work_state[1] < period:
            return nan
    if work_state[2] > 0.0:
        value = work_state[4] + (new - weighed(old_price, old_volume, work_state[3]))
        amount = work_state[5] + (volume - old_volume)
        before = work_state[6]
        if before * LEAST_SHARE <= amount <= before * MOST_SHARE and value == value:
            work_state[2] -= 1.0
            work_state[4] = value
            work_state[5] = amount
            return window_price(work_state[3], value, amount)
    shift, value, amount = weighed_sums(
        work_state, work_state, WINDOW_STATE, WINDOW_STATE + period, place, period, period
    )
    work_state[2] = AFRESH + AFRESH_PER_PERIOD * period
    work_state[3] = shift
    work_state[4] = value
    work_state[5] = amount
    work_state[6] = amount
    return window_price(shift, value, amount)


def rolling_vwap(
    price: Floats, volume: Floats, period: int, work_state: Floats, out_vwap: Floats
) -> None:
    """Write the volume-weighted average price of the last `period` rows each.

    `work_state` has ``WINDOW_STATE + 2 * period`` elements. nan before index ``period - 1``, where
    the window has no volume, and everywhere unless ``1 <= period <= len(price)`` (on a fresh
    state). The sums are taken afresh after every ``512 + 16 period`` rows, and where the volume has
    fallen below 1/1024 or risen above 256 times what it was then. O(1) per row on average.

    >>> from array import array
    >>> out, state = array("d", bytes(24)), array("d", bytes(8 * (WINDOW_STATE + 2 * 2)))
    >>> rolling_vwap(array("d", [10.0, 13.0, 16.0]), array("d", [1.0, 2.0, 2.0]), 2, state, out)
    >>> list(out)
    [nan, 12.0, 14.5]
    """
    for i in range(len(price)):
        out_vwap[i] = rolling_vwap_step(price[i], volume[i], period, work_state)
