"""Twins of ``kernels_pure.bands``."""

import kernels_numba.moments
import kernels_numba.rolling  # noqa: F401 (what these kernels call)
from kernels_numba._compile import compiled
from kernels_pure import bands as pure

bollinger_step = compiled(pure.bollinger_step)
bollinger = compiled(pure.bollinger)
log_return = compiled(pure.log_return)
annual_root = compiled(pure.annual_root)
realised_vol_step = compiled(pure.realised_vol_step)
realised_vol = compiled(pure.realised_vol)
