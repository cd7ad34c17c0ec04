"""The twins: every kernel of `kernels_pure`, compiled by Numba, under the same names.

``kernels_numba.parity`` has what ``kernels_pure.parity`` has; most twin modules have no file and
are made by a loader (`_twins`). Importing this package imports those of the scan and compiles
nothing: a kernel is compiled on its first call, and by then each kernel that it calls has been
registered with Numba.
"""

from importlib import import_module

from kernels_numba import _twins
from kernels_pure import SCAN

DIFFERS: dict[str, str] = {
    "pricing.price_chain": "exp and log rebound, several rows at a time: kernel/price",
    "pricing.greeks_chain": "exp and log rebound, several rows at a time: kernel/price and Greeks",
    "reprice.reprice_chain": "exp rebound, several rows at a time: kernel/reprice",
    "second_order.second_order_chain": "as greeks_chain: kernel/second-order Greeks",
    "black.black_chain": "as greeks_chain: kernel/Black-76 price and Greeks",
    "black.black_second_chain": "as greeks_chain: kernel/Black-76 second-order Greeks",
    "implied.iv_chain": "two steps for every row, exp and log rebound: kernel/implied volatility",
}
"""Twins not bit-equal to their kernel, ``module.name`` to the reason and the benchmark that shows
what it pays. They only display: no candidate, gate, order or signal may rest on one."""

REWRITTEN: dict[str, str] = {
    "sweep.sweep_ma_cross": "a recurrence in each lane of a register: kernel/sweep",
}
"""Twins that are loops of their own and yet equal to the last bit, with the reason and the
benchmark that shows what it pays. They are compared with their kernels as all others are."""

_twins.install()
for _name in SCAN:
    import_module(f"kernels_numba.{_name}")
