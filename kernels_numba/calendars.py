"""Twins of ``kernels_pure.calendars``."""

from kernels_numba._compile import compiled
from kernels_pure import calendars as pure

calendar_hits = compiled(pure.calendar_hits)
calendar_butterfly_hits = compiled(pure.calendar_butterfly_hits)
