"""Twins of `kernels_pure.simplex`."""

from kernels_numba._compile import compiled
from kernels_pure import simplex as pure

payoff_rows = compiled(pure.payoff_rows)
start_tableau = compiled(pure.start_tableau)
entering_column = compiled(pure.entering_column)
leaving_row = compiled(pure.leaving_row)
move_basis = compiled(pure.move_basis)
exchange = compiled(pure.exchange)
read_solution = compiled(pure.read_solution)
simplex = compiled(pure.simplex)
