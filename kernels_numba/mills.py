"""Twins of `kernels_pure.mills`."""

from kernels_numba._compile import compiled
from kernels_pure import mills as pure

exp_minus = compiled(pure.exp_minus)
mills_ratio = compiled(pure.mills_ratio)
