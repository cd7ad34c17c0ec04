"""Twins of `kernels_pure.implied`."""

from kernels_numba._compile import compiled
from kernels_pure import implied as pure

normal_deviation = compiled(pure.normal_deviation)
deviation_guess = compiled(pure.deviation_guess)
deviation_step = compiled(pure.deviation_step)
implied_deviation = compiled(pure.implied_deviation)
implied_vol = compiled(pure.implied_vol)
iv_chain = compiled(pure.iv_chain)
