"""Twins of `kernels_pure.svi_fit`."""

import kernels_numba.svi  # noqa: F401 (its kernels are called here)
from kernels_numba._compile import compiled
from kernels_pure import svi_fit as pure

edge_minimum = compiled(pure.edge_minimum)
svi_inner = compiled(pure.svi_inner)
svi_error = compiled(pure.svi_error)
svi_search = compiled(pure.svi_search)
svi_fit = compiled(pure.svi_fit)
