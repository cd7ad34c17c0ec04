"""Twins of ``kernels_pure.gates``."""

from kernels_numba._compile import compiled
from kernels_pure import gates as pure

gate_row = compiled(pure.gate_row)
gate_rows = compiled(pure.gate_rows)
