"""Twins of `kernels_pure.pricing`."""

from kernels_numba._compile import compiled
from kernels_pure import pricing as pure

norm_pdf = compiled(pure.norm_pdf)
norm_cdf = compiled(pure.norm_cdf)
log_ratio = compiled(pure.log_ratio)
option_value = compiled(pure.option_value)
black_price = compiled(pure.black_price)
bs_price = compiled(pure.bs_price)
price_chain = compiled(pure.price_chain)
