"""Twins of ``kernels_pure.rolls``."""

from kernels_numba._compile import compiled
from kernels_pure import rolls as pure

roll_floor = compiled(pure.roll_floor)
rolls_between = compiled(pure.rolls_between)
roll_hits = compiled(pure.roll_hits)
screened_roll_hits = compiled(pure.screened_roll_hits)
