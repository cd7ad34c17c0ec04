"""What pairs of strikes are worth at worst when sold options may be assigned and notice comes late.

Notice comes the next morning, when what answers it settles a session later. A delivered call has
left its stock short for that night, at its fee and without the dividend of that day; a put has paid
its strike a night before another brings its own. `called_*` and `put_*` list for every expiry the
days on which that may happen, one of each cost: ``first[e] .. first[e + 1] - 1``, with the least
discount of a receipt, the greatest of a payment, and what the night costs per share (of a put: per
unit of strike). European expiries list none.

Source: docs/SCANNER.md (assignment with late notice).
"""

from kernels_pure.columns import Floats, Ints

# Kinds of pairs, the lower strike first.
VERTICAL_CALL = 0
VERTICAL_PUT = 1
WIDTH_CALL = 2
WIDTH_PUT = 3
LONG_BOX = 4
CALL_SPREAD_AND_PUT = 5
PUT_SPREAD_AND_CALL = 6


def called_worth(
    amount: float,
    e: int,
    called_first: Ints,
    called_receive: Floats,
    called_pay: Floats,
    called_cost: Floats,
    most: float,
) -> float:
    """Return the least that `amount` is worth when a sold call is assigned, `most` at most.

    O(days listed of the expiry).
    """
    worst = most
    for k in range(called_first[e], called_first[e + 1]):
        worth = amount * called_receive[k] - called_cost[k]
        if amount < 0.0:
            worth = amount * called_pay[k] - called_cost[k]
        worst = min(worst, worth)
    return worst


def put_worth(
    amount: float,
    sold: float,
    e: int,
    put_first: Ints,
    put_receive: Floats,
    put_pay: Floats,
    put_cost: Floats,
    most: float,
) -> float:
    """Return the least that `amount` is worth when a put of strike `sold` is assigned.

    `most` at most. O(days listed of the expiry).
    """
    worst = most
    for k in range(put_first[e], put_first[e + 1]):
        left = amount - sold * put_cost[k]
        worth = left * put_receive[k]
        if left < 0.0:
            worth = left * put_pay[k]
        worst = min(worst, worth)
    return worst


def pair_worth(
    kind: int,
    low: float,
    high: float,
    e: int,
    end_receive: float,
    end_pay: float,
    called_first: Ints,
    called_receive: Floats,
    called_pay: Floats,
    called_cost: Floats,
    put_first: Ints,
    put_receive: Floats,
    put_pay: Floats,
    put_cost: Floats,
) -> float:
    """Return what two strikes of one expiry are worth at worst, prices apart.

    Verticals are worth 0 or what an assignment leaves; widths sold cost the width or more; a long
    box is the width at expiry, or what its call spread leaves with its put spread at no less than
    assigned itself, or the other way round; three legs are a spread and an option that covers it.
    """
    width = high - low
    if kind == VERTICAL_CALL:
        return called_worth(width, e, called_first, called_receive, called_pay, called_cost, 0.0)
    if kind == VERTICAL_PUT:
        return put_worth(width, low, e, put_first, put_receive, put_pay, put_cost, 0.0)
    if kind == WIDTH_CALL:
        return called_worth(
            -width, e, called_first, called_receive, called_pay, called_cost, -width * end_pay
        )
    if kind == WIDTH_PUT:
        return put_worth(
            -width, high, e, put_first, put_receive, put_pay, put_cost, -width * end_pay
        )
    end = width * end_receive
    if kind == CALL_SPREAD_AND_PUT:
        return called_worth(width, e, called_first, called_receive, called_pay, called_cost, end)
    if kind == PUT_SPREAD_AND_CALL:
        return put_worth(width, low, e, put_first, put_receive, put_pay, put_cost, end)
    called = called_worth(width, e, called_first, called_receive, called_pay, called_cost, end)
    put = put_worth(width, low, e, put_first, put_receive, put_pay, put_cost, end)
    return min(end, called + min(0.0, put), put + min(0.0, called))


