"""Screens: which families may have anything in a chain, so that only these are searched.

Each screen goes once over the rows with the same formulas as the kernels that find positions, and
counts rows that may have an edge above `floor`. A count of 0 is exact: the family has no candidate.
Early exercise that only lowers an edge is left out, so a count above 0 is a reason to search.

Quotes come net of fees, by quote index; nan is absent and never counts. Columns by expiry are those
of ``engine.market.terms``.

Source: SCANNER section 3; the finders are in `parity`, `pairs`, `verticals` and `rolls`.
"""

from math import inf

from kernels_pure.columns import Floats, Ints
from kernels_pure.pairs import (
    box_long_terms,
    box_short_terms,
    collar_low,
    reverse_collar_high,
)
from kernels_pure.parity import (
    conversion_edge,
    intrinsic_call_edge,
    intrinsic_put_edge,
    reversal_edge,
)
from kernels_pure.verticals import width_call_terms, width_put_terms

# Where `out_hits` has which count.
CONVERSION = 0
REVERSAL = 1
INTRINSIC = 2
UPPER_BOUND = 3
BOX = 4
COLLAR = 5
REVERSE_COLLAR = 6
VERTICAL_WIDTH = 7
N_SCREENS = 8


def screen_rows(
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
    owe_first: Ints,
    owe_discount: Floats,
    owe_value: Floats,
    take_first: Ints,
    take_discount: Floats,
    take_value: Floats,
    give_first: Ints,
    give_discount: Floats,
    give_value: Floats,
    bound: Floats,
    discount: Floats,
    floor: float,
    out_hits: Ints,
) -> None:
    """Count the rows of families with one position per row: parity, intrinsic values, bounds.

    `bound` and `discount` by expiry are what covers a sold call, and a sold put per strike. O(rows
    x early dates).
    """
    n = len(strike)
    conversions = 0
    reversals = 0
    intrinsic = 0
    bounds = 0
    for e in range(len(first) - 1):
        dl = discount_lend[e]
        db = discount_borrow[e]
        kept = div_in[e]
        owed = div_out[e] + stock_borrow[e]
        buy = stock_pay[e]
        sell = stock_receive[e]
        most = bound[e]
        per_strike = discount[e]
        # Of the dates on which a put may be assigned the first, today, costs the most as a rule.
        now = 0.0
        now_value = -inf
        if owe_first[e] < owe_first[e + 1]:
            now = owe_discount[owe_first[e]]
            now_value = owe_value[owe_first[e]]
        for row in range(first[e], first[e + 1]):
            k = strike[row]
            value = db * k + kept
            cost = dl * k + owed
            call_pay = pay[row]
            put_pay = pay[n + row]
            call_receive = receive[row]
            put_receive = receive[n + row]
            conversions += conversion_edge(put_pay, call_receive, buy, value) > floor
            worst = max(cost, now * k + now_value)
            reversals += reversal_edge(put_receive, call_pay, sell, worst) > floor
            intrinsic += intrinsic_call_edge(call_pay, sell, cost) > floor
            intrinsic += intrinsic_put_edge(put_pay, buy, value) > floor
            bounds += call_receive - most > floor
            bounds += put_receive - per_strike * k > floor
        for b in range(take_first[e], take_first[e + 1]):
            per_strike = take_discount[b]
            kept = take_value[b]
            for row in range(first[e], first[e + 1]):
                cost = per_strike * strike[row] + kept
                intrinsic += intrinsic_call_edge(pay[row], sell, cost) > floor
        for b in range(give_first[e], give_first[e + 1]):
            per_strike = give_discount[b]
            kept = give_value[b]
            for row in range(first[e], first[e + 1]):
                value = per_strike * strike[row] + kept
                intrinsic += intrinsic_put_edge(pay[n + row], buy, value) > floor
    out_hits[CONVERSION] = conversions
    out_hits[REVERSAL] = reversals
    out_hits[INTRINSIC] = intrinsic
    out_hits[UPPER_BOUND] = bounds


