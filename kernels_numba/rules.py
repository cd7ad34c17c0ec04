"""Twins of ``kernels_pure.rules``."""

import kernels_numba.windows  # noqa: F401 (registers what the kernels call)
from kernels_numba._compile import compiled
from kernels_pure import rules as pure

ma_cross_targets = compiled(pure.ma_cross_targets)
cross_target = compiled(pure.cross_target)
momentum_targets = compiled(pure.momentum_targets)
reversion_targets = compiled(pure.reversion_targets)
breakout_targets = compiled(pure.breakout_targets)
volatility_targets = compiled(pure.volatility_targets)
