"""The screen: which families may have anything in which expiry, so that only there is searched.

One call for a chain. It goes over the rows of an expiry family by family, with the same formulas as
the kernels that find positions, and flags a family that may have an edge above `floor`. An absent
flag is exact: the family has no candidate there. Early exercise that only lowers an edge is left
out where it is dear to ask, so a flag is a reason to search.

One small loop for each family: on PyPy one loop over all of them, with its running maxima, takes
twice as long. Quotes come net of fees, by quote index; nan is absent and never counts. Columns by
expiry are those of ``engine.market.terms``.

Source: SCANNER section 3; the finders are in `parity`, `pairs`, `verticals` and `rolls`.
"""

from math import inf

from kernels_pure.columns import ROWS, Floats, Ints
from kernels_pure.pair_screens import (
    screen_boxes,
    screen_collars,
    screen_mixes,
    screen_reverse_collars,
    screen_spreads,
    screen_three_legs,
    screen_widths,
)
from kernels_pure.parity import (
    conversion_edge,
    intrinsic_call_edge,
    intrinsic_put_edge,
    reversal_edge,
)
from kernels_pure.rolls import screen_rolls

# What the flags of an expiry are sums of.
CONVERSION = 1
REVERSAL = 2
INTRINSIC = 4
UPPER_BOUND = 8
BOX = 16
COLLAR = 32
REVERSE_COLLAR = 64
VERTICAL_WIDTH = 128
JELLY_ROLL = 256
THREE_LEGS = 512
PARTIAL_BOX = 1024
COVERED_MIX = 2048

# The parts of an expiry of which early dates are judged by two strikes each.
PARTS = 4
# What sums in another order may differ by, of the largest amount in them; and at least.
ROUNDING = 1e-12
SLACK = 1e-9


def screen_conversions(
    start: int,
    stop: int,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    buy: float,
    discount: float,
    kept: float,
    hold: int,
    hold_end: int,
    hold_discount: Floats,
    hold_value: Floats,
    floor: float,
    slack: float,
) -> tuple[int, int]:
    """Count the conversions of an expiry; the call may be called away on an eve.

    Returns how many there are, and how many there were without the eves and with an edge `slack`
    lower. O(rows x eves).
    """
    n = len(strike)
    hits = 0
    for i in range(start, stop):
        row = i & ROWS
        value = discount * strike[row] + kept
        hits += conversion_edge(pay[(n + row) & ROWS], receive[row], buy, value) > floor - slack
    held = hits
    if hits > 0 and hold < hold_end:
        hits = 0
        for row in range(start, stop):
            value = discount * strike[row] + kept
            if conversion_edge(pay[n + row], receive[row], buy, value) > floor:
                for b in range(hold, hold_end):
                    value = min(value, hold_discount[b] * strike[row] + hold_value[b])
                hits += conversion_edge(pay[n + row], receive[row], buy, value) > floor
    return hits, held


def screen_reversals(
    start: int,
    stop: int,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    sell: float,
    discount: float,
    owed: float,
    now: float,
    now_value: float,
    floor: float,
) -> int:
    """Count the reversals whose put may be assigned on the first of its dates only. O(rows)."""
    n = len(strike)
    hits = 0
    for i in range(start, stop):
        row = i & ROWS
        cost = discount * strike[row] + owed
        early = now * strike[row] + now_value
        if early > cost:
            cost = early
        hits += reversal_edge(receive[(n + row) & ROWS], pay[row], sell, cost) > floor
    return hits


def screen_intrinsic(
    start: int,
    stop: int,
    strike: Floats,
    pay: Floats,
    buy: float,
    sell: float,
    lend: float,
    borrow: float,
    kept: float,
    owed: float,
    floor: float,
) -> int:
    """Count the options that cost less than what exercise at one date brings. O(rows)."""
    n = len(strike)
    hits = 0
    for i in range(start, stop):
        row = i & ROWS
        cost = lend * strike[row] + owed
        hits += intrinsic_call_edge(pay[row], sell, cost) > floor
        value = borrow * strike[row] + kept
        hits += intrinsic_put_edge(pay[(n + row) & ROWS], buy, value) > floor
    return hits


