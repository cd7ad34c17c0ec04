"""Twins of ``kernels_pure.cover``."""

from kernels_numba._compile import compiled
from kernels_pure import cover as pure

merge_asks = compiled(pure.merge_asks)
has_dearer_bid = compiled(pure.has_dearer_bid)
screen_cover = compiled(pure.screen_cover)
