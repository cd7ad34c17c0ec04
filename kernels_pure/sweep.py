"""Moving-average crossings backtested in one pass: a single rule, and a sweep over many.

The same bits as ``rules.ma_cross_targets`` and ``bars.backtest`` one after the other, without the
column of targets between them: there it is the larger part of the time, with the other rules it is
not. `account` and the conventions are those of `bars`. Prices must be finite and positive.
"""

from math import nan

from kernels_pure.bars import CASH, trade, trip_ended
from kernels_pure.columns import LARGEST, ROWS, Floats, Ints
from kernels_pure.equity import sharpe_of
from kernels_pure.rules import EQUAL, cross_target
from kernels_pure.windows import window_sum


def lasting_side(
    quick: float, calm: float, wanted: float, held: float
) -> tuple[float, float, float]:
    """Return (side, above, below): nothing is to do while ``(quick above - calm below) side > 0``.

    The test of ``rules.cross_target`` for the side on which the means are now, without its
    branches. Side 0 asks again at each bar: the means are equal, or the target is not held yet.
    """
    if wanted == held and quick > calm * EQUAL:
        return 1.0, 1.0, EQUAL
    if wanted == held and calm > quick * EQUAL:
        return -1.0, EQUAL, 1.0
    return 0.0, 1.0, 1.0


def ma_cross_backtest(
    open: Floats,
    close: Floats,
    fast: int,
    slow: int,
    short: float,
    account: Floats,
    out_cash: Floats,
    out_position: Floats,
    out_equity: Floats,
) -> tuple[float, int, int, int, float, float]:
    """Write and return what ``bars.backtest`` does, of the targets of ``rules.ma_cross_targets``.

    O(bars).

    >>> from array import array
    >>> price, account = array("d", [10.0, 11.0, 12.0, 11.0]), array("d", [100.0, 2.0] + [0.0] * 5)
    >>> cash, position, equity = (array("d", [0.0] * 4) for _ in range(3))
    >>> ma_cross_backtest(price, price, 1, 2, 0.0, account, cash, position, equity)
    (98.0, 1, 0, 0, 0.0, 0.0)
    >>> list(equity)  # the second close is above the mean: two units at the third open
    [100.0, 100.0, 100.0, 98.0]
    """
    n = len(close)
    cash = account[CASH]
    opened = cash
    equity = cash
    position = 0.0
    held = 0.0
    orders = trips = wins = 0
    gained = lost = 0.0
    row = max(fast, slow)
    if fast < 1 or slow < 1 or row > n:
        row = n
    for i in range(row):
        out_cash[i] = cash
        out_position[i] = 0.0
        out_equity[i] = cash
    quick = calm = 0.0
    if row < n:
        quick = window_sum(close, row - fast, row)
        calm = window_sum(close, row - slow, row)
    while row < n:
        # Each round fills what the last close asked for, then runs to the next crossing.
        wanted = cross_target(quick * slow, calm * fast, short)
        gap = wanted - held
        if gap > 0.0 or gap < 0.0:
            price = open[row]
            if price > 0.0 and price <= LARGEST:
                before = position
                cash, position, flat, sent = trade(cash, before, wanted, price, account)
                orders += sent
                held = wanted
                trip, won, gain, opened = trip_ended(before, position, flat, opened)
                trips += trip
                wins += won
                gained += max(0.0, gain)
                lost += max(0.0, -gain)
        side, above, below = lasting_side(quick * slow, calm * fast, wanted, held)
        first = row
        for i in range(first, n):
            price = close[i & ROWS]
            equity = cash + position * price
            out_cash[i & ROWS] = cash
            out_position[i & ROWS] = position
            out_equity[i & ROWS] = equity
            quick += price - close[(i - fast) & ROWS]
            calm += price - close[(i - slow) & ROWS]
            row = i + 1
            if not (quick * slow * above - calm * fast * below) * side > 0.0:
                break
    return equity, orders, trips, wins, gained, lost


def ma_cross_run(
    open: Floats,
    close: Floats,
    fast: int,
    slow: int,
    short: float,
    account: Floats,
    per_year: float,
    rate: float,
) -> tuple[float, float, float, int]:
    """Return (equity, Sharpe ratio, greatest drawdown, orders) of one moving-average rule.

    One pass without columns, with the bits of ``rules.ma_cross_targets``, `backtest`,
    ``equity.sharpe`` and ``equity.max_drawdown`` one after the other. (nan, nan, nan, 0) where a
    window is below 1 or longer than the bars.
    """
    n = len(close)
    start = max(fast, slow)
    if fast < 1 or slow < 1 or start > n:
        return nan, nan, nan, 0
    cash = account[CASH]
    position = 0.0
    held = 0.0
    orders = 0
    total = 0.0
    squares = 0.0
    before = cash
    peak = cash
    kept = 1.0
    quick = window_sum(close, start - fast, start)
    calm = window_sum(close, start - slow, start)
    row = start
    while row < n:
        wanted = cross_target(quick * slow, calm * fast, short)
        gap = wanted - held
        if gap > 0.0 or gap < 0.0:
            price = open[row]
            if price > 0.0 and price <= LARGEST:
                cash, position, _, sent = trade(cash, position, wanted, price, account)
                orders += sent
                held = wanted
        side, above, below = lasting_side(quick * slow, calm * fast, wanted, held)
        first = row
        for i in range(first, n):
            price = close[i & ROWS]
            equity = cash + position * price
            if not before > 0.0:
                total = nan
            else:
                gain = equity / before - 1.0
                total += gain
                squares += gain * gain
            before = equity
            if equity > peak:
                peak = equity
            elif equity < kept * peak:
                kept = equity / peak
            quick += price - close[(i - fast) & ROWS]
            calm += price - close[(i - slow) & ROWS]
            row = i + 1
            if not (quick * slow * above - calm * fast * below) * side > 0.0:
                break
    return before, sharpe_of(n - 1, total, squares, per_year, rate), 1.0 - kept, orders


def sweep_ma_cross(
    open: Floats,
    close: Floats,
    fast: Ints,
    slow: Ints,
    short: float,
    account: Floats,
    per_year: float,
    rate: float,
    out_equity: Floats,
    out_sharpe: Floats,
    out_drawdown: Floats,
    out_orders: Ints,
) -> None:
    """Run `ma_cross_run` for every row of `fast` and `slow` over the same bars.

    Row r of each ``out_*`` column is the result of combination r: one column per result, so that
    neighbouring combinations may be computed together. O(bars combinations).

    The bars of `ma_cross_backtest`: returns of 0, 0 and -0.02, of Sharpe ratio ``-1 / sqrt(3)``.

    >>> from array import array
    >>> price, account = array("d", [10.0, 11.0, 12.0, 11.0]), array("d", [100.0, 2.0] + [0.0] * 5)
    >>> equity, ratio, depth, orders = *(array("d", [0.0]) for _ in range(3)), array("l", [0])
    >>> rules = array("l", [1]), array("l", [2])
    >>> out = equity, ratio, depth, orders
    >>> sweep_ma_cross(price, price, *rules, 0.0, account, 1.0, 0.0, *out)
    >>> equity[0], round(ratio[0], 6), round(depth[0], 12), orders[0]
    (98.0, -0.57735, 0.02, 1)
    """
    for r in range(len(fast)):
        equity, ratio, depth, orders = ma_cross_run(
            open, close, fast[r], slow[r], short, account, per_year, rate
        )
        out_equity[r] = equity
        out_sharpe[r] = ratio
        out_drawdown[r] = depth
        out_orders[r] = orders
