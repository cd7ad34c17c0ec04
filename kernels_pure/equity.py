"""What an equity curve says: drawdown, Sharpe, Sortino, Calmar, growth, and the quality of trips.

Returns are simple, from bar to bar. A year is 365.25 days of calendar time between the first and
the last stamp, and the bars per year are those there are in it: gaps between sessions need no
calendar, daily bars of a share come out near 252, minutes of a market that never closes at 525 960.
Everything is nan where it is not defined: too few bars, no movement, an account worth nothing.
"""

from math import inf, log, nan, sqrt

from kernels_pure.columns import Floats, Ints
from kernels_pure.pricing import bounded_exp

# Exact as a float: an integer of this size over another rounds differently in compiled code.
NS_PER_YEAR = 3.15576e16
# Of a variance, the share of the mean square that may be rounding of the sums.
NOISE = 1e-10


def years_spanned(time: Ints) -> float:
    """Return the years from the first to the last stamp, in UTC nanoseconds; nan unless positive.

    >>> from array import array
    >>> years_spanned(array("l", [0, 31_557_600_000_000_000 // 2]))
    0.5
    """
    n = len(time)
    if n < 2 or not time[n - 1] > time[0]:
        return nan
    return float(time[n - 1] - time[0]) / NS_PER_YEAR


def bars_per_year(time: Ints) -> float:
    """Return the bars of a year at the spacing of these; nan unless they span time.

    >>> from array import array
    >>> bars_per_year(array("l", [0, 31_557_600_000_000_000 // 2, 31_557_600_000_000_000]))
    2.0
    """
    years = years_spanned(time)
    if not years > 0.0:
        return nan
    return (len(time) - 1) / years


def max_drawdown(equity: Floats) -> tuple[float, int, int, int]:
    """Return the greatest loss from a peak as a share of it, and its rows: peak, trough, recovery.

    Recovery is the first row back at the peak, or the number of rows where there is none; its
    length in bars is recovery less peak. (nan, 0, 0, 0) without a positive first value. Of equal
    drawdowns the first.

    Source: Magdon-Ismail and Atiya 2004.

    >>> from array import array
    >>> max_drawdown(array("d", [500.0, 750.0, 400.0, 600.0, 350.0, 800.0]))
    (0.5333333333333333, 1, 4, 5)
    """
    n = len(equity)
    if n < 1 or not equity[0] > 0.0:
        return nan, 0, 0, 0
    peak = equity[0]
    kept = 1.0
    peak_row = 0
    first = trough = 0
    recovery = 0
    is_open = False
    for i in range(n):
        value = equity[i]
        if value >= peak:
            if is_open:
                recovery = i
                is_open = False
            peak = value
            peak_row = i
        elif value < kept * peak:
            kept = value / peak
            first = peak_row
            trough = i
            is_open = True
        # Not "not value < peak": PyPy takes that for the test above, whatever nan says.
        elif value != value:
            return nan, 0, 0, 0
    if is_open:
        recovery = n
    return 1.0 - kept, first, trough, recovery


def drawdowns(equity: Floats, out_drawdown: Floats) -> None:
    """Write each row's loss from the highest value so far, as a share of it; nan before a positive.

    O(rows).

    >>> from array import array
    >>> out = array("d", [0.0] * 4)
    >>> drawdowns(array("d", [100.0, 75.0, 200.0, 100.0]), out)
    >>> list(out)
    [0.0, 0.25, 0.0, 0.5]
    """
    peak = 0.0
    for i in range(len(equity)):
        value = equity[i]
        if value > peak:
            peak = value
        loss = nan
        if peak > 0.0:
            loss = 1.0 - value / peak
        out_drawdown[i] = loss


def return_sums(equity: Floats, least: float) -> tuple[int, float, float, float]:
    """Return (n, sum, sum of squares, sum of squares below `least`) of the returns between rows.

    The last is of the shortfalls ``min(0, return - least)``. A value that is not positive makes
    the sums nan, unless it is the last.
    """
    n = len(equity)
    total = 0.0
    squares = 0.0
    below = 0.0
    for i in range(1, n):
        before = equity[i - 1]
        if not before > 0.0:
            total = nan
        else:
            gain = equity[i] / before - 1.0
            total += gain
            squares += gain * gain
            # Branch-free, as the sign of a return is anyone's guess: twice the shortfall.
            short = gain - least - abs(gain - least)
            below += short * short
    return max(0, n - 1), total, squares, 0.25 * below


