"""Twins of `kernels_pure.quadrature`."""

from kernels_numba._compile import compiled
from kernels_pure import quadrature as pure

cosine = compiled(pure.cosine)
legendre_point = compiled(pure.legendre_point)
blend_row = compiled(pure.blend_row)
american_rule = compiled(pure.american_rule)
