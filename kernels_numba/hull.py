"""Twins of `kernels_pure.hull`."""

from kernels_numba._compile import compiled
from kernels_pure import hull as pure

lower_hull = compiled(pure.lower_hull)
