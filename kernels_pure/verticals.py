"""Verticals: two options of one right and expiry, worth at least 0 and at most their width.

The kernels write the columns from which `pairs.pair_hits` finds the pairs. Quotes come net of fees,
by quote index; nan is absent and never hits.

Source: SCANNER section 3; Merton 1973.
"""

from kernels_pure.columns import Floats, Ints


def vertical_call_columns(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    discount_borrow: Floats,
    late_call: Floats,
    out_low: Floats,
    out_high: Floats,
    out_low_early: Floats,
    out_high_early: Floats,
) -> None:
    """Write the columns of bought lower and sold upper calls: worth at least 0.

    American: assigned late, they bring the width less one dividend.
    """
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            worth = discount_borrow[e] * strike[row]
            out_low[row] = -pay[row]
            out_high[row] = receive[row]
            out_low_early[row] = -pay[row] - worth - late_call[e]
            out_high_early[row] = receive[row] + worth


def vertical_put_columns(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    discount_borrow: Floats,
    night: Floats,
    out_low: Floats,
    out_high: Floats,
    out_low_early: Floats,
    out_high_early: Floats,
) -> None:
    """Write the columns of sold lower and bought upper puts: worth at least 0.

    American: assigned late, they bring the width less the night's interest on the sold strike.
    """
    n = len(strike)
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            k = strike[row]
            worth = discount_borrow[e] * k
            out_low[row] = receive[n + row]
            out_high[row] = -pay[n + row]
            out_low_early[row] = receive[n + row] - worth - night[e] * k
            out_high_early[row] = -pay[n + row] + worth


def width_call_terms(
    k: float, receive: float, pay: float, discount: float, late_call: float
) -> tuple[float, float]:
    """Return what one strike brings as the sold lower and as the bought upper call."""
    cost = discount * k
    return receive + cost - late_call, -pay - cost


def width_put_terms(
    k: float, receive: float, pay: float, discount: float, night: float
) -> tuple[float, float]:
    """Return what one strike brings as the bought lower and as the sold upper put."""
    cost = discount * k
    return -pay + cost, receive - cost - night * k


def width_call_columns(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    discount: Floats,
    late_call: Floats,
    out_low: Floats,
    out_high: Floats,
) -> None:
    """Write the columns of sold lower and bought upper calls: they cost at most the width."""
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            out_low[row], out_high[row] = width_call_terms(
                strike[row], receive[row], pay[row], discount[e], late_call[e]
            )


def width_put_columns(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    discount: Floats,
    night: Floats,
    out_low: Floats,
    out_high: Floats,
) -> None:
    """Write the columns of bought lower and sold upper puts: they cost at most the width."""
    n = len(strike)
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            out_low[row], out_high[row] = width_put_terms(
                strike[row], receive[n + row], pay[n + row], discount[e], night[e]
            )
