"""Twins of `kernels_pure.implied_carry`."""

from kernels_numba._compile import compiled
from kernels_pure import implied_carry as pure

implied_line = compiled(pure.implied_line)
implied_borrow = compiled(pure.implied_borrow)
