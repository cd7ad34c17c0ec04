"""Twins of ``kernels_pure.pairs``."""

from kernels_numba._compile import compiled
from kernels_pure import pairs as pure

pair_hits = compiled(pure.pair_hits)
box_long_terms = compiled(pure.box_long_terms)
box_long_columns = compiled(pure.box_long_columns)
box_short_terms = compiled(pure.box_short_terms)
box_short_columns = compiled(pure.box_short_columns)
collar_low = compiled(pure.collar_low)
collar_columns = compiled(pure.collar_columns)
reverse_collar_high = compiled(pure.reverse_collar_high)
reverse_collar_columns = compiled(pure.reverse_collar_columns)
