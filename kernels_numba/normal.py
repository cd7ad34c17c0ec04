"""Twins of `kernels_pure.normal`."""

from kernels_numba._compile import compiled
from kernels_pure import normal as pure

tail_parts = compiled(pure.tail_parts)
scaled_tail = compiled(pure.scaled_tail)
norm_pdf = compiled(pure.norm_pdf)
norm_cdf = compiled(pure.norm_cdf)