def best_early(
    k: float,
    stock: float,
    side: float,
    branch: int,
    branch_end: int,
    discount: Floats,
    value: Floats,
) -> float:
    """Return what the best early date brings at strike `k`; `side` 1 for calls. O(dates)."""
    best = -inf
    for b in range(branch, branch_end):
        brings = side * (stock - (discount[b] * k + value[b]))
        if brings > best:
            best = brings
    return best


def screen_early(
    start: int,
    stop: int,
    strike: Floats,
    pay: Floats,
    shift: int,
    stock: float,
    side: float,
    branch: int,
    branch_end: int,
    discount: Floats,
    value: Floats,
    floor: float,
) -> int:
    """Count the options worth exercising on an early date: calls with `side` 1, puts with -1.

    `shift` is 0 for calls, ``len(strike)`` for puts; `stock` what shares sold bring or bought cost.
    The best of several dates is convex in the strike, so between two strikes it lies below their
    chord: dates are tried one by one only where an option is cheaper than that.
    O(rows), O(rows x dates) where there may be one.
    """
    hits = 0
    if branch < branch_end and start < stop:
        left = start
        low = best_early(strike[left], stock, side, branch, branch_end, discount, value)
        for part in range(PARTS):
            right = start + (stop - 1 - start) * (part + 1) // PARTS
            high = best_early(strike[right], stock, side, branch, branch_end, discount, value)
            base = strike[left]
            width = strike[right] - base
            slope = 0.0
            if width > 0.0:
                slope = (high - low) / width
            slack = ROUNDING * (stock + strike[right] + abs(low) + abs(high))
            limit = floor - slack - low
            for i in range(left, right + 1):
                row = i & ROWS
                hits += slope * (strike[row] - base) - pay[(shift + row) & ROWS] > limit
            left = right
            low = high
    if hits > 0:
        hits = 0
        for b in range(branch, branch_end):
            for i in range(start, stop):
                row = i & ROWS
                strikes = discount[b] * strike[row] + value[b]
                hits += side * (stock - strikes) - pay[(shift + row) & ROWS] > floor
    return hits


def screen_bounds(
    start: int,
    stop: int,
    strike: Floats,
    receive: Floats,
    most: float,
    discount: float,
    floor: float,
) -> int:
    """Count the options that sell for more than stock or strike. O(rows)."""
    n = len(strike)
    hits = 0
    for i in range(start, stop):
        row = i & ROWS
        hits += receive[row] - most > floor
        hits += receive[(n + row) & ROWS] - discount * strike[row] > floor
    return hits


