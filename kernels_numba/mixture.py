"""Twins of ``kernels_pure.mixture``."""

from kernels_numba._compile import compiled
from kernels_pure import mixture as pure

butterfly_edge = compiled(pure.butterfly_edge)
whole_cover = compiled(pure.whole_cover)
best_mixture = compiled(pure.best_mixture)
covered_later = compiled(pure.covered_later)
mixed_later = compiled(pure.mixed_later)
