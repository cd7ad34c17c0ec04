"""The bar backtest: targets filled at the next bar's open, with fees and slippage.

The target of row i is known at the close of row i and is filled at the open of row i + 1; the
target of the last row is never filled. No row of a result depends on a later bar.

`account` is one column of numbers, read by the names below: the cash at the start, the units that a
target of 1 holds (0: as many as the whole equity pays for at the fill, so gains compound), fees as
a share of the amount, per unit and per order, and slippage against the trader as a share of the
price and in price units. Prices must be finite and positive: a bar without such an open fills
nothing, and the order waits. Margin, interest and borrow fees are not part of this loop.

Source: none, this is accounting; held against the naive loop of tests/kernels/naive_bars.py.
"""

from math import copysign

from kernels_pure.columns import LARGEST, Floats

# Where `account` has which number.
CASH = 0
UNITS = 1
FEE_RATE = 2
FEE_UNIT = 3
FEE_ORDER = 4
SLIP_RATE = 5
SLIP_PRICE = 6
N_ACCOUNT = 7


def fill_price(side: float, price: float, account: Floats) -> float:
    """Return the price of a fill after slippage; `side` is 1 to buy, -1 to sell. Never below 0.

    >>> from array import array
    >>> fill_price(-1.0, 10.0, array("d", [0.0, 0.0, 0.0, 0.0, 0.0, 0.125, 0.25]))
    8.5
    """
    return max(0.0, price * (1.0 + side * account[SLIP_RATE]) + side * account[SLIP_PRICE])


def cash_after(cash: float, units: float, price: float, account: Floats) -> float:
    """Return the cash after an order for `units` (sold where negative) at the open `price`.

    >>> from array import array
    >>> cash_after(100.0, 2.0, 10.0, array("d", [0.0, 0.0, 0.125, 0.25, 1.0, 0.0, 0.0]))
    76.0
    """
    paid = fill_price(copysign(1.0, units), price, account)
    fee = account[FEE_ORDER] + abs(units) * (account[FEE_UNIT] + account[FEE_RATE] * paid)
    return cash - units * paid - fee


def units_wanted(target: float, value: float, price: float, account: Floats) -> float:
    """Return the units of a target, signed, for an account worth `value` at the open `price`.

    Where no fixed number is set, a target of 1 leaves no cash after slippage and fees.

    >>> from array import array
    >>> units_wanted(-1.0, 100.0, 10.0, array("d", [0.0] * 7))
    -10.0
    """
    if not value > 0.0:
        return 0.0
    if account[UNITS] > 0.0:
        return target * account[UNITS]
    paid = fill_price(copysign(1.0, target), price, account)
    each = paid * (1.0 + account[FEE_RATE]) + account[FEE_UNIT]
    room = value - account[FEE_ORDER]
    if not (each > 0.0 and room > 0.0):
        return 0.0
    return target * room / each


def trade(
    cash: float, position: float, target: float, price: float, account: Floats
) -> tuple[float, float, float, int]:
    """Bring a position to its target at one open: (cash, position, cash when flat, orders).

    A position that changes sign is closed by one order and opened by another, each with its fees.
    Cash when flat is what there was between the two. An account worth nothing is closed out and
    opens no more.
    """
    orders = 0
    if position * target <= 0.0 and abs(position) > 0.0:
        cash = cash_after(cash, -position, price, account)
        position = 0.0
        orders = 1
    flat = cash
    if abs(target) > 0.0:
        wanted = units_wanted(target, cash + position * price, price, account)
        change = wanted - position
        if abs(change) > 0.0:
            cash = cash_after(cash, change, price, account)
            position = wanted
            orders += 1
            if not abs(wanted) > 0.0:
                flat = cash
    return cash, position, flat, orders


def trip_ended(
    before: float, position: float, flat: float, opened: float
) -> tuple[int, int, float, float]:
    """Return (trips ended, trips won, gain, cash when the present trip began) of one trade.

    `before` and `position` are the units around it, `flat` and `opened` the cash when flat now and
    when the trip before began.
    """
    if before * position > 0.0:
        return 0, 0, 0.0, opened
    if not abs(before) > 0.0:
        return 0, 0, 0.0, flat
    gain = flat - opened
    if gain > 0.0:
        return 1, 1, gain, flat
    return 1, 0, gain, flat


def backtest(
    open: Floats,
    close: Floats,
    target: Floats,
    account: Floats,
    out_cash: Floats,
    out_position: Floats,
    out_equity: Floats,
) -> tuple[float, int, int, int, float, float]:
    """Write cash, position and equity at each close; return what was traded.

    (equity, orders, trips, wins, gained, lost): a trip is a position from opening to closing,
    its gain the change of cash between, fees included; a trip still open at the end is not counted.
    A target of nan keeps the position. A position is adjusted when its target changes, not when
    its value does. O(bars).

    >>> from array import array
    >>> open, close = array("d", [10.0, 11.0, 12.0]), array("d", [10.5, 11.5, 12.5])
    >>> account = array("d", [100.0, 2.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    >>> cash, position, equity = array("d", [0.0] * 3), array("d", [0.0] * 3), array("d", [0.0] * 3)
    >>> backtest(open, close, array("d", [1.0, 0.0, 0.0]), account, cash, position, equity)
    (100.0, 2, 1, 0, 0.0, 0.0)
    >>> list(equity)
    [100.0, 100.0, 100.0]
    """
    n = len(close)
    cash = account[CASH]
    opened = cash
    equity = cash
    position = 0.0
    held = 0.0
    wanted = 0.0
    orders = trips = wins = 0
    gained = lost = 0.0
    row = 0
    while row < n:
        # Each round fills what the last close asked for, then runs to the next change of target.
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
        start = row
        for i in range(start, n):
            equity = cash + position * close[i]
            out_cash[i] = cash
            out_position[i] = position
            out_equity[i] = equity
            row = i + 1
            wanted = target[i]
            gap = wanted - held
            if gap > 0.0 or gap < 0.0:
                break
    return equity, orders, trips, wins, gained, lost
