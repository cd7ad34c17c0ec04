"""Twins of ``kernels_pure.equity``."""

from kernels_numba._compile import compiled
from kernels_pure import equity as pure

years_spanned = compiled(pure.years_spanned)
bars_per_year = compiled(pure.bars_per_year)
max_drawdown = compiled(pure.max_drawdown)
drawdowns = compiled(pure.drawdowns)
return_sums = compiled(pure.return_sums)
sharpe_of = compiled(pure.sharpe_of)
sharpe = compiled(pure.sharpe)
sortino = compiled(pure.sortino)
growth_rate = compiled(pure.growth_rate)
calmar = compiled(pure.calmar)
win_rate = compiled(pure.win_rate)
profit_factor = compiled(pure.profit_factor)