def screen_pairs(
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
    owe_first: Ints,
    owe_discount: Floats,
    owe_value: Floats,
    discount: Floats,
    is_european: int,
    floor: float,
    out_hits: Ints,
) -> None:
    """Count the lower strikes of boxes, collars and widths that some upper strike completes.

    From above, a running maximum holds the best upper strike of all rows still to come. O(rows).
    """
    n = len(strike)
    boxes = 0
    collars = 0
    reverse_collars = 0
    widths = 0
    for e in range(len(first) - 1):
        owed = div_out[e] + stock_borrow[e]
        now = 0.0
        now_value = -inf
        if owe_first[e] < owe_first[e + 1]:
            now = owe_discount[owe_first[e]]
            now_value = owe_value[owe_first[e]]
        top_long = top_short = top_collar = top_call = top_put = -inf
        top_reverse = top_early = -inf
        for row in range(first[e + 1] - 1, first[e] - 1, -1):
            k = strike[row]
            call_pay = pay[row]
            put_pay = pay[n + row]
            call_receive = receive[row]
            put_receive = receive[n + row]
            low, high = box_long_terms(
                k, call_receive, call_pay, put_receive, put_pay, discount_borrow[e],
                late_call[e], night[e],
            )  # fmt: skip
            boxes += low + top_long > floor
            if high > top_long:
                top_long = high
            if is_european > 0:
                low, high = box_short_terms(
                    k, call_receive, call_pay, put_receive, put_pay, discount_lend[e]
                )
                boxes += low + top_short > floor
                if high > top_short:
                    top_short = high
            low = collar_low(k, put_pay, stock_pay[e], discount_borrow[e], div_in[e])
            collars += low + top_collar > floor
            if call_receive > top_collar:
                top_collar = call_receive
            credit = stock_receive[e] + put_receive
            if credit + top_reverse > floor:
                early = max(discount_lend[e] * k + owed, now * k + now_value)
                reverse_collars += credit - early + top_early > floor
            high = reverse_collar_high(k, call_pay, discount_lend[e], owed)
            if high > top_reverse:
                top_reverse = high
            if -call_pay > top_early:
                top_early = -call_pay
            low, high = width_call_terms(k, call_receive, call_pay, discount[e], late_call[e])
            widths += low + top_call > floor
            if high > top_call:
                top_call = high
            low, high = width_put_terms(k, put_receive, put_pay, discount[e], night[e])
            widths += low + top_put > floor
            if high > top_put:
                top_put = high
    out_hits[BOX] = boxes
    out_hits[COLLAR] = collars
    out_hits[REVERSE_COLLAR] = reverse_collars
    out_hits[VERTICAL_WIDTH] = widths


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
) -> int:
    """Return how many expiries may make a jelly roll with a later one, long or short.

    The edge of a roll that nothing ends early is a sum of what its two expiries bring; here their
    strikes need not be the same. Summed in another order than in `rolls.roll_hits`, hence the
    slack. O(rows).
    """
    n = len(strike)
    n_expiries = len(first) - 1
    hits = 0
    largest = 0.0
    far_long = far_now = far_short = far_sold = -inf
    for e in range(n_expiries - 1, -1, -1):
        receipt = receipt_first[e + 1] - 1
        payment = payment_first[e + 1] - 1
        today = payment_first[e]
        received = receipt_discount[receipt]
        paid = payment_discount[payment]
        paid_now = payment_discount[today]
        sold = bought = bought_now = -inf
        for row in range(first[e], first[e + 1]):
            k = strike[row]
            value = receive[row] - pay[n + row]
            if value + k * received > sold:
                sold = value + k * received
            value = receive[n + row] - pay[row]
            if value - k * paid > bought:
                bought = value - k * paid
            if value - k * paid_now > bought_now:
                bought_now = value - k * paid_now
            if k > largest:
                largest = k
        # Paid today, the share brings its dividends until the strike is received.
        bought_now += max(0.0, -payment_div_in[today])
        gain = max(0.0, receipt_div_in[receipt])
        slack = 1e-12 * (largest + abs(sold) + abs(bought))
        long = min(sold + receipt_owed[receipt] + far_long, sold + gain + far_now)
        short = min(bought - payment_div_in[payment] + far_short, bought_now + far_sold)
        hits += (long > floor - slack) + (short > floor - slack)
        far_long = max(far_long, bought - payment_owed[payment])
        far_now = max(far_now, bought_now)
        far_short = max(far_short, sold + receipt_div_in[receipt])
        far_sold = max(far_sold, sold + gain)
    return hits
