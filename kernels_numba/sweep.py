"""The sweep of ``kernels_pure.sweep`` as a loop of its own.

Four combinations go side by side, one a lane (see `_lanes`), with the operations of
``ma_cross_run`` in their order, so the bits are the same. Between two crossings of any lane a bar
has no branch but the one that asks whether all of them last.
"""

from math import inf, nan

from numba import uint64

from kernels_numba._compile import compiled_for_threads
from kernels_numba._lanes import (
    N_LANES,
    lane,
    not_above,
    packed,
    spread,
    where_above,
    whole,
    with_lane,
)
from kernels_pure import sweep as pure
from kernels_pure.bars import CASH, trade
from kernels_pure.columns import Floats, Ints
from kernels_pure.equity import sharpe_of
from kernels_pure.rules import cross_target
from kernels_pure.windows import window_sum


@compiled_for_threads
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
    """Run `ma_cross_run` for every row of `fast` and `slow`, four of them side by side."""
    n = len(close)
    never = n + 1.0
    zero = spread(0.0)
    one = spread(1.0)
    for group in range(0, len(fast), N_LANES):
        count = min(N_LANES, len(fast) - group)
        start = spread(never)
        first_row = n
        for k in range(count):
            r = group + k
            if fast[r] >= 1 and slow[r] >= 1:
                begins = max(fast[r], slow[r])
                start = with_lane(start, k, float(begins))
                first_row = min(first_row, begins)
        cash = before = peak = spread(account[CASH])
        position = held = orders = total = squares = zero
        kept = one
        # A lane that has not begun has windows that nothing enters or leaves, and lasts.
        quick = quick_times = quick_share = calm_times = calm_share = one
        calm = quick_back = calm_back = zero
        f0, f1, f2, f3 = s0, s1, s2, s3 = whole(zero)
        asks = 0
        row = begins = first_row
        while row < n:
            if row == begins:
                begins = n
                for k in range(count):
                    r = group + k
                    if lane(start, k) == row:
                        asks |= 1 << k
                        quick_back = with_lane(quick_back, k, float(fast[r]))
                        calm_back = with_lane(calm_back, k, float(slow[r]))
                        quick = with_lane(quick, k, window_sum(close, row - fast[r], row))
                        calm = with_lane(calm, k, window_sum(close, row - slow[r], row))
                        quick_times = with_lane(quick_times, k, float(slow[r]))
                        calm_times = with_lane(calm_times, k, float(fast[r]))
                    elif lane(start, k) > row:
                        begins = min(begins, int(lane(start, k)))
                f0, f1, f2, f3 = whole(quick_back)
                s0, s1, s2, s3 = whole(calm_back)
            while asks:
                # The lane of the lowest bit, without a test of each.
                bit = asks & -asks
                asks ^= bit
                k = (bit >> 1) - (bit >> 3)
                high = lane(quick, k) * lane(quick_times, k)
                low = lane(calm, k) * lane(calm_times, k)
                wanted = cross_target(high, low, short)
                has = lane(held, k)
                gap = wanted - has
                if gap > 0.0 or gap < 0.0:
                    price = open[row]
                    if price > 0.0 and price < inf:
                        money, units, _, sent = trade(
                            lane(cash, k), lane(position, k), wanted, price, account
                        )
                        cash = with_lane(cash, k, money)
                        position = with_lane(position, k, units)
                        orders = with_lane(orders, k, lane(orders, k) + sent)
                        held = with_lane(held, k, wanted)
                        has = wanted
                side, above, below = pure.lasting_side(high, low, wanted, has)
                # A change of both signs turns the test round and rounds nothing.
                quick_share = with_lane(quick_share, k, above * side)
                calm_share = with_lane(calm_share, k, below * side)
            first = row
            for i in range(first, begins):
                price_now = spread(close[uint64(i)])
                equity = cash + position * price_now
                gain = equity / before - one
                total = where_above(before, zero, total + gain, spread(nan))
                squares = squares + gain * gain
                before = equity
                lower = where_above(kept * peak, equity, equity / peak, kept)
                kept = where_above(equity, peak, kept, lower)
                peak = where_above(equity, peak, equity, peak)
                left = packed(
                    close[uint64(i - f0)], close[uint64(i - f1)],
                    close[uint64(i - f2)], close[uint64(i - f3)],
                )  # fmt: skip
                quick = quick + (price_now - left)
                left = packed(
                    close[uint64(i - s0)], close[uint64(i - s1)],
                    close[uint64(i - s2)], close[uint64(i - s3)],
                )  # fmt: skip
                calm = calm + (price_now - left)
                row = i + 1
                asks = not_above(quick * quick_times * quick_share, calm * calm_times * calm_share)
                if asks:
                    break
        for k in range(count):
            r = group + k
            out_equity[r] = out_sharpe[r] = out_drawdown[r] = nan
            out_orders[r] = int(lane(orders, k))
            if lane(start, k) <= n:
                out_equity[r] = lane(before, k)
                out_sharpe[r] = sharpe_of(n - 1, lane(total, k), lane(squares, k), per_year, rate)
                out_drawdown[r] = 1.0 - lane(kept, k)
