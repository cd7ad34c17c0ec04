"""Twins of `kernels_pure.second_order`."""

from kernels_numba._compile import compiled
from kernels_pure import second_order as pure

second_greeks = compiled(pure.second_greeks)
row_second_order = compiled(pure.row_second_order)
bs_second_order = compiled(pure.bs_second_order)
second_order_chain = compiled(pure.second_order_chain)
