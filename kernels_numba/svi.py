"""Twins of `kernels_pure.svi`."""

from kernels_numba._compile import compiled
from kernels_pure import svi as pure

svi_slopes = compiled(pure.svi_slopes)
svi_variance = compiled(pure.svi_variance)
svi_density = compiled(pure.svi_density)
svi_check = compiled(pure.svi_check)
svi_calendar = compiled(pure.svi_calendar)
