"""What put-call parity says about one expiry: the value of a share, and the discount.

Every strike with a call and a put is a synthetic share bought at K. Its quotes bound the value s
of a share delivered at expiry and the discount d of money together: s - d K lies between what
the synthetic brings and what it costs. A point (d, s) inside all these bounds turns puts into
calls without widening or narrowing any quote, so one convex envelope then decides the expiry.

Source: Stoll 1969 (parity); Ronn and Ronn 1989 (rates in pairs of strikes).
"""

from kernels_pure.columns import Floats, Ints


def parity_width(
    e: int,
    first: Ints,
    strike: Floats,
    pay: Floats,
    receive: Floats,
    stock_low: float,
    stock_high: float,
    discount: float,
) -> tuple[float, float, float]:
    """Return how far apart the bounds on the stock's value are at a discount, and in between.

    Every strike with a call and a put bounds the value s of a share delivered at expiry e:
    buying call, selling put and lending the strike costs at least s, the reverse brings at most
    s. Returns ``(width, slope of the width in discount, middle)``; a negative width means that
    some conversion, reversal or box pays at this discount. O(rows of e).
    """
    n_rows = len(strike)
    low = stock_low
    high = stock_high
    k_low = 0.0
    k_high = 0.0
    for row in range(first[e], first[e + 1]):
        k = strike[row]
        bound = pay[row] - receive[n_rows + row] + discount * k
        if bound < high:
            high = bound
            k_high = k
        bound = receive[row] - pay[n_rows + row] + discount * k
        if bound > low:
            low = bound
            k_low = k
    return high - low, k_high - k_low, low + 0.5 * (high - low)


def parity_point(
    e: int,
    first: Ints,
    strike: Floats,
    pay: Floats,
    receive: Floats,
    stock_low: float,
    stock_high: float,
    borrow: float,
    lend: float,
) -> tuple[float, float, float]:
    """Return the discount in [borrow, lend] and the stock's value that parity leaves most room.

    The width is concave and piecewise linear in the discount: two supporting lines meet above its
    maximum, which is reached in a few steps (cutting planes). Returns ``(discount, stock, width)``.

    >>> from array import array
    >>> first, strike = array("l", [0, 2]), array("d", [90.0, 110.0])
    >>> pay, receive = array("d", [12.1, 1.1, 1.6, 10.2]), array("d", [12.0, 1.0, 1.5, 10.1])
    >>> answer = parity_point(0, first, strike, pay, receive, 98.0, 99.0, 0.97, 0.99)
    >>> [round(number, 4) for number in answer]
    [0.98, 98.7, 0.2]
    """
    left = borrow
    right = lend
    width, slope, stock = parity_width(e, first, strike, pay, receive, stock_low, stock_high, left)
    width_right, slope_right, stock_right = parity_width(
        e, first, strike, pay, receive, stock_low, stock_high, right
    )
    best_width = width
    best = left
    best_stock = stock
    if width_right > best_width:
        best_width = width_right
        best = right
        best_stock = stock_right
    for _ in range(20):
        if not (slope > 0.0 and slope_right < 0.0):
            break
        # Measured from `left`, where the two lines meet; it may not leave the interval.
        meet = (width_right - width - slope_right * (right - left)) / (slope - slope_right)
        middle = min(max(left + meet, left), right)
        width_middle, slope_middle, stock_middle = parity_width(
            e, first, strike, pay, receive, stock_low, stock_high, middle
        )
        if width_middle > best_width:
            best_width = width_middle
            best = middle
            best_stock = stock_middle
        # A crossing with no third line below it is the maximum, and comes back as an end.
        if slope_middle == 0.0 or middle <= left or middle >= right:
            break
        if slope_middle > 0.0:
            left = middle
            width = width_middle
            slope = slope_middle
        else:
            right = middle
            width_right = width_middle
            slope_right = slope_middle
    return best, best_stock, best_width
