"""Twins of ``kernels_pure.limits``."""

from kernels_numba._compile import compiled
from kernels_pure import limits as pure

leg_spread = compiled(pure.leg_spread)
is_wide = compiled(pure.is_wide)
usable_quotes = compiled(pure.usable_quotes)
affordable_lots = compiled(pure.affordable_lots)
