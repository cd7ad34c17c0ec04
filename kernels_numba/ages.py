"""Twins of `kernels_pure.ages`."""

from kernels_numba._compile import compiled
from kernels_pure import ages as pure

age_of = compiled(pure.age_of)
ages = compiled(pure.ages)
