"""Ranking: capital, leg-out loss, chance to fill and score of candidates that passed their gates.

One call for a whole candidate table. A candidate has up to N_LEGS option legs, and beside them
`stock` multiples of the multiplier in stock. In a coin-settled chain amounts are in coins: a strike
is what its future makes of it, and the leg beside the options is that future (of a box its width).

Source: SCANNER section 6.
"""

from math import inf, nan

from kernels_pure.candidates import N_LEGS
from kernels_pure.capital import (
    BOX,
    NAKED,
    STOCK_INITIAL,
    STRIKES,
    WIDTH,
    coin_future,
    exact_sum,
    expiry_at,
    flat_delta,
    floor_capital,
    mean_strike,
    naked_margin,
    notice_capital,
)
from kernels_pure.columns import Flags, Floats, Ints
from kernels_pure.limits import (
    LOTS,
    MAX_SPREAD,
    MAX_SPREAD_FRACTION,
    MIN_EDGE_USD,
    affordable_lots,
)
from kernels_pure.proceeds import package_usd
from kernels_pure.scoring import expected_value, fill_factor, leg_out_loss, sigma_move

# Where `basis` has which number: a quote of the stock in the order of the futures below. SPOT is 1
# in coins, and not positive where it is not known.
SPOT = 0
IS_COIN = 1
CONTRACT_VALUE = 2
MULTIPLIER = 3
VOL = 4
LEG_GAP = 5
FILL_TIME = 6
STOCK_BID = 7  # then ask, bid size, ask size, bid age, ask age
SELL_FEE = 13
BUY_FEE = 14
IS_EARLY = 15  # a notice of assignment may come, and leave stock
N_BASIS = 16

# `future` has for each expiry bid, ask, bid size, ask size, bid age, ask age, and what strikes are
# divided by.
FORWARD = 6
N_FUTURE = 7

# What `work` needs: the costs of N_LEGS + 1 legs, the terms of a sum and its parts.
WORK = 3 * (N_LEGS + 1)


