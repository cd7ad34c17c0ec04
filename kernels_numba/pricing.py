"""Twins of `kernels_pure.pricing`."""

from kernels_numba._compile import compiled
from kernels_pure import pricing as pure

bounded_exp = compiled(pure.bounded_exp)
log_ratio = compiled(pure.log_ratio)
option_parts = compiled(pure.option_parts)
black_price = compiled(pure.black_price)
carry_terms = compiled(pure.carry_terms)
bs_price = compiled(pure.bs_price)
price_and_greeks = compiled(pure.price_and_greeks)
bs_greeks = compiled(pure.bs_greeks)
price_chain = compiled(pure.price_chain)
greeks_chain = compiled(pure.greeks_chain)
