"""Twins of ``kernels_pure.verticals``."""

from kernels_numba._compile import compiled
from kernels_pure import verticals as pure

vertical_call_columns = compiled(pure.vertical_call_columns)
vertical_put_columns = compiled(pure.vertical_put_columns)
width_call_terms = compiled(pure.width_call_terms)
width_put_terms = compiled(pure.width_put_terms)
width_call_columns = compiled(pure.width_call_columns)
width_put_columns = compiled(pure.width_put_columns)
