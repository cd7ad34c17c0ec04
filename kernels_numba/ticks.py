"""Twins of ``kernels_pure.ticks``."""

import kernels_numba.windows  # noqa: F401 (registers what the kernels call)
from kernels_numba._compile import compiled
from kernels_pure import ticks as pure

start_ticks = compiled(pure.start_ticks)
ring_moments = compiled(pure.ring_moments)
tick_signal = compiled(pure.tick_signal)
on_trade = compiled(pure.on_trade)
on_trades = compiled(pure.on_trades)
