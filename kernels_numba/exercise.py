"""Twins of `kernels_pure.exercise`."""

from kernels_numba._compile import compiled
from kernels_pure import exercise as pure

boundary_start = compiled(pure.boundary_start)
boundary_end = compiled(pure.boundary_end)
boundary_guess = compiled(pure.boundary_guess)
boundary_terms = compiled(pure.boundary_terms)
interpolate = compiled(pure.interpolate)
boundary_round = compiled(pure.boundary_round)
put_boundary = compiled(pure.put_boundary)
