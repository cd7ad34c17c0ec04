"""Twins of ``kernels_pure.moments``."""

import kernels_numba.rolling  # noqa: F401 (what these kernels call)
from kernels_numba._compile import compiled
from kernels_pure import moments as pure

moments_step = compiled(pure.moments_step)
fresh_moments = compiled(pure.fresh_moments)
moments_run = compiled(pure.moments_run)
moments = compiled(pure.moments)
rolling_std = compiled(pure.rolling_std)
zscore = compiled(pure.zscore)
rolling_zscore_step = compiled(pure.rolling_zscore_step)
rolling_zscore = compiled(pure.rolling_zscore)
