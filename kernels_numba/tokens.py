"""Twins of ``kernels_pure.tokens``."""

from kernels_numba._compile import compiled
from kernels_pure import tokens as pure

refusal = compiled(pure.refusal)
is_special = compiled(pure.is_special)
past_space = compiled(pure.past_space)
past_string = compiled(pure.past_string)
past_digits = compiled(pure.past_digits)
past_decimal = compiled(pure.past_decimal)
past_whole = compiled(pure.past_whole)
past_word = compiled(pure.past_word)
past_value = compiled(pure.past_value)
is_trade_word = compiled(pure.is_trade_word)
