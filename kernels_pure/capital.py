"""What a position binds and how it moves: margins, deltas at a flat volatility, the coin's future.

Source: SCANNER section 6.
"""

from math import inf, log, nan, sqrt

from kernels_pure.candidates import N_LEGS
from kernels_pure.columns import Floats, Ints
from kernels_pure.normal import norm_cdf

# How brokers margin a family, where no stock is held: nothing, the width of a short box or the
# cost to close it, the width of its strikes, the strikes sold, the far short as if naked.
FREE = 0
BOX = 1
WIDTH = 2
STRIKES = 3
NAKED = 4

STOCK_INITIAL = 0.50
"""Initial margin of stock, long or short, as a fraction of its price (Regulation T)."""

# What an account must hold beside a position, whatever hedges it.
FLOOR = 0.375
"""Least margin of an option, per share: $37.50 a contract of 100 (portfolio margin)."""
COIN_FLOOR = 0.00375
"""The same in coins: what it is of a share of 100 dollars."""
CALLED = 0.30
"""Maintenance of stock left short by an assigned call, as a fraction of its price."""
PUT_TO = 0.25
"""Maintenance of stock left long by an assigned put."""


def floor_capital(contracts: int, lots: float, value: float, is_coin: int) -> float:
    """Return the least margin of `lots` packages of so many option contracts, in currency.

    `value` is what a price of 1 is worth per contract.
    """
    per_share = FLOOR
    if is_coin > 0:
        per_share = COIN_FLOOR
    return per_share * value * contracts * lots


def notice_capital(
    calls: int, puts: int, shares: int, spot: float, lots: float, value: float
) -> float:
    """Return the maintenance of the stock that notices of assignment may leave overnight.

    Of so many sold `calls` and `puts` those that `shares` cover leave none; the spot is on one side
    of their strikes, so calls or puts are assigned. Nothing for European options: do not ask.
    """
    short = max(0, calls - max(0, shares))
    long = max(0, puts - max(0, -shares))
    return max(CALLED * short, PUT_TO * long) * spot * value * lots


def exact_sum(n: int, term: Floats, at: int, work: Floats, parts: int) -> float:
    """Return the sum of `n` finite terms from ``term[at]`` on, rounded once, as ``math.fsum``.

    `work` has room for `n` numbers from `parts` on. O(n^2).

    Source: Shewchuk 1997 (adaptive precision floating-point arithmetic); the last rounding is that
    of ``math.fsum``.
    """
    used = 0
    for i in range(n):
        x = term[at + i]
        kept = 0
        for j in range(used):
            y = work[parts + j]
            large = x
            small = y
            if abs(x) < abs(y):
                large = y
                small = x
            x = large + small
            y = small - (x - large)
            if not (y <= 0.0 and y >= 0.0):
                work[parts + kept] = y
                kept += 1
        work[parts + kept] = x
        used = kept + 1
    if used == 0:
        return 0.0
    used -= 1
    total = work[parts + used]
    rest = 0.0
    while used > 0 and rest <= 0.0 and rest >= 0.0:
        x = total
        used -= 1
        y = work[parts + used]
        total = x + y
        rest = y - (total - x)
    # Half-way cases go the way of what is left.
    if used > 0:
        y = work[parts + used - 1]
        if (rest < 0.0 and y < 0.0) or (rest > 0.0 and y > 0.0):
            y = 2.0 * rest
            x = total + y
            if not (x - total < y or x - total > y):
                total = x
    return total


def expiry_at(first: Ints, row: int) -> int:
    """Return the expiry of a row. O(log expiries)."""
    low = 0
    high = len(first) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if first[middle] <= row:
            low = middle
        else:
            high = middle
    return low


def flat_delta(
    strike: float, is_put: int, tau: float, spot: float, vol: float, is_coin: int
) -> float:
    """Return the delta of an option at a flat volatility, without carry; nan for no prices.

    In coins a strike K is K over the future, 1 the spot, and a call moves by K N(d2).
    """
    spread = vol * sqrt(max(tau, 1e-6))
    if not (spot > 0.0 and strike > 0.0 and spread > 0.0):
        return nan
    moneyness = spot / strike
    if not moneyness > 0.0:
        return nan
    d1 = log(moneyness) / spread + 0.5 * spread
    share = 1.0
    below = 1.0 * is_put
    if is_coin > 0:
        side = 1.0 - 2.0 * is_put
        d1 = side * (d1 - spread)
        share = side * strike
        below = 0.0
    return share * norm_cdf(d1) - below


def mean_strike(row: int, quote: Ints, strike: Floats, work: Floats) -> float:
    """Return the mean strike of a candidate's options; `work` has 3 N_LEGS + 3 numbers."""
    legs = 0
    for leg in range(N_LEGS):
        q = quote[N_LEGS * row + leg]
        if q >= len(strike):
            q -= len(strike)
        if q >= 0:
            work[N_LEGS + 1 + legs] = strike[q]
            legs += 1
    return exact_sum(legs, work, N_LEGS + 1, work, 2 * N_LEGS + 2) / max(1, legs)


def naked_margin(price: float, strike: float, is_put: int, spot: float) -> float:
    """Return the margin of an uncovered short option: premium + max(20 % S - OTM, 10 %)."""
    out_of_the_money = max(0.0, strike - spot)
    base = spot
    if is_put > 0:
        out_of_the_money = max(0.0, spot - strike)
        base = strike
    return price + max(0.20 * spot - out_of_the_money, 0.10 * base)


def coin_future(
    row: int, family: int, quote: Ints, ratio: Ints, stock: Ints, strike: Floats, margin: Ints
) -> tuple[int, float]:
    """Return side and notional of the future beside a coin-settled candidate; side 0 is none.

    It fixes what a strike is worth in coins: in a box its width, beside a coin the strike of the
    first leg. O(N_LEGS).
    """
    n = len(strike)
    side = stock[row]
    low = inf
    high = -inf
    notional = 0.0
    is_found = 0
    is_long = 0
    for leg in range(N_LEGS):
        q = quote[N_LEGS * row + leg]
        if q >= 0:
            is_put = 0
            line = q
            if q >= n:
                is_put = 1
                line = q - n
            k = strike[line]
            if is_found == 0:
                notional = k
                is_found = 1
            if k < low:
                low = k
                is_long = 0
            if not k > low and is_put == 0 and ratio[N_LEGS * row + leg] > 0:
                is_long = 1
            high = max(high, k)
    if margin[family] == BOX:
        side = 2 * is_long - 1
        notional = high - low
    return side, notional
