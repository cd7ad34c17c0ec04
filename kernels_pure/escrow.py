"""What American options are told of dividends, and when none is exercised early.

Cash dividends follow the escrowed model: what has the volatility is the spot less the present value
of the dividends until expiry, discounted at `rate`; who exercises gets the share with all that is
still to come. It is not the model in which the whole share diffuses and falls by the dividend: that
one gives calls and puts somewhat other values at the same volatility, and the escrowed one jumps
when an expiry passes a dividend. Nor may volatilities implied under one be used in the other.

Source: Roll 1977 and Hull, the chapter on early exercise, for escrowed dividends; Merton 1973 for
what is never exercised early, Battauz, De Donno and Sbuelz 2015 with rates below 0.
"""

from math import inf

from kernels_pure.columns import Floats
from kernels_pure.pricing import bounded_exp


def never_early(rate: float, div: float, right: int) -> int:
    """Return 1 where an option with this yield and no cash dividends is never exercised early.

    A call never where ``div <= 0`` and ``rate >= div``, a put never where ``rate <= 0`` and
    ``div >= rate``: the interest on the strike then never exceeds what the share earns.

    >>> never_early(0.05, 0.0, 1), never_early(0.05, 0.0, -1), never_early(-0.01, 0.0, -1)
    (1, 0, 1)
    """
    if right > 0:
        return 1 if div <= 0.0 and rate >= div else 0
    return 1 if rate <= 0.0 and div >= rate else 0


def dividends_due(
    now: float, tau: float, rate: float, div_time: Floats, div_amount: Floats
) -> float:
    """Return the value at `now` of the cash dividends after it and not after `tau`.

    Times in years from today, amounts per share, in any order. O(dividends).

    >>> from array import array
    >>> dividends_due(0.0, 1.0, 0.0, array("d", [0.25, 1.0, 1.5]), array("d", [1.0, 2.0, 4.0]))
    3.0
    """
    total = 0.0
    for k in range(len(div_time)):
        if now < div_time[k] <= tau:
            total += div_amount[k] * bounded_exp(rate * (now - div_time[k]))
    return total


def dividend_ahead(now: float, until: float, div_time: Floats, div_amount: Floats) -> int:
    """Return the index of the first dividend after `now` and not after `until`, else -1.

    >>> from array import array
    >>> dividend_ahead(0.25, 2.0, array("d", [1.5, 0.25, 1.0]), array("d", [1.0, 1.0, 1.0]))
    2
    """
    found = -1
    first = inf
    for k in range(len(div_time)):
        if now < div_time[k] <= until and div_time[k] < first and div_amount[k] != 0.0:
            found = k
            first = div_time[k]
    return found
