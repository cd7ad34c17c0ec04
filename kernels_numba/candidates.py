"""Twins of ``kernels_pure.candidates``."""

from kernels_numba._compile import compiled
from kernels_pure import candidates as pure

append_rows = compiled(pure.append_rows)
