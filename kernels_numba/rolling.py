"""Twins of ``kernels_pure.rolling``."""

from kernels_numba._compile import compiled
from kernels_pure import rolling as pure

window_sums = compiled(pure.window_sums)
sma_step = compiled(pure.sma_step)
sma_run = compiled(pure.sma_run)
sma = compiled(pure.sma)
keep_window = compiled(pure.keep_window)
