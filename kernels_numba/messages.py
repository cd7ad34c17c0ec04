"""Twins of ``kernels_pure.messages``."""

import kernels_numba.tokens
import kernels_numba.usual  # noqa: F401 (both register what the kernels call)
from kernels_numba._compile import compiled
from kernels_pure import messages as pure

scan_fields = compiled(pure.scan_fields)
scan_trade = compiled(pure.scan_trade)
scan_trades = compiled(pure.scan_trades)
