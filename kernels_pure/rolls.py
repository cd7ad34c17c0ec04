"""Jelly rolls: a synthetic of one expiry against the same strike of a later one.

A long roll (+C2 -P2 -C1 +P1) sells the strike at the near expiry and buys it at the far one; a
short roll the other way round. The strike is received when a sold call is assigned and paid when
a sold put is, at expiry or early, and between the two dates the position is short or long one
share. The dates are columns by expiry, the settlement last: for receipts `in_*` (eves of ex-dates)
and for payments `out_*` (now, ex-dates, nodes of the curve), each with its `order` in time, its
`discount`, and the dividends and borrow fee up to it.

Source: Hull (put-call parity at two dates); SCANNER section 3.
"""

from math import inf

from kernels_pure.columns import Floats, Ints

# The parts of the range of strikes in which pairs of expiries are judged.
PARTS = 8


def roll_floor(
    strike: float,
    receipts: int,
    receipts_end: int,
    receipt_order: Floats,
    receipt_discount: Floats,
    receipt_div_in: Floats,
    receipt_owed: Floats,
    payments: int,
    payments_end: int,
    payment_order: Floats,
    payment_discount: Floats,
    payment_div_in: Floats,
    payment_owed: Floats,
) -> float:
    """Return the least that the two strikes and what lies between them are worth today.

    `receipts .. receipts_end` are the dates on which the strike may be received, `payments ..
    payments_end` those on which it may be paid; the counterparty chooses both. Paid first, the
    share brings its dividends until it is delivered; received first, it is owed with dividends
    and borrow fee (`*_owed`) until it comes back. O(receipts x payments).
    """
    least = inf
    for a in range(receipts, receipts_end):
        for b in range(payments, payments_end):
            value = strike * (receipt_discount[a] - payment_discount[b])
            if payment_order[b] < receipt_order[a]:
                value = value + max(0.0, receipt_div_in[a] - payment_div_in[b])
            else:
                value = value - max(0.0, payment_owed[b] - receipt_owed[a])
            least = min(least, value)
    return least


def rolls_between(
    e1: int,
    e2: int,
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    receipt_first: Ints,
    receipt_order: Floats,
    receipt_discount: Floats,
    receipt_div_in: Floats,
    receipt_owed: Floats,
    payment_first: Ints,
    payment_order: Floats,
    payment_discount: Floats,
    payment_div_in: Floats,
    payment_owed: Floats,
    floor: float,
    hits: int,
    out_near: Ints,
    out_far: Ints,
    out_side: Ints,
    out_edge: Floats,
    best_near: int,
    best_far: int,
    best_side: int,
    bound: float,
) -> tuple[int, int, int, int, float]:
    """Find the jelly rolls of expiry `e1` against the later `e2`, behind `hits` found before.

    Returns what `roll_hits` does, of these and of what came before. O(rows of both).
    """
    n = len(strike)
    near_in = receipt_first[e1 + 1] - 1
    near_out = payment_first[e1 + 1] - 1
    far_in = receipt_first[e2 + 1] - 1
    far_out = payment_first[e2 + 1] - 1
    long_gap = receipt_discount[near_in] - payment_discount[far_out]
    long_cost = payment_owed[far_out] - receipt_owed[near_in]
    short_gap = receipt_discount[far_in] - payment_discount[near_out]
    short_gain = receipt_div_in[far_in] - payment_div_in[near_out]
    j = first[e2]
    for i in range(first[e1], first[e1 + 1]):
        k = strike[i]
        while j < first[e2 + 1] and strike[j] < k:
            j += 1
        if j < first[e2 + 1] and strike[j] - k <= 0.0:
            credit = receive[i] - pay[n + i] + receive[n + j] - pay[j]
            edge = credit + k * long_gap - long_cost
            if edge > bound:
                bound = edge
                best_near = i
                best_far = j
                best_side = 1
            if edge > floor:
                worst = roll_floor(
                    k,
                    receipt_first[e1],
                    receipt_first[e1 + 1],
                    receipt_order,
                    receipt_discount,
                    receipt_div_in,
                    receipt_owed,
                    payment_first[e2],
                    payment_first[e2 + 1],
                    payment_order,
                    payment_discount,
                    payment_div_in,
                    payment_owed,
                )
                edge = credit + worst
                if edge > floor:
                    if hits < len(out_edge):
                        out_near[hits] = i
                        out_far[hits] = j
                        out_side[hits] = 1
                        out_edge[hits] = edge
                    hits += 1
            credit = receive[j] - pay[n + j] + receive[n + i] - pay[i]
            edge = credit + k * short_gap + short_gain
            if edge > bound:
                bound = edge
                best_near = i
                best_far = j
                best_side = -1
            if edge > floor:
                worst = roll_floor(
                    k,
                    receipt_first[e2],
                    receipt_first[e2 + 1],
                    receipt_order,
                    receipt_discount,
                    receipt_div_in,
                    receipt_owed,
                    payment_first[e1],
                    payment_first[e1 + 1],
                    payment_order,
                    payment_discount,
                    payment_div_in,
                    payment_owed,
                )
                edge = credit + worst
                if edge > floor:
                    if hits < len(out_edge):
                        out_near[hits] = i
                        out_far[hits] = j
                        out_side[hits] = -1
                        out_edge[hits] = edge
                    hits += 1
    return hits, best_near, best_far, best_side, bound