def screen_chain(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    stock_pay: Floats,
    stock_receive: Floats,
    discount_lend: Floats,
    discount_borrow: Floats,
    div_in: Floats,
    div_out: Floats,
    stock_borrow: Floats,
    late_call: Floats,
    night: Floats,
    bound: Floats,
    discount: Floats,
    hold_first: Ints,
    hold_discount: Floats,
    hold_value: Floats,
    owe_first: Ints,
    owe_discount: Floats,
    owe_value: Floats,
    take_first: Ints,
    take_discount: Floats,
    take_value: Floats,
    give_first: Ints,
    give_discount: Floats,
    give_value: Floats,
    receipt_first: Ints,
    receipt_discount: Floats,
    receipt_div_in: Floats,
    receipt_owed: Floats,
    payment_first: Ints,
    payment_discount: Floats,
    payment_div_in: Floats,
    payment_owed: Floats,
    is_european: int,
    floor: float,
    out_flags: Ints,
    work_sold: Floats,
    work_bought: Floats,
    work_now: Floats,
) -> int:
    """Write the flags of every expiry; return those that any has, with that of rolls.

    `bound` and `discount` by expiry are what covers a sold call, and a sold put per strike. Without
    receipts there are no rolls. The work columns are those of `rolls.roll_sums`. A partial box may
    also be where a spread is bought for a credit, which `cover.screen_cover` tells. O(rows).
    """
    n = len(strike)
    union = 0
    for e in range(len(first) - 1):
        start = first[e]
        stop = first[e + 1]
        lend = discount_lend[e]
        borrow = discount_borrow[e]
        kept = div_in[e]
        owed = div_out[e] + stock_borrow[e]
        buy = stock_pay[e]
        sell = stock_receive[e]
        # Of the dates on which a put may be assigned the first, today, costs the most as a rule.
        now = 0.0
        now_value = -inf
        if owe_first[e] < owe_first[e + 1]:
            now = owe_discount[owe_first[e]]
            now_value = owe_value[owe_first[e]]
        flags = 0
        slack = SLACK
        if start < stop:
            slack += ROUNDING * strike[stop - 1]
        hits, held = screen_conversions(
            start, stop, strike, receive, pay, buy, borrow, kept, hold_first[e], hold_first[e + 1],
            hold_discount, hold_value, floor, slack,
        )  # fmt: skip
        if hits > 0:
            flags += CONVERSION
        hits = screen_reversals(
            start, stop, strike, receive, pay, sell, lend, owed, now, now_value, floor
        )
        if hits > 0:
            flags += REVERSAL
        hits = screen_intrinsic(
            start, stop, strike, pay, buy, sell, lend, borrow, kept, owed, floor
        )
        hits += screen_early(
            start, stop, strike, pay, 0, sell, 1.0, take_first[e], take_first[e + 1],
            take_discount, take_value, floor,
        )  # fmt: skip
        hits += screen_early(
            start, stop, strike, pay, n, buy, -1.0, give_first[e], give_first[e + 1],
            give_discount, give_value, floor,
        )  # fmt: skip
        if hits > 0:
            flags += INTRINSIC
        if screen_bounds(start, stop, strike, receive, bound[e], discount[e], floor) > 0:
            flags += UPPER_BOUND
        hits = 1
        if is_european < 1:
            hits = screen_spreads(start, stop, strike, receive, pay, borrow, floor - slack)
        if hits > 0:
            hits = screen_boxes(
                start, stop, strike, receive, pay, lend, borrow, late_call[e], night[e],
                is_european, floor - slack,
            )  # fmt: skip
            if hits > 0:
                flags += BOX
                if is_european < 1:
                    flags += PARTIAL_BOX
            if is_european < 1:
                hits = screen_three_legs(start, stop, strike, receive, pay, borrow, floor - slack)
                if hits > 0:
                    flags += THREE_LEGS
        hits = screen_collars(start, stop, strike, receive, pay, buy, borrow, kept, floor - slack)
        if hits > 0:
            flags += COLLAR
        if is_european < 1 and held + hits > 0 and hold_first[e] < hold_first[e + 1]:
            hits = screen_mixes(
                start, stop, strike, receive, pay, buy, borrow, kept, hold_first[e],
                hold_first[e + 1], hold_discount, hold_value, floor - slack,
            )  # fmt: skip
            if hits > 0:
                flags += COVERED_MIX
        hits = screen_reverse_collars(
            start, stop, strike, receive, pay, sell, lend, owed, now, now_value, floor
        )
        if hits > 0:
            flags += REVERSE_COLLAR
        hits = screen_widths(
            start, stop, strike, receive, pay, discount[e], late_call[e], night[e], floor
        )
        if hits > 0:
            flags += VERTICAL_WIDTH
        out_flags[e] = flags
        union = union | flags
    if len(receipt_discount) > 0:
        hits = screen_rolls(
            first, strike, receive, pay, receipt_first, receipt_discount, receipt_div_in,
            receipt_owed, payment_first, payment_discount, payment_div_in, payment_owed, floor,
            work_sold, work_bought, work_now,
        )  # fmt: skip
        if hits > 0:
            union += JELLY_ROLL
    return union
