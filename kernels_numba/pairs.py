"""Twins of ``kernels_pure.pairs``."""

from kernels_numba._compile import compiled
from kernels_pure import pairs as pure

pair_hits = compiled(pure.pair_hits)
box_long_columns = compiled(pure.box_long_columns)
box_short_columns = compiled(pure.box_short_columns)
collar_columns = compiled(pure.collar_columns)
reverse_collar_columns = compiled(pure.reverse_collar_columns)
vertical_call_columns = compiled(pure.vertical_call_columns)
vertical_put_columns = compiled(pure.vertical_put_columns)
width_call_columns = compiled(pure.width_call_columns)
width_put_columns = compiled(pure.width_put_columns)
