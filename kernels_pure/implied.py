"""Implied volatility to the limit that the price's own rounding sets.

A price is reduced to the time value of the option out of the money, in units of
``sqrt(stock_value strike_value)``: a function of the deviation ``vol sqrt(tau)`` and of
``gap = |ln(forward / strike)|`` alone. Bachelier's model, inverted by two rational functions, gives
the deviation to 1e-4 where it is below 0.4; one or two steps of fourth order on the logarithm of
the value (or, above its point of inflection, of its distance to the bound) do the rest. No step
takes an exponential: with `scaled_tail` the logarithm of the value is a polynomial and one ``log``.

Source: the objectives are Jaeckel's (Let's be rational, 2015); the guess through the normal model
and the correction of its deviation by ``deviation**2 / 24`` are Hagan's and Grunspan's (2011).
"""

from math import log, nan, sqrt

from kernels_pure.columns import LARGEST, Flags, Floats
from kernels_pure.normal import scaled_tail
from kernels_pure.pricing import carry_terms, log_ratio

IV_OK = 0
IV_BELOW_INTRINSIC = 1
IV_ABOVE_BOUND = 2
IV_NO_QUOTE = 3

ROOT_TWO_PI = 2.5066282746310002
# Time values below this part of sqrt(stock_value strike_value) count as none.
LEAST_VALUE = 1e-290
# Where the inverse of the normal model changes from one rational function to the other:
# deviations of one gap.
NEAR_END = 1.7143382104926979
# A step of relative size e leaves an error of the order of e**4.
LAST_STEP = 1e-4
MAX_STEPS = 16
# A price lower than intrinsic by this part of it is a rounded intrinsic value.
SLACK = 1e-15


def normal_deviation(value: float, gap: float) -> float:
    """Return the deviation that gives a time value in Bachelier's model, within 1e-5.

    The model is ``value = deviation phi(h) - gap N(-h)`` with ``h = gap / deviation``; `value` and
    the result are in the unit of `gap`. nan unless 0 < value < inf and 0 <= gap < inf, or where
    ``value / gap`` underflows.

    Source: Bachelier 1900; inverted as in Jaeckel 2017 (Implied normal volatility), with minimax
    functions of our own, ``tests/oracles/fit_normal_deviation.py``.
    """
    if not (0.0 < value <= LARGEST and 0.0 <= gap <= LARGEST):
        return nan
    near = value + 0.5 * gap
    u = gap / near
    if u < NEAR_END:
        top = 2.506619111884479 + u * (
            -1.053962774505979 + u * (-0.393797571020506 + u * 0.15633499325818587)
        )
        low = 1.0 + u * (
            -0.42058844690609903 + u * (-0.07689026017187267 + u * 0.027698177420218236)
        )
        return near * top / low
    quotient = value / gap
    if not quotient > 0.0:
        return nan
    t = sqrt(-log(quotient))
    top = -0.48502834343033624 + t * (
        1.7345005782809497
        + t * (-1.3329557895251065 + t * (0.4352483661728473 + t * 0.12083387141387077))
    )
    low = 1.0 + t * (-0.45802590042626484 + t * (0.31207493542436154 + t * 0.0854146889168968))
    return gap * low / top


def deviation_guess(value: float, gap: float) -> float:
    """Return the deviation of a time value, within 1e-4 below 0.4 and a factor 5 anywhere.

    `value` is in units of ``sqrt(stock_value strike_value)``; domain as in `normal_deviation`.

    Source: the expansion of Black's price around Bachelier's, to second order in deviation**2; the
    factor in `h` is a fit to ``1 / (1 - h*h*(1 - h mills_ratio(h)))``.
    """
    normal = normal_deviation(value, gap)
    if not normal > 0.0:
        return nan
    h = gap / normal
    square = normal * normal
    # Of values below the bound the denominator is at least 6.
    return normal * (1.0 + square / max(1.0, 24.0 + h * (4.68 + 7.757 * h) - 2.1 * square))


def deviation_step(deviation: float, gap: float, log_value: float, room: float) -> float:
    """Return the step from `deviation` towards the one whose time value has this logarithm.

    `room` is what the value lacks to its bound. Householder's method of third order: the error
    after the step is of the fourth power of the error before. 0 where rounding hides the value;
    nan unless deviation and room are positive and finite.

    Source: Householder 1970, section 4.4; Jaeckel 2015 for the two objectives.
    """
    if not (0.0 < deviation <= LARGEST and 0.0 < room <= LARGEST):
        return nan
    h = gap / deviation
    d1 = 0.5 * deviation - h
    exponent = 0.5 * h * h + 0.125 * deviation * deviation
    far = scaled_tail(h + 0.5 * deviation)
    if d1 <= 0.0:
        tails = scaled_tail(-d1) - far
        if not tails > 0.0:
            return 0.0
        miss = log(tails) - exponent - log_value
        slope = 1.0 / (ROOT_TWO_PI * tails)
    else:
        tails = scaled_tail(d1) + far
        if not tails / room > 0.0:
            return 0.0
        miss = log(tails / room) - exponent
        slope = -1.0 / (ROOT_TWO_PI * tails)
    bend = h * h / deviation - 0.25 * deviation
    second = bend - slope
    third = second * (second - slope) - 3.0 * (h / deviation) * (h / deviation) - 0.25
    newton = -miss / slope
    low = 1.0 + newton * (second + newton * third / 6.0)
    return newton * (1.0 + 0.5 * newton * second) / max(0.1, low)


