"""How many of something, in words."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """Return ``1 box``, ``2 boxes``, ``3 near misses``; `three legs` is the same of any number.

    >>> plural(2, "box"), plural(1, "conversion"), plural(0, "butterfly"), plural(21, "three legs")
    ('2 boxes', '1 conversion', '0 butterflies', '21 three legs')
    >>> plural(2, "day"), plural(1_500, "bar")
    ('2 days', '1,500 bars')
    """
    if count != 1 and not noun.endswith("legs"):
        if noun.endswith("y") and noun[-2:-1] not in "aeiou":
            noun = noun[:-1] + "ie"
        noun += "es" if noun.endswith(("x", "ss")) else "s"
    return f"{count:,} {noun}"
