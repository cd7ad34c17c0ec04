"""Twins of `kernels_pure.reprice`."""

from kernels_numba._compile import compiled
from kernels_pure import reprice as pure

tail_parts = compiled(pure.tail_parts)
prepare_reprice = compiled(pure.prepare_reprice)
reprice_chain = compiled(pure.reprice_chain)
