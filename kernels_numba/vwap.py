"""Twins of ``kernels_pure.vwap``."""

import kernels_numba.rolling  # noqa: F401 (what these kernels call)
from kernels_numba._compile import compiled
from kernels_pure import vwap as pure

session_sums = compiled(pure.session_sums)
session_price = compiled(pure.session_price)
session_vwap_step = compiled(pure.session_vwap_step)
session_vwap = compiled(pure.session_vwap)
weighed = compiled(pure.weighed)
weighed_sums = compiled(pure.weighed_sums)
window_price = compiled(pure.window_price)
rolling_vwap_step = compiled(pure.rolling_vwap_step)
rolling_vwap = compiled(pure.rolling_vwap)