def rank_row(
    row: int,
    lots: float,
    usd: float,
    family: Ints,
    quote: Ints,
    ratio: Ints,
    stock: Ints,
    unit: Ints,
    days: Floats,
    margin: Ints,
    first: Ints,
    strike: Floats,
    tau: Floats,
    bid: Floats,
    ask: Floats,
    bid_size: Floats,
    ask_size: Floats,
    bid_age: Floats,
    ask_age: Floats,
    receive: Floats,
    pay: Floats,
    future: Floats,
    limits: Floats,
    basis: Floats,
    work: Floats,
    work_delta: Floats,
) -> tuple[float, float, float, float]:
    """Return ``(capital, loss, fill, score)`` of `lots` packages of one candidate.

    `capital` is the largest of outlay, margin and the least margin, with what a notice may leave
    overnight; `fill` the probability that all legs fill, `score` the expected value. O(N_LEGS).
    """
    n = len(strike)
    kind = margin[family[row]]
    is_coin = int(basis[IS_COIN])
    shares = basis[CONTRACT_VALUE] * lots
    per = 1.0 * unit[row]
    sums = N_LEGS + 1
    spot = basis[SPOT]
    if not spot > 0.0:
        spot = mean_strike(row, quote, strike, work)
    fill = 1.0
    outlay = 0.0
    lowest = inf
    highest = -inf
    is_long = 0
    far = -1
    naked = 0.0
    legs = 0
    terms = 0
    nearest = 0
    held_contracts = 0
    sold_calls = 0
    sold_puts = 0
    e = 0
    for leg in range(N_LEGS):
        q = quote[N_LEGS * row + leg]
        if q >= 0:
            count = ratio[N_LEGS * row + leg]
            contracts = abs(count)
            b = bid[q]
            a = ask[q]
            line = q
            is_put = 0
            if q >= n:
                line = q - n
                is_put = 1
            k = strike[line]
            if line < first[e] or line >= first[e + 1]:
                e = expiry_at(first, line)
            side = -1
            price = b
            fee = b - receive[q]
            size = bid_size[q]
            age = bid_age[q]
            if count > 0:
                side = 1
                price = a
                fee = pay[q] - a
                size = ask_size[q]
                age = ask_age[q]
            if is_coin > 0 and future[N_FUTURE * e + FORWARD] > 0.0:
                k = k / future[N_FUTURE * e + FORWARD]
            work[legs] = max(0.0, a - b) * contracts * shares
            delta = flat_delta(k, is_put, tau[e], spot, basis[VOL], is_coin)
            work_delta[legs] = side * contracts * shares * delta
            cap = max(limits[MAX_SPREAD], limits[MAX_SPREAD_FRACTION] * (0.5 * (b + a)))
            fill *= fill_factor(size, contracts * lots, age, a - b, basis[FILL_TIME], cap)
            outlay += contracts * (side * price + fee)
            held_contracts += contracts
            if count < 0 and is_put > 0:
                sold_puts += contracts
            elif count < 0:
                sold_calls += contracts
            # What the leg adds to the margin: the cost to close it, or what is owed if it is sold.
            if kind == BOX:
                work[sums + terms] = contracts * -b
                if count < 0:
                    work[sums + terms] = contracts * a
                terms += 1
            elif count < 0:
                owed = max(0.0, spot - k)
                if is_put > 0:
                    owed = max(0.0, k - spot)
                if kind == STRIKES and stock[row] == 0:
                    owed = k
                work[sums + terms] = owed * contracts
                terms += 1
                if e > far:
                    far = e
                    naked = naked_margin(price, k, is_put, spot)
            if legs == 0:
                nearest = e
            if k < lowest:
                lowest = k
                is_long = 0
            if not k > lowest and is_put == 0 and count > 0:
                is_long = 1
            highest = max(highest, k)
            legs += 1
    total = 0.0
    if terms > 2:
        total = exact_sum(terms, work, sums, work, 2 * sums)
    elif terms > 1:
        total = work[sums] + work[sums + 1]
    elif terms > 0:
        total = work[sums]
    need = 0.0
    if kind == BOX and is_long == 0:
        need = max(1.02 * total, highest - lowest)
    elif kind == WIDTH:
        need = highest - lowest
    elif kind == STRIKES:
        need = total / per
    elif kind == NAKED:
        need = naked
    held = stock[row]
    notional = 1.0
    at = STOCK_BID
    quotes = basis
    if is_coin > 0:
        held, notional = coin_future(row, family[row], quote, ratio, stock, strike, margin)
        quotes = future
        at = N_FUTURE * nearest
    if held != 0:
        contracts = abs(held)
        b = quotes[at]
        a = quotes[at + 1]
        side = -1
        price = b
        size = quotes[at + 2]
        age = quotes[at + 4]
        fee = basis[SELL_FEE]
        if held > 0:
            side = 1
            price = a
            size = quotes[at + 3]
            age = quotes[at + 5]
            fee = basis[BUY_FEE]
        if not (price > 0.0 and notional > 0.0 and basis[MULTIPLIER] > 0.0):
            return nan, nan, nan, nan
        crossing = a - b
        delta = 1.0
        if is_coin > 0:
            size = size * price / (notional * basis[MULTIPLIER])
            delta = notional / price
            crossing = delta  # there is no way back
            if b > 0.0 and a > 0.0:
                crossing = notional / b - notional / a
            if kind != BOX:
                need = max(need, (STOCK_INITIAL * notional / price + total) / per)
        else:
            size = size / basis[MULTIPLIER]
            outlay += contracts * (side * price + fee)
            need = (STOCK_INITIAL * spot * contracts + total) / per
        work[legs] = max(0.0, crossing) * contracts * shares
        work_delta[legs] = side * contracts * shares * delta
        cap = max(limits[MAX_SPREAD], limits[MAX_SPREAD_FRACTION] * (0.5 * (b + a)))
        fill *= fill_factor(size, contracts * lots, age, a - b, basis[FILL_TIME], cap)
        legs += 1
    loss = leg_out_loss(legs, work, work_delta, sigma_move(spot, basis[VOL], basis[LEG_GAP]))
    value = basis[CONTRACT_VALUE]
    capital = max(max(need, outlay / per), 0.0) * value * lots * per
    capital = max(capital, floor_capital(held_contracts, lots, value, is_coin))
    if basis[IS_EARLY] > 0.0:
        capital += notice_capital(sold_calls, sold_puts, stock[row], spot, lots, value)
    return capital, loss, fill, expected_value(usd, loss, fill)


