"""Twins of `kernels_pure.reprice` that are more than their kernel compiled."""

from kernels_numba._rebound import rebuilt, vectorised
from kernels_pure import reprice as pure

reprice_chain = vectorised(rebuilt(pure.reprice_chain))
