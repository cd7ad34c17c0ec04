"""The tail of the normal distribution, written out, without ``erfc``.

``erf`` and ``erfc`` differ between libraries and between machines; a rational function gives the
same bits everywhere. Times ``exp(-x*x/2)`` it is the tail, and that one exponential serves both
probabilities of an option: ``stock_value exp(-d1*d1/2) = strike_value exp(-d2*d2/2)``.

``docs/adr/0002-normal-cdf.md`` has the measurements behind the choice.
"""

from math import exp, nan

INVERSE_ROOT_TWO_PI = 0.3989422804014327

# scaled_tail = (A0 + A1 x + ... + A10 x^10) / (1 + B1 x + ... + B11 x^11) on 0 <= x < inf, relative
# error of the fit 1e-17. All coefficients are positive: nothing cancels.
A0 = 0.5
A1 = 0.8578442898711198
A2 = 0.7271210544579412
A3 = 0.3945878588448411
A4 = 0.15059593747899938
A5 = 0.04208069232958698
A6 = 0.008713463847190624
A7 = 0.0013229684632618361
A8 = 0.00014165637490327177
A9 = 9.744682139276539e-06
A10 = 3.3225807057630674e-07
B1 = 2.513573140545107
B2 = 2.9597833102055233
B3 = 2.1599160742206873
B4 = 1.0881776418623461
B5 = 0.3986276177614299
B6 = 0.10874799079193381
B7 = 0.02219482902873013
B8 = 0.0033406164522375133
B9 = 0.00035591272208843793
B10 = 2.4426295777602304e-05
B11 = 8.328474741809129e-07
# From here on the ratio is 1 / (x sqrt(2 pi)) to the last bit, and x^11 is far from overflow.
TAIL_END = 1e8


def tail_parts(x: float) -> tuple[float, float]:
    """Return numerator and denominator of `scaled_tail`: two tails may then share a division.

    Even and odd powers are summed apart, which halves the chain of dependent operations.

    >>> tail_parts(0.0)
    (0.5, 1.0)
    """
    if not 0.0 <= x < TAIL_END:
        if x >= TAIL_END:
            return INVERSE_ROOT_TWO_PI, x
        return nan, nan
    y = x * x
    top = ((((A10 * y + A8) * y + A6) * y + A4) * y + A2) * y + A0
    top += x * ((((A9 * y + A7) * y + A5) * y + A3) * y + A1)
    low = ((((B10 * y + B8) * y + B6) * y + B4) * y + B2) * y + 1.0
    low += x * (((((B11 * y + B9) * y + B7) * y + B5) * y + B3) * y + B1)
    return top, low


def scaled_tail(x: float) -> float:
    """Return ``N(-x) exp(x*x/2)`` for x >= 0, within 3 ulp; nan for x < 0 and for nan.

    It is the Mills ratio over ``sqrt(2 pi)``, and half of ``erfcx(x / sqrt(2))``.

    Source: Mills 1926 for the ratio; the rational is a minimax fit of ours, found and checked by
    ``tests/oracles/fit_scaled_tail.py``.

    >>> scaled_tail(0.0)
    0.5
    """
    top, low = tail_parts(x)
    return top / low


def norm_pdf(x: float) -> float:
    """Return the density of the standard normal distribution.

    >>> norm_pdf(0.0)
    0.3989422804014327
    """
    return INVERSE_ROOT_TWO_PI * exp(-0.5 * x * x)


def norm_cdf(x: float) -> float:
    """Return the probability that a standard normal variable is at most `x`.

    Absolute error below 2 ulp of 1; relative error in the lower tail below ``4 + x*x`` ulp,
    of the order that the rounding of `x` itself makes.

    >>> norm_cdf(0.0)
    0.5
    """
    tail = exp(-0.5 * x * x) * scaled_tail(abs(x))
    if x > 0.0:
        return 1.0 - tail
    return tail
