"""Twins of ``kernels_pure.cover``."""

from kernels_numba._compile import compiled
from kernels_pure import cover as pure

merge_asks = compiled(pure.merge_asks)
dearer_bids = compiled(pure.dearer_bids)
screen_cover = compiled(pure.screen_cover)