def rank_rows(
    count: int,
    gate: Flags,
    lots: Floats,
    usd: Floats,
    edge: Floats,
    family: Ints,
    quote: Ints,
    ratio: Ints,
    stock: Ints,
    unit: Ints,
    days: Floats,
    margin: Ints,
    first: Ints,
    strike: Floats,
    tau: Floats,
    bid: Floats,
    ask: Floats,
    bid_size: Floats,
    ask_size: Floats,
    bid_age: Floats,
    ask_age: Floats,
    receive: Floats,
    pay: Floats,
    future: Floats,
    limits: Floats,
    basis: Floats,
    work: Floats,
    work_delta: Floats,
    out_lots: Floats,
    out_usd: Floats,
    out_capital: Floats,
    out_loss: Floats,
    out_fill: Floats,
    out_score: Floats,
) -> tuple[int, int]:
    """Rank every candidate whose gate is 0; return how many are, and how many lack capital.

    `lots` and `usd` are what the gates found; a limit of capital lowers both, and a candidate left
    with too little is not ranked: its `out_lots` is -1 and its score nan, as of one that failed a
    gate. `margin` is one of FREE .. NAKED by family; `tau` by expiry in years; `work` has WORK
    numbers, `work_delta` N_LEGS + 1. O(count).
    """
    ranked = 0
    short = 0
    for row in range(count):
        out_lots[row] = -1.0
        out_score[row] = nan
        size = lots[row]
        money = usd[row]
        tries = 0
        if gate[row] == 0:
            tries = 1
        while tries > 0:
            capital, loss, fill, score = rank_row(
                row, size, money, family, quote, ratio, stock, unit, days, margin, first, strike,
                tau, bid, ask, bid_size, ask_size, bid_age, ask_age, receive, pay, future,
                limits, basis, work, work_delta,
            )  # fmt: skip
            fewer = size
            if tries < 2:
                fewer = affordable_lots(size, capital, limits)
            if fewer < limits[LOTS] or (tries > 1 and money < limits[MIN_EDGE_USD]):
                short += 1
                tries = 0
            elif fewer < size:
                shares = stock[row]
                if basis[IS_COIN] > 0.0:
                    shares = 0
                size = fewer
                money = package_usd(
                    edge[row], unit[row], size, N_LEGS * row, N_LEGS, quote, ratio, shares,
                    receive, pay, bid, ask, basis[BUY_FEE], limits,
                )  # fmt: skip
                tries = 2
            else:
                out_lots[row] = size
                out_usd[row] = money
                out_capital[row] = capital
                out_loss[row] = loss
                out_fill[row] = fill
                out_score[row] = score
                ranked += 1
                tries = 0
    return ranked, short


def rival_usd(
    count: int,
    lots: Floats,
    usd: Floats,
    condition: Ints,
    quote: Ints,
    ratio: Ints,
    start: int,
    stop: int,
    n_rows: int,
    leg_quote: Ints,
    leg_ratio: Ints,
    allowed: int,
) -> float:
    """Return the most that a ranked candidate pays which is an alternative to a package; 0 if none.

    All its legs are of the rows ``start .. stop`` of one expiry, one of them is a leg of the
    package on the same side, and all its conditions are among those `allowed`. O(count x legs).
    """
    best = 0.0
    for row in range(count):
        if lots[row] >= 0.0 and usd[row] > best and not (condition[row] | allowed) > allowed:
            is_within = 1
            is_shared = 0
            for leg in range(N_LEGS):
                q = quote[N_LEGS * row + leg]
                if q >= 0:
                    line = q
                    if q >= n_rows:
                        line = q - n_rows
                    if line < start or line >= stop:
                        is_within = 0
                    side = ratio[N_LEGS * row + leg]
                    for other in range(len(leg_quote)):
                        if leg_quote[other] == q and leg_ratio[other] * side > 0:
                            is_shared = 1
            if is_within > 0 and is_shared > 0:
                best = usd[row]
    return best
