"""The box: how far every quote may move while a search of its far corner has found nothing.

`receive` and `pay` are net quotes by quote index, nan absent; prices are those of the exchange.

Source: the box is ours; docs/SCANNER.md, "A quote that moves", says why it holds.
"""

from math import inf

from kernels_pure.columns import LARGEST, ROWS, Floats


def box_columns(
    receive: Floats, pay: Floats, share: float, out_receive: Floats, out_pay: Floats
) -> None:
    """Write quotes better than these by a share of every spread; an absent side stays absent.

    A quote that is locked, crossed or of one side stays as it is. O(quotes).
    """
    for q in range(len(receive)):
        gap = share * (pay[q & ROWS] - receive[q & ROWS])
        if not (gap > 0.0 and gap <= LARGEST):
            gap = 0.0
        out_receive[q & ROWS] = receive[q & ROWS] + gap
        out_pay[q & ROWS] = pay[q & ROWS] - gap


def most_bid(net: float, tier_start: Floats, tier_fee: Floats) -> float:
    """Return a price up to which no bid brings more than `net` after fees; -inf for no bid.

    Where a higher tier costs more, a bid just below it brings more than one at its start, so
    tiers are tried from the lowest. A proportional fee only lowers what a bid brings.
    O(tiers).
    """
    if net != net:
        return -inf
    n = len(tier_start)
    for t in range(n - 1):
        most = net + tier_fee[t]
        if most < tier_start[t + 1]:
            if most < tier_start[t]:
                most = tier_start[t] * (1.0 - 1e-15)
            return most
    most = net + tier_fee[n - 1]
    if most < tier_start[n - 1]:
        most = tier_start[n - 1] * (1.0 - 1e-15)
    return most


def least_ask(net: float, tier_start: Floats, tier_fee: Floats) -> float:
    """Return a price from which on no ask costs less than `net` after fees; inf for no ask.

    O(tiers).
    """
    if net != net:
        return inf
    n = len(tier_start)
    for step in range(n):
        t = n - 1 - step
        least = net - tier_fee[t]
        if least > tier_start[t]:
            if t < n - 1:
                least = min(least, tier_start[t + 1])
            return least
    return 0.0


def bid_worth(price: float, tier_start: Floats, tier_fee: Floats) -> float:
    """Return the most that a bid of `price` or less brings after fees per share. O(tiers)."""
    worth = -inf
    n = len(tier_start)
    for t in range(n):
        if price >= tier_start[t]:
            highest = price
            if t < n - 1:
                highest = min(price, tier_start[t + 1])
            worth = max(worth, highest - tier_fee[t])
    return worth


def ask_cost(price: float, tier_start: Floats, tier_fee: Floats) -> float:
    """Return the least that an ask of `price` or more costs with fees per share. O(tiers)."""
    n = len(tier_start)
    cost = max(price, tier_start[n - 1]) + tier_fee[n - 1]
    for t in range(n - 1):
        if price < tier_start[t + 1]:
            cost = min(cost, max(price, tier_start[t]) + tier_fee[t])
    return cost


def price_limits(
    receive: Floats,
    pay: Floats,
    tier_start: Floats,
    tier_fee: Floats,
    out_most: Floats,
    out_least: Floats,
) -> None:
    """Write `most_bid` and `least_ask` of every quote. O(quotes x tiers)."""
    for q in range(len(receive)):
        out_most[q] = most_bid(receive[q], tier_start, tier_fee)
        out_least[q] = least_ask(pay[q], tier_start, tier_fee)
