"""Twins of ``kernels_pure.usual``."""

import kernels_numba.tokens  # noqa: F401 (registers what the kernels call)
from kernels_numba._compile import compiled
from kernels_pure import usual as pure

is_usual_key = compiled(pure.is_usual_key)
is_usual_start = compiled(pure.is_usual_start)
four_digits = compiled(pure.four_digits)
usual_time = compiled(pure.usual_time)
usual_symbol_end = compiled(pure.usual_symbol_end)
usual_id = compiled(pure.usual_id)
usual_decimal = compiled(pure.usual_decimal)
usual_head = compiled(pure.usual_head)
usual_price = compiled(pure.usual_price)
usual_tail = compiled(pure.usual_tail)
