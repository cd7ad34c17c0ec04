"""Twins of `kernels_pure.proceeds`."""

from kernels_numba._compile import compiled
from kernels_pure import proceeds as pure

order_shortfall = compiled(pure.order_shortfall)
package_usd = compiled(pure.package_usd)
