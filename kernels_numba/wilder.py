"""Twins of ``kernels_pure.wilder``."""

from kernels_numba._compile import compiled
from kernels_pure import wilder as pure

relative_strength = compiled(pure.relative_strength)
rsi_step = compiled(pure.rsi_step)
rsi_run = compiled(pure.rsi_run)
rsi = compiled(pure.rsi)
true_range = compiled(pure.true_range)
atr_step = compiled(pure.atr_step)
atr_run = compiled(pure.atr_run)
atr = compiled(pure.atr)
