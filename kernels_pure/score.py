"""What a column of targets would have earned, in one pass and without columns of the account.

A search runs a rule many times over the same bars and keeps a few numbers of each. They are, bit
for bit, those of ``bars.backtest`` and of ``equity`` one after the other; the gains of trades are
those of a list of trades. Where the account would
have met its margin, they are not what a backtest with margin gives: the result says so.

`floors` has, read by the names below, the equity that a position needs as a share of its value: to
sell short, to stay short, to buy, to stay long. Of an account that is allowed everything they are
0; a margin of 1.5 on a short, whose sale is in the cash already, is 0.5 here.
"""

from math import copysign, nan

from kernels_pure.bars import CASH, FEE_ORDER, FEE_RATE, FEE_UNIT, fill_price, trade
from kernels_pure.columns import LARGEST, Floats
from kernels_pure.equity import (
    calmar,
    growth_rate,
    profit_factor,
    sharpe_of,
    sortino_of,
    win_rate,
)

# Where `floors` has which number.
OPEN_SHORT = 0
KEEP_SHORT = 1
OPEN_LONG = 2
KEEP_LONG = 3
N_FLOORS = 4
# Where a score has which number.
RETURN = 0
GROWTH = 1
SHARPE = 2
SORTINO = 3
CALMAR = 4
DRAWDOWN = 5
TRADES = 6
WIN_RATE = 7
PROFIT_FACTOR = 8
ORDERS = 9
N_SCORES = 10
# An account that is invested to the last cent may be rounded below it.
_CENT = 1.0 - 1e-9


def trade_gain(
    flow: float, before: float, after: float, price: float, account: Floats
) -> tuple[int, float, float]:
    """Return (trades ended, gain, flow) of what brought a position from `before` to `after`.

    `flow` is the cash that the present trade has moved so far; the gain of one that ends is what it
    moved in all. Added up trade by trade, as the list of trades has it.

    >>> from array import array
    >>> free = array("d", [0.0] * 7)
    >>> trade_gain(-100.0, 10.0, -10.0, 12.0, free)
    (1, 20.0, 120.0)
    >>> trade_gain(-100.0, 10.0, 5.0, 12.0, free)
    (0, 0.0, -40.0)
    """
    ended = 0
    gain = 0.0
    units = after - before
    if before * after <= 0.0 and abs(before) > 0.0:
        ended = 1
        gain = flow + flow_of(-before, price, account)
        flow = 0.0
        units = after
    if abs(units) > 0.0:
        moved = flow_of(units, price, account)
        flow = flow + moved if abs(before * after) > 0.0 and ended == 0 else moved
    return ended, gain, flow


def flow_of(units: float, price: float, account: Floats) -> float:
    """Return the cash that an order for `units` at the open `price` moves: out is below 0.

    >>> from array import array
    >>> flow_of(-10.0, 12.0, array("d", [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]))
    119.0
    """
    paid = fill_price(copysign(1.0, units), price, account)
    fee = account[FEE_ORDER] + abs(units) * (account[FEE_UNIT] + account[FEE_RATE] * paid)
    return -units * paid - fee


def score_targets(
    open: Floats,
    close: Floats,
    target: Floats,
    account: Floats,
    floors: Floats,
    per_year: float,
    out_score: Floats,
) -> int:
    """Write a score, by the names above; return 1, or 0 where the margin was not kept.

    The margin is looked at after each trade and at each close. O(bars).

    >>> from array import array
    >>> open, close = array("d", [10.0, 11.0, 12.0]), array("d", [10.5, 11.5, 12.5])
    >>> account, free = array("d", [100.0, 2.0, 0.0, 0.0, 1.0, 0.0, 0.0]), array("d", [0.0] * 4)
    >>> score = array("d", [0.0] * 10)
    >>> score_targets(open, close, array("d", [1.0, 0.0, 0.0]), account, free, 252.0, score)
    1
    >>> score[RETURN], score[TRADES], score[WIN_RATE], score[ORDERS]
    (0.0, 1.0, 0.0, 2.0)
    """
    n = len(close)
    start = account[CASH]
    cash = equity = before = peak = start
    position = held = wanted = need = flow = 0.0
    orders = trips = wins = 0
    gained = lost = 0.0
    total = squares = below = 0.0
    kept = 1.0
    is_kept = 1
    row = 0
    while row < n:
        # Each round fills what the last close asked for, then runs to the next change of target.
        gap = wanted - held
        if gap > 0.0 or gap < 0.0:
            price = open[row]
            if price > 0.0 and price <= LARGEST:
                was = position
                cash, position, _, sent = trade(cash, was, wanted, price, account)
                orders += sent
                held = wanted
                ended, gain, flow = trade_gain(flow, was, position, price, account)
                trips += ended
                if gain > 0.0:
                    wins += 1
                gained += max(0.0, gain)
                lost += max(0.0, -gain)
                need = floors[KEEP_LONG] * position
                enough = floors[OPEN_LONG] * position * _CENT
                if position < 0.0:
                    need = -floors[KEEP_SHORT] * position
                    enough = -floors[OPEN_SHORT] * position * _CENT
                if cash + position * price < enough * price:
                    is_kept = 0
        begin = row
        for i in range(begin, n):
            price = close[i]
            equity = cash + position * price
            if i > 0 and (equity > before or equity < before):
                if not before > 0.0:
                    total = nan
                else:
                    move = equity / before - 1.0
                    total += move
                    squares += move * move
                    short = move - abs(move)
                    below += short * short
                if equity < need * price or not equity > 0.0:
                    is_kept = 0
                if equity >= peak:
                    peak = equity
                elif equity < kept * peak:
                    kept = equity / peak
            before = equity
            row = i + 1
            wanted = target[i]
            gap = wanted - held
            if gap > 0.0 or gap < 0.0:
                break
    years = nan
    if per_year > 0.0:
        years = (n - 1) / per_year
    growth = growth_rate(start, equity, years)
    depth = 1.0 - kept
    out_score[RETURN] = equity / start - 1.0 if start > 0.0 else nan
    out_score[GROWTH] = growth
    out_score[SHARPE] = sharpe_of(n - 1, total, squares, per_year, 0.0)
    out_score[SORTINO] = sortino_of(n - 1, total, 0.25 * below, per_year, 0.0)
    out_score[CALMAR] = calmar(growth, depth)
    out_score[DRAWDOWN] = depth
    out_score[TRADES] = float(trips)
    out_score[WIN_RATE] = win_rate(wins, trips)
    out_score[PROFIT_FACTOR] = profit_factor(gained, lost)
    out_score[ORDERS] = float(orders)
    return is_kept
