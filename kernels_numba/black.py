"""Twins of `kernels_pure.black`."""

import kernels_numba.second_order  # noqa: F401 (its kernels are called here)
from kernels_numba._compile import compiled
from kernels_pure import black as pure

discount_terms = compiled(pure.discount_terms)
row_black = compiled(pure.row_black)
black_greeks = compiled(pure.black_greeks)
black_second_order = compiled(pure.black_second_order)
black_chain = compiled(pure.black_chain)
black_second_chain = compiled(pure.black_second_chain)
black_implied_vol = compiled(pure.black_implied_vol)
black_iv_chain = compiled(pure.black_iv_chain)
