"""Twins of ``kernels_pure.windows``."""

from kernels_numba._compile import compiled
from kernels_pure import windows as pure

window_sum = compiled(pure.window_sum)
window_moments = compiled(pure.window_moments)
slide = compiled(pure.slide)
