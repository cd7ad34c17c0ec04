"""Twins of ``kernels_pure.parity``."""

from kernels_numba._compile import compiled
from kernels_pure import parity as pure

net_prices = compiled(pure.net_prices)
row_hits = compiled(pure.row_hits)
conversion_edge = compiled(pure.conversion_edge)
reversal_edge = compiled(pure.reversal_edge)
intrinsic_call_edge = compiled(pure.intrinsic_call_edge)
intrinsic_put_edge = compiled(pure.intrinsic_put_edge)
conversion_hits = compiled(pure.conversion_hits)
reversal_hits = compiled(pure.reversal_hits)
intrinsic_call_hits = compiled(pure.intrinsic_call_hits)
intrinsic_put_hits = compiled(pure.intrinsic_put_hits)
call_bound_hits = compiled(pure.call_bound_hits)
put_bound_hits = compiled(pure.put_bound_hits)
