"""Where orders are filled in the next bar: one function for each kind, of one bar's prices.

`side` is 1.0 to buy and -1.0 to sell. A bar holds its open between its low and its high; what
happened between open and close it does not tell. A price that is met by the open is filled at the
open, because nothing traded between the close before and it; one that is met later is filled at
itself. No fill is at a price outside the bar, and none at the close that was seen. A result of nan
is no fill, and so is every comparison with a price that is absent.

`is_optimistic` (0 or 1) says what is taken where a bar leaves the order of two prices open: the
worse for the trader, or the better. What was left open is in the result too.

Source: none, these are the rules of docs/BACKTEST.md, which names what other programs do.
"""

from math import nan

from kernels_pure.columns import LARGEST

# What became of a stop-limit order: not triggered, triggered and resting as a limit, filled.
ASLEEP = 0
RESTING = 1
FILLED = 2
# How a bracket was left: not, by its stop-loss, by its take-profit.
HELD = 0
STOPPED = 1
TAKEN = 2
# How an entry came about, for its bracket on the same bar: at the open, by a stop, by a limit.
AT_OPEN = 0
BY_STOP = 1
BY_LIMIT = 2


def can_trade(open: float) -> bool:
    """Tell whether a bar's open is a price: positive and finite.

    >>> can_trade(10.0), can_trade(0.0), can_trade(float("nan"))
    (True, False, False)
    """
    return open > 0.0 and open <= LARGEST


def stop_fill(side: float, stop: float, open: float, high: float, low: float) -> float:
    """Return the price of a stop order: the open where it is beyond the stop, else the stop.

    >>> stop_fill(1.0, 11.0, 12.0, 13.0, 9.0), stop_fill(1.0, 11.0, 10.0, 13.0, 9.0)
    (12.0, 11.0)
    """
    if (open - stop) * side >= 0.0:
        return open
    reach = high if side > 0.0 else low
    if (reach - stop) * side >= 0.0:
        return stop
    return nan


def limit_fill(
    side: float, limit: float, open: float, high: float, low: float, is_through: int
) -> float:
    """Return the price of a limit order: the open where it is better, else the limit.

    With `is_through` the price must have passed the limit: prices at it may all have been taken by
    orders that were there before.

    >>> limit_fill(1.0, 9.0, 8.0, 11.0, 7.0, 0), limit_fill(1.0, 9.0, 10.0, 11.0, 9.0, 0)
    (8.0, 9.0)
    >>> limit_fill(1.0, 9.0, 10.0, 11.0, 9.0, 1)
    nan
    """
    if is_inside(side, limit, open, is_through) > 0:
        return open
    reach = low if side > 0.0 else high
    if is_inside(side, limit, reach, is_through) > 0:
        return limit
    return nan


def is_inside(side: float, limit: float, price: float, is_through: int) -> int:
    """Return 1 where `price` fills a limit order, 0 where it does not.

    >>> is_inside(1.0, 9.0, 9.0, 0), is_inside(1.0, 9.0, 9.0, 1), is_inside(-1.0, 9.0, 9.5, 1)
    (1, 0, 1)
    """
    gap = (limit - price) * side
    if gap > 0.0 or (is_through == 0 and gap >= 0.0):
        return 1
    return 0


def stop_limit_fill(
    side: float,
    stop: float,
    limit: float,
    open: float,
    high: float,
    low: float,
    close: float,
    is_through: int,
    is_optimistic: int,
) -> tuple[int, float, int]:
    """Return (state, price, is_ambiguous) of a stop-limit order that was asleep.

    It wakes as a stop does and is filled as a limit does from there. Where it wakes within the bar
    and its limit is better than its stop, the close tells whether the price came back to it; where
    only low or high reached the limit, that may have been before: it rests, and it is ambiguous.

    >>> stop_limit_fill(1.0, 11.0, 11.5, 12.0, 13.0, 10.0, 12.5, 0, 0)  # opens beyond both
    (2, 11.5, 0)
    >>> stop_limit_fill(1.0, 11.0, 10.5, 10.6, 13.0, 10.0, 12.5, 0, 0)
    (1, nan, 1)
    """
    if (open - stop) * side >= 0.0:
        paid = limit_fill(side, limit, open, high, low, is_through)
        if paid > 0.0:
            return FILLED, paid, 0
        return RESTING, nan, 0
    if not stop_fill(side, stop, open, high, low) > 0.0:
        return ASLEEP, nan, 0
    if is_inside(side, limit, stop, is_through) > 0:
        return FILLED, stop, 0
    if is_inside(side, limit, close, is_through) > 0:
        return FILLED, limit, 0
    reach = low if side > 0.0 else high
    if is_inside(side, limit, reach, is_through) > 0:
        if is_optimistic > 0:
            return FILLED, limit, 1
        return RESTING, nan, 1
    return RESTING, nan, 0