def roll_hits(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    receipt_first: Ints,
    receipt_order: Floats,
    receipt_discount: Floats,
    receipt_div_in: Floats,
    receipt_owed: Floats,
    payment_first: Ints,
    payment_order: Floats,
    payment_discount: Floats,
    payment_div_in: Floats,
    payment_owed: Floats,
    floor: float,
    out_near: Ints,
    out_far: Ints,
    out_side: Ints,
    out_edge: Floats,
) -> tuple[int, int, int, int, float]:
    """Find the jelly rolls above `floor`; `out_side` is +1 for long, -1 for short rolls.

    Returns ``(hits, best_near, best_far, best_side, bound)``; `bound` is the greatest edge if
    nothing is assigned early, the edge itself for European chains. Hits beyond the capacity of the
    out columns are counted, not written. O(rows x expiries).
    """
    hits = 0
    near = -1
    far = -1
    side = 0
    bound = -inf
    n_expiries = len(first) - 1
    for e1 in range(n_expiries):
        for e2 in range(e1 + 1, n_expiries):
            hits, near, far, side, bound = rolls_between(
                e1, e2, first, strike, receive, pay, receipt_first, receipt_order,
                receipt_discount, receipt_div_in, receipt_owed, payment_first, payment_order,
                payment_discount, payment_div_in, payment_owed, floor, hits,
                out_near, out_far, out_side, out_edge, near, far, side, bound,
            )  # fmt: skip
    return hits, near, far, side, bound


def roll_sums(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    receipt_first: Ints,
    receipt_discount: Floats,
    payment_first: Ints,
    payment_discount: Floats,
    payment_div_in: Floats,
    work_sold: Floats,
    work_bought: Floats,
    work_now: Floats,
) -> float:
    """Write the best that each expiry brings to a roll, by part of the range of all strikes.

    The synthetic sold, bought, and bought with its put assigned on the first of its dates; ``-inf``
    where a part has no quotes. The work columns have `PARTS` elements per expiry. Returns the
    largest strike. O(rows).
    """
    n = len(strike)
    n_expiries = len(first) - 1
    least = inf
    largest = 0.0
    for e in range(n_expiries):
        if first[e] < first[e + 1]:
            least = min(least, strike[first[e]])
            largest = max(largest, strike[first[e + 1] - 1])
    for e in range(n_expiries):
        received = receipt_discount[receipt_first[e + 1] - 1]
        paid = payment_discount[payment_first[e + 1] - 1]
        paid_now = payment_discount[payment_first[e]]
        # Paid first, the share brings its dividends until the strike is received.
        gain = max(0.0, -payment_div_in[payment_first[e]])
        row = first[e]
        stop = first[e + 1]
        for part in range(PARTS):
            end = stop
            if part < PARTS - 1:
                limit = least + (largest - least) * (part + 1) / PARTS
                end = row
                while end < stop and strike[end] < limit:
                    end += 1
            sold = bought = bought_now = -inf
            for i in range(row, end):
                k = strike[i]
                value = receive[i] - pay[n + i] + k * received
                if value > sold:
                    sold = value
                value = receive[n + i] - pay[i]
                if value - k * paid > bought:
                    bought = value - k * paid
                if value - k * paid_now > bought_now:
                    bought_now = value - k * paid_now
            row = end
            work_sold[PARTS * e + part] = sold
            work_bought[PARTS * e + part] = bought
            work_now[PARTS * e + part] = bought_now + gain
    return largest


