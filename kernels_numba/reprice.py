"""Twins of `kernels_pure.reprice`."""

from kernels_numba._compile import compiled
from kernels_numba._rebound import rebuilt, vectorised
from kernels_pure import reprice as pure

prepare_reprice = compiled(pure.prepare_reprice)
reprice_chain = vectorised(rebuilt(pure.reprice_chain))
