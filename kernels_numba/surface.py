"""Twins of ``kernels_pure.surface``."""

from kernels_numba._compile import compiled
from kernels_pure import surface as pure

butterfly_hits = compiled(pure.butterfly_hits)
roll_scale = compiled(pure.roll_scale)
