"""Twins of ``kernels_pure.gates``."""

from kernels_numba._compile import compiled
from kernels_pure import gates as pure

order_shortfall = compiled(pure.order_shortfall)
package_usd = compiled(pure.package_usd)
leg_spread = compiled(pure.leg_spread)
is_wide = compiled(pure.is_wide)
gate_row = compiled(pure.gate_row)
gate_rows = compiled(pure.gate_rows)
usable_quotes = compiled(pure.usable_quotes)
