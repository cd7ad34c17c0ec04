"""Twins of ``kernels_pure.bars``."""

from kernels_numba._compile import compiled
from kernels_pure import bars as pure

fill_price = compiled(pure.fill_price)
cash_after = compiled(pure.cash_after)
units_wanted = compiled(pure.units_wanted)
trade = compiled(pure.trade)
trip_ended = compiled(pure.trip_ended)
backtest = compiled(pure.backtest)
