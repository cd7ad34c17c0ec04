"""Every formula and every hot loop of the engine, once, in a subset of Python.

The rules of the subset, held by ``tests/kernels/test_subset.py``; ``docs/KERNELS.md`` gives the
reasons:

1. A kernel takes floats, ints and columns (``array('d'|'l'|'b')``), writes to columns of the
   caller named ``out_*`` (scratch columns ``work_*``), and returns nothing, a number or a flat
   tuple of numbers.
2. It imports names from ``math``, ``array`` and ``kernels_pure`` only.
3. It never raises. Outside its domain it gives ``nan``; every division, ``log``, ``sqrt`` and
   ``exp`` is guarded, because Python raises where compiled code goes on.
4. It uses no attributes, ``**``, ``in``, ``is``, default arguments, keywords, comprehensions or
   strings, and calls only ``range``, ``len``, ``abs``, ``min``, ``max``, ``int``, ``float``,
   the names imported from ``math``, and other kernels.
5. Indices are never negative; lengths are checked by the caller.

A module holds constants and functions, nothing that runs at import. A name with a leading
underscore is private to its module and has no twin of its own.
"""

SCAN: tuple[str, ...] = (
    "normal",
    "pricing",
    "implied",
    "hull",
    "envelope",
    "simplex",
    "forward",
    "parity",
    "pairs",
    "verticals",
    "notice",
    "partial",
    "rolls",
    "mixture",
    "surface",
    "calendars",
    "pair_screens",
    "screen",
    "cover",
    "candidates",
    "limits",
    "proceeds",
    "gates",
    "scoring",
    "capital",
    "rank",
)
"""The kernel modules of the scan: every backend binds them when it is chosen."""

LATER: tuple[str, ...] = (
    "ages",
    "box",
    "averages",
    "wilder",
    "rolling",
    "moments",
    "bands",
    "extremes",
    "vwap",
    "second_order",
    "black",
    "reprice",
    "escrow",
    "lattice",
    "quadrature",
    "exercise",
    "american",
    "svi",
    "svi_fit",
    "implied_carry",
    "windows",
    "rules",
    "equity",
    "bars",
    "sweep",
    "fills",
    "score",
    "ticks",
    "tokens",
    "usual",
    "messages",
)
"""The other kernel modules, which a backend imports when they are first asked for."""

MODULES = SCAN + LATER
"""All kernel modules; `kernels_numba` has one of the same name for each."""
