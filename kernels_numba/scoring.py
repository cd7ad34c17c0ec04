"""Twins of ``kernels_pure.scoring``."""

from kernels_numba._compile import compiled
from kernels_pure import scoring as pure

fill_factor = compiled(pure.fill_factor)
leg_out_loss = compiled(pure.leg_out_loss)
annualised_return = compiled(pure.annualised_return)
opportunity_score = compiled(pure.opportunity_score)
sigma_move = compiled(pure.sigma_move)
exercise_threshold = compiled(pure.exercise_threshold)
top_rows = compiled(pure.top_rows)
profit_part = compiled(pure.profit_part)
liquidity_part = compiled(pure.liquidity_part)
spread_part = compiled(pure.spread_part)
time_part = compiled(pure.time_part)
reward_part = compiled(pure.reward_part)
