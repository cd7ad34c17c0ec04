"""Names for the columns that kernels take, for the type checker, and the largest number.

A column is an ``array.array`` indexed by row. Numba reads it without a copy, PyPy indexes it at
the speed of compiled code, and ``numpy.frombuffer`` views it. Each name carries its type code, by
which twins are compiled ahead; the quotes are there because ``array[float]`` cannot be evaluated
before Python 3.12.
"""

from array import array
from typing import Annotated, TypeAlias

Floats: TypeAlias = Annotated["array[float]", "d"]
"""``array('d')``"""

Ints: TypeAlias = Annotated["array[int]", "l"]
"""``array('l')``, a C long of 64 bits; PyPy stores into ``array('q')`` by way of long integers"""

Flags: TypeAlias = Annotated["array[int]", "b"]
"""``array('b')``: rights (+1, -1), sides, truth values and small codes"""

Bytes: TypeAlias = Annotated[bytes, "B"]
"""``bytes``, read only: what a socket delivers. Indexing gives 0 to 255 on every runtime."""

LARGEST = 1.7976931348623157e308
"""The largest finite double. Compiled code asks ``x <= LARGEST`` with one comparison, ``x < inf``
with a dozen operations on bits."""

ROWS = (1 << 62) - 1
"""``i & ROWS`` is i: compiled code then need not ask whether a row counts from the end, and loads
neighbouring rows at once."""
