"""What the middles of one expiry's quotes imply together: discount, forward, fee of short stock.

`kernels_pure.forward` finds the point that the quotes' *bounds* leave most room for, given your own
rates, and `engine.scoring.curves` reports forwards and borrow fees from bids and asks. This is the
estimate that needs no rate: parity is a line in the strike, and least squares finds it.
"""

from math import inf, log, nan, sqrt

from kernels_pure.columns import Floats


def implied_line(strike: Floats, gap: Floats, weight: Floats) -> tuple[float, float, float, int]:
    """Return discount and forward of one expiry, the RMSE of its parities, and the rows used.

    `gap` is call less put at each strike, per share (European, or near enough: early exercise bends
    the line), `weight` what a squared error counts for. ``gap = discount (forward - strike)``. Rows
    with a gap that is not finite or a weight that is not positive are left out. nan below two rows,
    or where the gaps do not fall with the strike. O(rows).

    Source: Stoll 1969 (parity); van Binsbergen, Diamond and Grotteria 2022, equation 4.

    >>> from array import array
    >>> strike, one = array("d", [90.0, 100.0, 110.0]), array("d", [1.0] * 3)
    >>> answer = implied_line(strike, array("d", [10.78, 0.98, -8.82]), one)
    >>> [round(number, 9) for number in answer]
    [0.98, 101.0, 0.0, 3]
    """
    n = 0
    total = 0.0
    middle = 0.0
    level = 0.0
    for i in range(len(strike)):
        if abs(strike[i]) < inf and abs(gap[i]) < inf and 0.0 < weight[i] < inf:
            n += 1
            total += weight[i]
            middle += weight[i] * strike[i]
            level += weight[i] * gap[i]
    if not (n >= 2 and total < inf):
        return nan, nan, nan, n
    middle /= total
    level /= total
    across = 0.0
    along = 0.0
    height = 0.0
    for i in range(len(strike)):
        if abs(strike[i]) < inf and abs(gap[i]) < inf and 0.0 < weight[i] < inf:
            x = strike[i] - middle
            y = gap[i] - level
            across += weight[i] * x * x
            along += weight[i] * x * y
            height += weight[i] * y * y
    if not (across > 0.0 and along < 0.0):
        return nan, nan, nan, n
    discount = -along / across
    if not discount > 0.0:
        return nan, nan, nan, n
    left = max(0.0, height - along * (along / across)) / total
    return discount, middle + level / discount, sqrt(left), n


def implied_borrow(spot: float, forward: float, tau: float, rate: float, dividends: float) -> float:
    """Return the yearly fee of short stock, continuously compounded, that a forward implies.

    `dividends` is the present value, at `rate`, of those until expiry; of an index without them the
    answer is its dividend yield. nan unless ``spot > dividends``, forward and tau are positive.

    >>> round(implied_borrow(100.0, 101.0, 0.5, 0.03, 0.0), 6)
    0.010099
    """
    held = spot - dividends
    if not (0.0 < held < inf and 0.0 < forward < inf and tau > 0.0):
        return nan
    ratio = forward / held
    if not 0.0 < ratio < inf:
        return nan
    return rate - log(ratio) / tau
