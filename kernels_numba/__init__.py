"""The twins: every kernel of `kernels_pure`, compiled by Numba, under the same names.

Importing this package imports the twin modules of the scan and compiles nothing: a kernel is
compiled on its first call, and by then each kernel that it calls has been registered with Numba.
A twin module outside the scan imports those that its kernels call.
"""

from importlib import import_module

from kernels_pure import SCAN

DIFFERS: dict[str, str] = {}
"""Twins not bit-equal to their kernel, ``module.name`` to the reason. They only display."""

for _name in SCAN:
    import_module(f"kernels_numba.{_name}")
