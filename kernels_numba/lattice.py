"""Twins of `kernels_pure.lattice`."""

import kernels_numba.escrow  # noqa: F401 (its kernels are called here)
from kernels_numba._compile import compiled
from kernels_pure import lattice as pure

step_back = compiled(pure.step_back)
step_over_dividend = compiled(pure.step_over_dividend)
exercise_level = compiled(pure.exercise_level)
lay_spots = compiled(pure.lay_spots)
smooth_tree = compiled(pure.smooth_tree)
american_lattice = compiled(pure.american_lattice)
american_sensitivities = compiled(pure.american_sensitivities)