def late_pairs(
    kind: int,
    hits: int,
    first: Ints,
    strike: Floats,
    guess: Floats,
    receive_at_end: Floats,
    pay_at_end: Floats,
    called_first: Ints,
    called_receive: Floats,
    called_pay: Floats,
    called_cost: Floats,
    put_first: Ints,
    put_receive: Floats,
    put_pay: Floats,
    put_cost: Floats,
    floor: float,
    out_low: Ints,
    out_high: Ints,
    out_edge: Floats,
) -> int:
    """Correct the edges of `hits` pairs and keep those above `floor`, in their order.

    The edges hold ``guess[e]`` per unit of width for what the pair is worth, no less than it is.
    Pairs stand in the order of their expiries. Returns how many are kept. O(hits x days listed).
    """
    kept = 0
    e = 0
    for h in range(hits):
        i = out_low[h]
        j = out_high[h]
        while i >= first[e + 1]:
            e += 1
        low = strike[i]
        high = strike[j]
        worth = pair_worth(
            kind, low, high, e, receive_at_end[e], pay_at_end[e], called_first, called_receive,
            called_pay, called_cost, put_first, put_receive, put_pay, put_cost,
        )  # fmt: skip
        edge = out_edge[h] + (worth - guess[e] * (high - low))
        if edge > floor:
            out_low[kept] = i
            out_high[kept] = j
            out_edge[kept] = edge
            kept += 1
    return kept


def spread_and_option_columns(
    kind: int,
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    guess: Floats,
    out_low: Floats,
    out_high: Floats,
) -> None:
    """Write the columns of three legs: a bought spread, and an option bought against the sold one.

    CALL_SPREAD_AND_PUT: +C1 -C2 +P2; PUT_SPREAD_AND_CALL: +P2 -P1 +C1. Worth the width at least, at
    expiry: ``guess[e]`` per unit of it.
    """
    n = len(strike)
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            worth = guess[e] * strike[row]
            if kind == CALL_SPREAD_AND_PUT:
                out_low[row] = -pay[row] - worth
                out_high[row] = receive[row] - pay[n + row] + worth
            else:
                out_low[row] = receive[n + row] - pay[row] - worth
                out_high[row] = -pay[n + row] + worth


def without_boxes(
    kind: int,
    hits: int,
    first: Ints,
    strike: Floats,
    receive: Floats,
    receive_at_end: Floats,
    called_first: Ints,
    called_receive: Floats,
    called_pay: Floats,
    called_cost: Floats,
    put_first: Ints,
    put_receive: Floats,
    put_pay: Floats,
    put_cost: Floats,
    out_low: Ints,
    out_high: Ints,
    out_edge: Floats,
) -> int:
    """Keep the three legs that are worth more than the box that sells the fourth one, too.

    Pairs stand in the order of their expiries. Returns how many are kept. O(hits x days listed).
    """
    kept = 0
    e = 0
    n = len(strike)
    for h in range(hits):
        i = out_low[h]
        j = out_high[h]
        while i >= first[e + 1]:
            e += 1
        brings = receive[j]
        if kind == CALL_SPREAD_AND_PUT:
            brings = receive[n + i]
        low = strike[i]
        high = strike[j]
        end = receive_at_end[e]
        worth = pair_worth(
            kind, low, high, e, end, end, called_first, called_receive, called_pay, called_cost,
            put_first, put_receive, put_pay, put_cost,
        )  # fmt: skip
        box = pair_worth(
            LONG_BOX, low, high, e, end, end, called_first, called_receive, called_pay,
            called_cost, put_first, put_receive, put_pay, put_cost,
        )  # fmt: skip
        if not brings + box >= worth:
            out_low[kept] = i
            out_high[kept] = j
            out_edge[kept] = out_edge[h]
            kept += 1
    return kept
