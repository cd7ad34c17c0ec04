"""Twins of ``kernels_pure.extremes``."""

import kernels_numba.rolling  # noqa: F401 (what these kernels call)
from kernels_numba._compile import compiled
from kernels_pure import extremes as pure

larger = compiled(pure.larger)
suffixes = compiled(pure.suffixes)
extreme_step = compiled(pure.extreme_step)
extreme_block = compiled(pure.extreme_block)
extremes = compiled(pure.extremes)
rolling_max = compiled(pure.rolling_max)
rolling_min = compiled(pure.rolling_min)
percent_k = compiled(pure.percent_k)
stochastic_step = compiled(pure.stochastic_step)
stochastic = compiled(pure.stochastic)
