"""Screens of two strikes of one expiry: how many lower strikes some upper strike completes.

As in `pairs`, a position is what its lower strike brings and what its upper one does: from above, a
running maximum holds the best of the strikes still to come. Parts of `screen.screen_chain`.

Source: SCANNER section 3; the finders are in `pairs`, `verticals`, `notice` and `partial`.
"""

from math import inf

from kernels_pure.columns import Floats
from kernels_pure.pairs import (
    box_long_terms,
    box_short_terms,
    collar_low,
    reverse_collar_high,
)
from kernels_pure.partial import mixed
from kernels_pure.verticals import width_call_terms, width_put_terms


def screen_boxes(
    start: int,
    stop: int,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    lend: float,
    borrow: float,
    late_call: float,
    night: float,
    is_european: int,
    floor: float,
) -> int:
    """Count the lower strikes of boxes. O(rows)."""
    n = len(strike)
    hits = 0
    top = -inf
    for row in range(stop - 1, start - 1, -1):
        low, high = box_long_terms(
            strike[row], receive[row], pay[row], receive[n + row], pay[n + row], borrow,
            late_call, night,
        )  # fmt: skip
        hits += low + top > floor
        if high > top:
            top = high
    if is_european > 0:
        top = -inf
        for row in range(stop - 1, start - 1, -1):
            low, high = box_short_terms(
                strike[row], receive[row], pay[row], receive[n + row], pay[n + row], lend
            )
            hits += low + top > floor
            if high > top:
                top = high
    return hits


def screen_collars(
    start: int,
    stop: int,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    buy: float,
    borrow: float,
    kept: float,
    floor: float,
) -> int:
    """Count the lower strikes of collars on long stock. O(rows)."""
    n = len(strike)
    hits = 0
    top = -inf
    for row in range(stop - 1, start - 1, -1):
        low = collar_low(strike[row], pay[n + row], buy, borrow, kept)
        hits += low + top > floor
        if receive[row] > top:
            top = receive[row]
    return hits


def screen_reverse_collars(
    start: int,
    stop: int,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    sell: float,
    lend: float,
    owed: float,
    now: float,
    now_value: float,
    floor: float,
) -> int:
    """Count the lower strikes of collars on short stock. O(rows)."""
    n = len(strike)
    hits = 0
    top = top_early = -inf
    for row in range(stop - 1, start - 1, -1):
        k = strike[row]
        credit = sell + receive[n + row]
        if credit + top > floor:
            early = max(lend * k + owed, now * k + now_value)
            hits += credit - early + top_early > floor
        high = reverse_collar_high(k, pay[row], lend, owed)
        if high > top:
            top = high
        if -pay[row] > top_early:
            top_early = -pay[row]
    return hits


def screen_widths(
    start: int,
    stop: int,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    discount: float,
    late_call: float,
    night: float,
    floor: float,
) -> int:
    """Count the lower strikes of verticals sold for more than their width. O(rows)."""
    n = len(strike)
    hits = 0
    top = -inf
    for row in range(stop - 1, start - 1, -1):
        low, high = width_call_terms(strike[row], receive[row], pay[row], discount, late_call)
        hits += low + top > floor
        if high > top:
            top = high
    top = -inf
    for row in range(stop - 1, start - 1, -1):
        low, high = width_put_terms(strike[row], receive[n + row], pay[n + row], discount, night)
        hits += low + top > floor
        if high > top:
            top = high
    return hits


def screen_spreads(
    start: int,
    stop: int,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    borrow: float,
    floor: float,
) -> int:
    """Count the lower strikes of long boxes, or of three of their legs, at expiry.

    A sold option that nobody bids for counts as given away: then it is three legs. O(rows).
    """
    n = len(strike)
    hits = 0
    top = -inf
    for row in range(stop - 1, start - 1, -1):
        worth = borrow * strike[row]
        low = -pay[row] - worth
        if receive[n + row] > 0.0:
            low += receive[n + row]
        hits += low + top > floor
        high = worth - pay[n + row]
        if receive[row] > 0.0:
            high += receive[row]
        if high > top:
            top = high
    return hits


def screen_three_legs(
    start: int,
    stop: int,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    borrow: float,
    floor: float,
) -> int:
    """Count the lower strikes of a spread and an option that covers it, at expiry. O(rows)."""
    n = len(strike)
    hits = 0
    top = -inf
    top_call = -inf
    for row in range(stop - 1, start - 1, -1):
        worth = borrow * strike[row]
        low = -pay[row] - worth
        hits += low + top > floor
        hits += low + receive[n + row] + top_call > floor
        high = worth - pay[n + row]
        if high + receive[row] > top:
            top = high + receive[row]
        if high > top_call:
            top_call = high
    return hits


def screen_mixes(
    start: int,
    stop: int,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    buy: float,
    borrow: float,
    kept: float,
    hold: int,
    hold_end: int,
    hold_discount: Floats,
    hold_value: Floats,
    floor: float,
) -> int:
    """Count the sold calls that two puts may cover together with the stock. O(rows x eves)."""
    n = len(strike)
    hits = 0
    highest = mean = -inf
    for row in range(start, stop):
        if pay[n + row] > 0.0:
            end = borrow * strike[row] + kept - pay[n + row]
            highest = max(highest, end)
            mean = max(mean, mixed(end, -pay[n + row]))
        base = receive[row] - buy
        if base + highest > floor:
            early = inf
            for b in range(hold, hold_end):
                early = min(early, hold_discount[b] * strike[row] + hold_value[b])
            hits += base + mixed(0.0, early) + mean > floor
    return hits
