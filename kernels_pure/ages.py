"""Ages of quotes, from the instants at which they and the life of their lines were received.

A source that sends changes only says nothing while a quote stays. What proves such a quote is the
life of its subscription: as long as the line has been up since the quote came, the last sign of
life proves the quote again. Instants are UTC nanoseconds, ages seconds.
"""

from math import nan

from kernels_pure.columns import ROWS, Floats, Ints

NO_LINE = 9_223_372_036_854_775_807
"""As the start of a line: none is up."""

NS_PER_SECOND = 1e9


def age_of(stamp: int, line: int, alive: int, now: int) -> float:
    """Return the age of a quote in seconds; nan where it is not known.

    Received at `stamp` (0: never), on a line that has been up since `line`, whose last sign of
    life was at `alive`. A quote from the future has no age that is known: the clock was set.

    >>> age_of(3_000_000_000, 0, 0, 5_500_000_000)
    2.5
    >>> age_of(3_000_000_000, 1_000_000_000, 5_000_000_000, 5_500_000_000)
    0.5
    >>> age_of(3_000_000_000, NO_LINE, 5_000_000_000, 5_500_000_000)
    2.5
    """
    proven = stamp
    if stamp >= line:
        proven = max(stamp, alive)
    if stamp <= 0 or proven > now:
        return nan
    return (now - proven) / NS_PER_SECOND


def ages(stamp: Ints, line: Ints, alive: int, now: int, out_age: Floats) -> None:
    """Write the age of every quote. O(quotes).

    >>> from array import array
    >>> age = array("d", [0.0, 0.0])
    >>> ages(array("l", [2_000_000_000, 0]), array("l", [0, 0]), 0, 3_000_000_000, age)
    >>> age
    array('d', [1.0, nan])
    """
    for q in range(len(stamp)):
        out_age[q & ROWS] = age_of(stamp[q & ROWS], line[q & ROWS], alive, now)