def sharpe_of(n: int, total: float, squares: float, per_year: float, rate: float) -> float:
    """Return the annualised Sharpe ratio of `n` returns from their sums.

    Mean return less `rate / per_year`, over the standard deviation (of a sample), times
    ``sqrt(per_year)``; `rate` is per year. nan below two returns or without variance.

    Source: Sharpe 1994.
    """
    if n < 2 or not per_year > 0.0:
        return nan
    mean = total / n
    spread = squares - total * mean
    variance = spread / (n - 1)
    if not (spread > NOISE * squares and variance > 0.0):
        return nan
    return (mean - rate / per_year) / sqrt(variance) * sqrt(per_year)


def sharpe(equity: Floats, per_year: float, rate: float) -> float:
    """Return the annualised Sharpe ratio of an equity curve, see `sharpe_of`. O(rows).

    Returns of 0.1 and -0.05: their mean over their deviation is ``1 / sqrt(18)``.

    >>> from array import array
    >>> round(sharpe(array("d", [100.0, 110.0, 104.5]), 2.0, 0.0), 12)
    0.333333333333
    """
    n, total, squares, _ = return_sums(equity, 0.0)
    return sharpe_of(n, total, squares, per_year, rate)


def sortino_of(n: int, total: float, below: float, per_year: float, rate: float) -> float:
    """Return the annualised Sortino ratio of `n` returns from their sums.

    `below` is the sum of the squares of the shortfalls below ``rate / per_year``, as `return_sums`
    has it. nan without a return or a shortfall.

    Source: Sortino and Price 1994.
    """
    if n < 1 or not per_year > 0.0 or not below / n > 0.0:
        return nan
    return (total / n - rate / per_year) / sqrt(below / n) * sqrt(per_year)


def sortino(equity: Floats, per_year: float, rate: float) -> float:
    """Return the annualised Sortino ratio with the minimum acceptable return `rate` a year.

    Mean return less ``rate / per_year``, over the root mean square of the shortfalls below it, all
    returns counted, times ``sqrt(per_year)``. nan without a return or a shortfall. O(rows).

    Source: Sortino and Price 1994.

    >>> from array import array
    >>> round(sortino(array("d", [100.0, 110.0, 104.5]), 2.0, 0.0), 12)
    1.0
    """
    if not per_year > 0.0:
        return nan
    least = rate / per_year
    n, total, _, below = return_sums(equity, least)
    return sortino_of(n, total, below, per_year, rate)


def growth_rate(begin: float, end: float, years: float) -> float:
    """Return the compound annual growth rate from `begin` to `end`; -1 where nothing is left.

    >>> round(growth_rate(100.0, 121.0, 2.0), 12)
    0.1
    """
    if not (begin > 0.0 and end >= 0.0 and years > 0.0 and begin < inf and end < inf):
        return nan
    ratio = end / begin
    if not ratio > 0.0:
        return -1.0
    if not ratio < inf:
        return nan
    return bounded_exp(log(ratio) / years) - 1.0


def calmar(growth: float, drawdown: float) -> float:
    """Return growth per year over the greatest drawdown; nan without a drawdown.

    Source: Young 1991, over the whole curve in place of his 36 months.

    >>> calmar(0.25, 0.125)
    2.0
    """
    if not drawdown > 0.0:
        return nan
    return growth / drawdown


def win_rate(wins: int, trips: int) -> float:
    """Return the share of trips that gained; nan without trips.

    >>> win_rate(3, 4), win_rate(0, 0)
    (0.75, nan)
    """
    if not trips > 0:
        return nan
    return wins / trips


def profit_factor(gained: float, lost: float) -> float:
    """Return what winning trips gained over what losing ones lost; nan where none lost.

    >>> profit_factor(30.0, 10.0)
    3.0
    """
    if not lost > 0.0:
        return nan
    return gained / lost
