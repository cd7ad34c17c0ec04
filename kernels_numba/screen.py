"""Twins of ``kernels_pure.screen``."""

from kernels_numba._compile import compiled
from kernels_pure import screen as pure

screen_rows = compiled(pure.screen_rows)
screen_pairs = compiled(pure.screen_pairs)
screen_rolls = compiled(pure.screen_rolls)