def further_steps(deviation: float, gap: float, log_value: float, room: float) -> float:
    """Return the deviation after all of `MAX_STEPS` but the first two, or the last one needed."""
    for _ in range(MAX_STEPS - 2):
        step = deviation_step(deviation, gap, log_value, room)
        deviation = max(0.25 * deviation, deviation + step)
        if abs(step) <= LAST_STEP * deviation:
            break
    return deviation


def time_value(
    price: float, stock_value: float, strike_value: float, moneyness: float, right: int
) -> tuple[float, float, float, int]:
    """Return a quote's time value, the gap, what the value lacks to its bound, and a status.

    Arguments as in `option_parts`; value and room are in units of
    ``sqrt(stock_value strike_value)``. The status is `IV_OK`, or with nan for the rest
    `IV_BELOW_INTRINSIC`, `IV_ABOVE_BOUND` (at or above what the option can be worth), or
    `IV_NO_QUOTE` (a price that is nan or not positive, or another argument outside its domain).
    """
    if not (price > 0.0 and stock_value > 0.0 and strike_value > 0.0 and right * right == 1):
        return nan, nan, nan, IV_NO_QUOTE
    unit = sqrt(stock_value * strike_value)
    gap = abs(moneyness)
    if not (0.0 < unit <= LARGEST and gap <= LARGEST):
        return nan, nan, nan, IV_NO_QUOTE
    low = min(stock_value, strike_value)
    high = max(stock_value, strike_value)
    value = price
    if right * (stock_value - strike_value) > 0.0:
        # In either order both subtractions but the last are exact (Sterbenz 1974).
        if high <= 2.0 * low:
            value = price - (high - low)
        else:
            value = (price - high) + low
        if value < -SLACK * high:
            return nan, nan, nan, IV_BELOW_INTRINSIC
    if value >= low:
        return nan, nan, nan, IV_ABOVE_BOUND
    return value / unit, gap, (low - value) / unit, IV_OK


def implied_deviation(
    price: float, stock_value: float, strike_value: float, moneyness: float, right: int
) -> tuple[float, int]:
    """Return the deviation that reprices a quote, and a status, that of `time_value`.

    The deviation is nan where the status is not `IV_OK`. A price equal to the intrinsic value, but
    for rounding, has deviation 0.

    The error is below ``4 eps (1 / phi(d1) + deviation)``, eps = 2**-52; for puts struck at more
    than four times the spot below ``strike_value / (4 stock_value)`` times the first term.
    """
    value, gap, room, status = time_value(price, stock_value, strike_value, moneyness, right)
    if status != IV_OK:
        return nan, status
    if value < LEAST_VALUE:
        return 0.0, IV_OK
    log_value = log(value)
    deviation = deviation_guess(value, gap)
    # Two steps do for nearly all; without a loop here, PyPy inlines them in a loop over rows.
    step = deviation_step(deviation, gap, log_value, room)
    deviation = max(0.25 * deviation, deviation + step)
    if abs(step) <= LAST_STEP * deviation:
        return deviation, IV_OK
    step = deviation_step(deviation, gap, log_value, room)
    deviation = max(0.25 * deviation, deviation + step)
    if abs(step) <= LAST_STEP * deviation:
        return deviation, IV_OK
    return further_steps(deviation, gap, log_value, room), IV_OK


def implied_vol(
    price: float, spot: float, strike: float, tau: float, rate: float, div: float, right: int
) -> tuple[float, int]:
    """Return the volatility at which `bs_price` is `price`, and a status.

    Units as in `bs_price`; status as in `time_value`, `IV_NO_QUOTE` also for an expired
    option. The error is below ``4 eps (spot / vega + vol)``, eps = 2**-52 (with a quarter of the
    strike for the spot where that is more): what a change of the price by a few units in the last
    place of the spot does to the volatility.

    >>> vol, status = implied_vol(10.450583572185565, 100.0, 100.0, 1.0, 0.05, 0.0, 1)
    >>> round(vol, 14), status
    (0.2, 0)
    """
    root, stock_discount, discount, carry = carry_terms(tau, rate, div)
    if not root > 0.0:
        return nan, IV_NO_QUOTE
    moneyness = log_ratio(spot, strike) + carry
    deviation, status = implied_deviation(
        price, spot * stock_discount, strike * discount, moneyness, right
    )
    return deviation / root, status


def iv_chain(
    price: Floats,
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    right: Flags,
    out_vol: Floats,
    out_status: Flags,
) -> None:
    """Write `implied_vol` of every row: volatility (nan where there is none) and status.

    Hull's example of a call at 1.875, and a price below the intrinsic value:

    >>> from array import array
    >>> columns = [array("d", [number] * 2) for number in (21.0, 20.0, 0.25, 0.1, 0.0)]
    >>> vol, status = array("d", [0.0] * 2), array("b", [0] * 2)
    >>> iv_chain(array("d", [1.875, 0.5]), *columns, array("b", [1, 1]), vol, status)
    >>> [round(value, 3) for value in vol], list(status)
    ([0.235, nan], [0, 1])
    """
    row_tau = nan
    row_rate = nan
    row_div = nan
    root = nan
    stock_discount = nan
    discount = nan
    carry = nan
    for i in range(len(out_vol)):
        if not (tau[i] == row_tau and rate[i] == row_rate and div[i] == row_div):
            row_tau = tau[i]
            row_rate = rate[i]
            row_div = div[i]
            root, stock_discount, discount, carry = carry_terms(row_tau, row_rate, row_div)
        out_vol[i] = nan
        out_status[i] = IV_NO_QUOTE
        if root > 0.0:
            moneyness = log_ratio(spot[i], strike[i]) + carry
            deviation, status = implied_deviation(
                price[i], spot[i] * stock_discount, strike[i] * discount, moneyness, right[i]
            )
            out_vol[i] = deviation / root
            out_status[i] = status