def bracket_exit(
    side: float,
    stop_loss: float,
    take_profit: float,
    open: float,
    high: float,
    low: float,
    is_through: int,
    is_optimistic: int,
) -> tuple[int, float, int]:
    """Return (how, price, is_ambiguous) of a position held since the open or before.

    `side` is that of the position; a stop-loss or take-profit of 0 is none. At the open whatever it
    meets is filled at it. Where the rest of the bar reached both, the stop-loss is taken.

    >>> bracket_exit(1.0, 9.0, 11.5, 10.0, 12.0, 8.0, 0, 0)
    (1, 9.0, 1)
    >>> bracket_exit(1.0, 9.0, 11.5, 10.0, 12.0, 8.0, 0, 1)
    (2, 11.5, 1)
    """
    lost = gained = nan
    if stop_loss > 0.0:
        lost = stop_fill(-side, stop_loss, open, high, low)
        if lost == open:
            return STOPPED, open, 0
    if take_profit > 0.0:
        gained = limit_fill(-side, take_profit, open, high, low, is_through)
        if gained == open:
            return TAKEN, open, 0
    both = 1 if lost > 0.0 and gained > 0.0 else 0
    if gained > 0.0 and (both == 0 or is_optimistic > 0):
        return TAKEN, gained, both
    if lost > 0.0:
        return STOPPED, lost, both
    return HELD, nan, 0


def entry_bar_exit(
    side: float,
    how: int,
    entry: float,
    stop_loss: float,
    take_profit: float,
    high: float,
    low: float,
    close: float,
    is_through: int,
    is_optimistic: int,
) -> tuple[int, float, int]:
    """Return (how left, price, is_ambiguous) on the bar of an entry within it, at `entry`.

    A stop was met on the way up (to buy): what lies beyond it was met after it, and what lies
    before it perhaps earlier. A limit was met on the way down: the stop-loss lies beyond it. What
    the close is beyond was met after the entry in any case. A stop-loss or take-profit that the
    entry is beyond already is met at the entry.

    >>> entry_bar_exit(1.0, 1, 11.0, 10.0, 0.0, 12.0, 9.0, 11.5, 0, 0)  # low before the stop?
    (1, 10.0, 1)
    >>> entry_bar_exit(1.0, 2, 9.5, 9.0, 0.0, 12.0, 8.0, 11.5, 0, 1)  # the limit was met first
    (1, 9.0, 0)
    """
    lost = is_lost_sure = is_gained_sure = 0
    gained = 0
    if stop_loss > 0.0:
        if (stop_loss - entry) * side >= 0.0:
            return STOPPED, entry, 0
        reach = low if side > 0.0 else high
        if (stop_loss - reach) * side >= 0.0:
            lost = 1
            if how == BY_LIMIT or (stop_loss - close) * side >= 0.0:
                is_lost_sure = 1
    if take_profit > 0.0:
        if is_inside(-side, take_profit, entry, is_through) > 0:
            return TAKEN, entry, 0
        reach = high if side > 0.0 else low
        if is_inside(-side, take_profit, reach, is_through) > 0:
            gained = 1
            if how == BY_STOP or is_inside(-side, take_profit, close, is_through) > 0:
                is_gained_sure = 1
    if lost == 0 and gained == 0:
        return HELD, nan, 0
    if is_optimistic > 0:
        if gained > 0:
            return TAKEN, take_profit, 1 - is_gained_sure if lost == 0 else 1
        if is_lost_sure > 0:
            return STOPPED, stop_loss, 0
        return HELD, nan, 1
    if lost > 0:
        return STOPPED, stop_loss, 1 - is_lost_sure if gained == 0 else 1
    if is_gained_sure > 0:
        return TAKEN, take_profit, 0
    return HELD, nan, 1


def whole_lots(units: float, lot: float) -> float:
    """Return `units` rounded towards 0 to a multiple of `lot`; a lot of 0 rounds nothing.

    Within 1e-9 of a lot it is that lot: 0.3 is three lots of 0.1.

    >>> whole_lots(-17.0, 5.0), whole_lots(0.3, 0.1) == 3 * 0.1
    (-15.0, True)
    """
    if not lot > 0.0:
        return units
    count = units / lot
    if not abs(count) < 9e15:
        return units
    if count < 0.0:
        return -float(int(1e-9 - count)) * lot
    return float(int(count + 1e-9)) * lot


def whole_ticks(price: float, tick: float, side: float) -> float:
    """Return `price` on a multiple of `tick`, rounded up for a side of 1 and down for -1.

    >>> whole_ticks(10.012, 0.25, 1.0), whole_ticks(10.012, 0.25, -1.0)
    (10.25, 10.0)
    """
    if not tick > 0.0:
        return price
    count = price / tick
    if not abs(count) < 9e15:
        return price
    below = float(int(count + 1e-9))
    if side > 0.0 and count - below > 1e-9:
        below += 1.0
    return below * tick


def units_at_risk(equity: float, share: float, entry: float, stop_loss: float) -> float:
    """Return the units that lose `share` of `equity` from `entry` to `stop_loss`; at least 0.

    Signed as the position is: above 0 where the stop-loss lies below the entry.

    >>> units_at_risk(10_000.0, 0.01, 50.0, 48.0), units_at_risk(10_000.0, 0.01, 50.0, 54.0)
    (50.0, -25.0)
    """
    gap = entry - stop_loss
    if not (equity > 0.0 and abs(gap) > 0.0):
        return 0.0
    return equity * share / gap