def may_roll(
    e1: int,
    e2: int,
    receipt_first: Ints,
    receipt_div_in: Floats,
    receipt_owed: Floats,
    payment_first: Ints,
    payment_div_in: Floats,
    payment_owed: Floats,
    floor: float,
    largest: float,
    work_sold: Floats,
    work_bought: Floats,
    work_now: Floats,
) -> int:
    """Return 1 if expiry `e1` may make a jelly roll with the later `e2`, else 0.

    The edge of a roll that nothing ends early, or whose sold put is assigned on the first of its
    dates, is a sum of what its two expiries bring: here of the best strikes in the same part of
    their range (`roll_sums`). They are summed in another order than edges, hence the slack.
    """
    near_in = receipt_first[e1 + 1] - 1
    near_out = payment_first[e1 + 1] - 1
    far_in = receipt_first[e2 + 1] - 1
    far_out = payment_first[e2 + 1] - 1
    long_cost = payment_owed[far_out] - receipt_owed[near_in]
    long_gain = max(0.0, receipt_div_in[near_in])
    short_gain = receipt_div_in[far_in] - payment_div_in[near_out]
    most_gain = max(0.0, receipt_div_in[far_in])
    may = 0
    for part in range(PARTS):
        near = PARTS * e1 + part
        far = PARTS * e2 + part
        sold = work_sold[near]
        bought = work_bought[far]
        long = min(sold + bought - long_cost, sold + long_gain + work_now[far])
        if long > floor - 1e-12 * (largest + abs(sold) + abs(bought)):
            may = 1
        sold = work_sold[far]
        bought = work_bought[near]
        short = min(bought + sold + short_gain, work_now[near] + sold + most_gain)
        if short > floor - 1e-12 * (largest + abs(sold) + abs(bought)):
            may = 1
    return may


def summed_roll_hits(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    receipt_first: Ints,
    receipt_order: Floats,
    receipt_discount: Floats,
    receipt_div_in: Floats,
    receipt_owed: Floats,
    payment_first: Ints,
    payment_order: Floats,
    payment_discount: Floats,
    payment_div_in: Floats,
    payment_owed: Floats,
    floor: float,
    out_near: Ints,
    out_far: Ints,
    out_side: Ints,
    out_edge: Floats,
    work_sold: Floats,
    work_bought: Floats,
    work_now: Floats,
) -> tuple[int, int]:
    """Find the same rolls as `roll_hits`, in the same order; return ``(hits, pairs searched)``.

    Only the pairs of expiries that `may_roll` are searched. The work columns are those that
    `roll_sums` has filled. O(rows of the pairs searched).
    """
    n_expiries = len(first) - 1
    largest = 0.0
    for e in range(n_expiries):
        if first[e] < first[e + 1]:
            largest = max(largest, strike[first[e + 1] - 1])
    hits = 0
    pairs = 0
    near = -1
    far = -1
    side = 0
    bound = -inf
    for e1 in range(n_expiries):
        for e2 in range(e1 + 1, n_expiries):
            may = may_roll(
                e1, e2, receipt_first, receipt_div_in, receipt_owed, payment_first,
                payment_div_in, payment_owed, floor, largest, work_sold, work_bought, work_now,
            )  # fmt: skip
            if may > 0:
                pairs += 1
                hits, near, far, side, bound = rolls_between(
                    e1, e2, first, strike, receive, pay, receipt_first, receipt_order,
                    receipt_discount, receipt_div_in, receipt_owed, payment_first, payment_order,
                    payment_discount, payment_div_in, payment_owed, floor, hits,
                    out_near, out_far, out_side, out_edge, near, far, side, bound,
                )  # fmt: skip
    return hits, pairs


def screen_rolls(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    receipt_first: Ints,
    receipt_discount: Floats,
    receipt_div_in: Floats,
    receipt_owed: Floats,
    payment_first: Ints,
    payment_discount: Floats,
    payment_div_in: Floats,
    payment_owed: Floats,
    floor: float,
    work_sold: Floats,
    work_bought: Floats,
    work_now: Floats,
) -> int:
    """Return how many pairs of expiries may make a jelly roll; work columns as in `roll_sums`.

    O(rows + pairs of expiries).
    """
    largest = roll_sums(
        first, strike, receive, pay, receipt_first, receipt_discount, payment_first,
        payment_discount, payment_div_in, work_sold, work_bought, work_now,
    )  # fmt: skip
    pairs = 0
    for e1 in range(len(first) - 1):
        for e2 in range(e1 + 1, len(first) - 1):
            pairs += may_roll(
                e1, e2, receipt_first, receipt_div_in, receipt_owed, payment_first,
                payment_div_in, payment_owed, floor, largest, work_sold, work_bought, work_now,
            )  # fmt: skip
    return pairs
