"""Twins of ``kernels_pure.usual``."""

import kernels_numba.tokens  # noqa: F401 (registers what the kernels call)
from kernels_numba._compile import compiled
from kernels_pure import usual as pure

is_usual_key = compiled(pure.is_usual_key)
is_usual_start = compiled(pure.is_usual_start)
is_usual_end = compiled(pure.is_usual_end)
four_digits = compiled(pure.four_digits)
usual_time = compiled(pure.usual_time)
up_to_four = compiled(pure.up_to_four)
up_to_eight = compiled(pure.up_to_eight)
usual_id = compiled(pure.usual_id)
plain_characters = compiled(pure.plain_characters)
usual_symbol_end = compiled(pure.usual_symbol_end)
usual_decimal = compiled(pure.usual_decimal)
scan_usual = compiled(pure.scan_usual)
