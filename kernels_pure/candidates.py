"""The candidate table: one row per position found, whatever its family, in columns."""

from kernels_pure.columns import Floats, Ints

N_LEGS = 4
"""Option legs per candidate; unused ones have quote index -1."""


def append_rows(
    hits: int,
    start: int,
    family: int,
    condition: int,
    shift: Ints,
    weight: Ints,
    which: Ints,
    stock: int,
    low: Ints,
    middle: Ints,
    high: Ints,
    edge: Floats,
    days: Floats,
    out_family: Ints,
    out_condition: Ints,
    out_quote: Ints,
    out_ratio: Ints,
    out_stock: Ints,
    out_unit: Ints,
    out_days: Floats,
    out_edge: Floats,
) -> None:
    """Write `hits` rows of one family as candidates from row `start` on.

    Leg l is the quote ``shift[l]`` above the row in `low`, `middle` or `high` (``which[l]`` is 0,
    1 or 2; -1 is no leg) with ratio ``weight[l]``. `days` is days to expiry by row of the chain; a
    candidate has the days of its last leg.
    """
    for h in range(hits):
        c = start + h
        longest = 0.0
        for leg in range(N_LEGS):
            source = which[leg]
            q = -1
            if source >= 0:
                row = low[h]
                if source == 1:
                    row = middle[h]
                elif source == 2:
                    row = high[h]
                q = row + shift[leg]
                longest = max(longest, days[row])
            out_quote[N_LEGS * c + leg] = q
            out_ratio[N_LEGS * c + leg] = weight[leg]
        out_family[c] = family
        out_condition[c] = condition
        out_stock[c] = stock
        out_unit[c] = 1
        out_days[c] = longest
        out_edge[c] = edge[h]
