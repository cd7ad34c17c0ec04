"""Twins of ``kernels_pure.averages``."""

from kernels_numba._compile import compiled
from kernels_pure import averages as pure

ema_step = compiled(pure.ema_step)
ema_run = compiled(pure.ema_run)
ema = compiled(pure.ema)
macd_step = compiled(pure.macd_step)
macd_run = compiled(pure.macd_run)
macd = compiled(pure.macd)
