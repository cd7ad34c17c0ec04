"""Twins of `kernels_pure.american`."""

import kernels_numba.escrow
import kernels_numba.exercise  # noqa: F401 (their kernels are called here)
from kernels_numba._compile import compiled
from kernels_pure import american as pure

early_premium = compiled(pure.early_premium)
american_price = compiled(pure.american_price)
american_vega_rho = compiled(pure.american_vega_rho)
american_chain = compiled(pure.american_chain)
