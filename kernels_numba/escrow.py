"""Twins of `kernels_pure.escrow`."""

from kernels_numba._compile import compiled
from kernels_pure import escrow as pure

never_early = compiled(pure.never_early)
dividends_due = compiled(pure.dividends_due)
dividend_ahead = compiled(pure.dividend_ahead)
