"""Twins of `kernels_pure.forward`."""

from kernels_numba._compile import compiled
from kernels_pure import forward as pure

parity_width = compiled(pure.parity_width)
parity_point = compiled(pure.parity_point)
