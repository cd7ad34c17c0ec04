"""Names for the columns that kernels take, for the type checker only.

A column is an ``array.array`` indexed by row. Numba reads it without a copy, PyPy indexes it at
the speed of compiled code, and ``numpy.frombuffer`` views it. At run time each name is a string,
because ``array[float]`` cannot be written there before Python 3.12.
"""

from array import array
from typing import TypeAlias

Floats: TypeAlias = "array[float]"
"""``array('d')``"""

Ints: TypeAlias = "array[int]"
"""``array('q')``"""

Flags: TypeAlias = "array[int]"
"""``array('b')``: rights (+1, -1), sides, truth values and small codes"""
