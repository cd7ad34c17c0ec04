"""Twins of ``kernels_pure.sweep``."""

import kernels_numba.bars
import kernels_numba.equity
import kernels_numba.rules
import kernels_numba.windows  # noqa: F401 (registers what the kernels call)
from kernels_numba._compile import compiled
from kernels_pure import sweep as pure

lasting_side = compiled(pure.lasting_side)
ma_cross_backtest = compiled(pure.ma_cross_backtest)
ma_cross_run = compiled(pure.ma_cross_run)
sweep_ma_cross = compiled(pure.sweep_ma_cross)
