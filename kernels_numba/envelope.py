"""Twins of `kernels_pure.envelope`."""

from kernels_numba._compile import compiled
from kernels_pure import envelope as pure

merge_hull = compiled(pure.merge_hull)
read_hull = compiled(pure.read_hull)
hull_screen = compiled(pure.hull_screen)
