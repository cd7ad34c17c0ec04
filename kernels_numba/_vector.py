"""``exp``, ``log`` and the tail without branches and calls: LLVM computes several at once.

Only rebound twins use them (`_rebound`). Every relative error is within 2 eps, the arguments being
those that kernels have: what overflows or is not positive has been sorted out before, and nan stays
nan. A double's exponent is taken from its bits and put there by integer adds and shifts, because
below AVX-512 no instruction converts several 64-bit integers.

Source: Cody and Waite 1980 (reduction of the argument); Sun's fdlibm (the series of the logarithm).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from kernels_pure.normal import (
    A0,
    A1,
    A2,
    A3,
    A4,
    A5,
    A6,
    A7,
    A8,
    A9,
    A10,
    B1,
    B2,
    B3,
    B4,
    B5,
    B6,
    B7,
    B8,
    B9,
    B10,
    B11,
)

LOG2_E = 1.4426950408889634
# ln 2 in two parts: multiples of the first by an exponent are exact.
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
# Added to a number below 2**51, it leaves the nearest whole number in the low bits.
MAGIC = 6755399441055744.0
LEAST_EXPONENT = -708.0
MOST_EXPONENT = 709.79
# Beyond this what the tail is times is 0; the product of two denominators does not overflow.
TAIL_LIMIT = 1e12

I64 = ir.IntType(64)
F64 = ir.DoubleType()


def _whole(value: int) -> ir.Constant:
    return ir.Constant(I64, value)


@intrinsic  # type: ignore[untyped-decorator]
def half_power(_context: Any, _shifted: Any) -> Any:
    """Return ``2**(k - 1)`` of ``MAGIC + k``, -1022 < k <= 1024."""

    def build(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        exponent = builder.add(builder.bitcast(args[0], I64), _whole(1022))
        return builder.bitcast(builder.shl(exponent, _whole(52)), F64)

    return types.float64(types.float64), build


@intrinsic  # type: ignore[untyped-decorator]
def parts(_context: Any, _x: Any) -> Any:
    """Return a mantissa between the roots of 0.5 and 2, and the exponent, of a normal number."""
    pair = types.UniTuple(types.float64, 2)

    def build(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        bits = builder.bitcast(args[0], I64)
        above_root = builder.sub(bits, _whole(0x3FE6A09E667F3BCD))
        exponent = builder.and_(above_root, _whole(-(1 << 52)))
        mantissa = builder.bitcast(builder.sub(bits, exponent), F64)
        # The exponent, plus 1024, becomes the low bits of 2**52.
        low = builder.lshr(builder.add(above_root, _whole(1 << 62)), _whole(52))
        number = builder.bitcast(builder.or_(low, _whole(0x4330000000000000)), F64)
        number = builder.fsub(number, ir.Constant(F64, 4503599627371520.0))
        return target.make_tuple(builder, signature.return_type, [mantissa, number])

    return pair(types.float64), build


def exp(x: float) -> float:
    """Return ``exp(x)`` for x up to 709.78; 0 below -708, where results are hardly normal."""
    y = x
    if y < LEAST_EXPONENT:
        y = LEAST_EXPONENT
    if y > MOST_EXPONENT:
        y = MOST_EXPONENT
    shifted = y * LOG2_E + MAGIC
    k = shifted - MAGIC
    r = (y - k * LN2_HIGH) - k * LN2_LOW
    q = r * r
    first = (1.0 + r) + q * (0.5 + r * (1.0 / 6.0))
    second = (1.0 / 24.0 + r * (1.0 / 120.0)) + q * (1.0 / 720.0 + r * (1.0 / 5040.0))
    third = (1.0 / 40320.0 + r * (1.0 / 362880.0)) + q * (
        (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) + q * (1.0 / 479001600.0)
    )
    w = q * q
    power: float = half_power(shifted)
    result = (first + w * (second + w * third)) * power * 2.0
    if x < LEAST_EXPONENT:
        result = 0.0
    return result


def log(x: float) -> float:
    """Return ``ln(x)`` of a positive normal number."""
    mantissa: float
    k: float
    mantissa, k = parts(x)
    f = mantissa - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (
        3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01)
    )
    odd = z * (
        6.666666666666735130e-01
        + w
        * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    half = 0.5 * f * f
    return k * LN2_HIGH - ((half - (s * (half + (even + odd)) + k * LN2_LOW)) - f)


def tail_parts(x: float) -> tuple[float, float]:
    """Return `kernels_pure.normal.tail_parts` of x >= 0: the same two polynomials alone."""
    if x > TAIL_LIMIT:
        x = TAIL_LIMIT
    y = x * x
    top = ((((A10 * y + A8) * y + A6) * y + A4) * y + A2) * y + A0
    top += x * ((((A9 * y + A7) * y + A5) * y + A3) * y + A1)
    low = ((((B10 * y + B8) * y + B6) * y + B4) * y + B2) * y + 1.0
    low += x * (((((B11 * y + B9) * y + B7) * y + B5) * y + B3) * y + B1)
    return top, low
