"""Twins of `kernels_pure.implied` that are more than their kernel compiled."""

from math import nan

from kernels_numba._compile import compiled_for_threads
from kernels_numba._rebound import BINDINGS, as_double, rebuilt, vectorised
from kernels_pure import implied as pure
from kernels_pure import pricing
from kernels_pure.columns import Flags, Floats
from kernels_pure.implied import IV_NO_QUOTE, IV_OK, LAST_STEP, LEAST_VALUE

carry_terms_rebound = rebuilt(pricing.carry_terms)
log_ratio_rebound = rebuilt(pricing.log_ratio)
time_value_rebound = rebuilt(pure.time_value)
guess_rebound = rebuilt(pure.deviation_guess)
step_rebound = rebuilt(pure.deviation_step)
log_rebound = BINDINGS["log"]
# What `fixed_steps` writes where two steps are not enough.
OPEN = 9


@vectorised
def fixed_steps(
    price: Floats,
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    right: Flags,
    out_vol: Floats,
    out_status: Flags,
) -> None:
    """Write the volatility after two steps, and the status; `OPEN` where that is not enough."""
    for i in range(len(out_vol)):
        root, stock_discount, discount, carry = carry_terms_rebound(tau[i], rate[i], div[i])
        value, gap, room, status = time_value_rebound(
            price[i],
            spot[i] * stock_discount,
            strike[i] * discount,
            log_ratio_rebound(spot[i], strike[i]) + carry,
            as_double(right[i]),
        )
        log_value = log_rebound(value)
        deviation = guess_rebound(value, gap)
        step = step_rebound(deviation, gap, log_value, room)
        deviation = max(0.25 * deviation, deviation + step)
        step = step_rebound(deviation, gap, log_value, room)
        deviation = max(0.25 * deviation, deviation + step)
        vol = deviation / root
        if not root > 0.0:
            vol = nan
            status = IV_NO_QUOTE
        out_vol[i] = vol
        if status == IV_OK and not (abs(step) <= LAST_STEP * deviation and value >= LEAST_VALUE):
            status = OPEN
        out_status[i] = status


@compiled_for_threads
def exact_rest(
    price: Floats,
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    right: Flags,
    out_vol: Floats,
    out_status: Flags,
) -> None:
    """Write `implied_vol` of the rows that `fixed_steps` left open."""
    for i in range(len(out_vol)):
        if out_status[i] == OPEN:
            vol, status = pure.implied_vol(
                price[i], spot[i], strike[i], tau[i], rate[i], div[i], right[i]
            )
            out_vol[i] = vol
            out_status[i] = status


def iv_chain(
    price: Floats,
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    right: Flags,
    out_vol: Floats,
    out_status: Flags,
) -> None:
    """Write `implied_vol` of every row, most of them several rows at a time."""
    columns = (price, spot, strike, tau, rate, div, right, out_vol, out_status)
    fixed_steps(*columns)
    exact_rest(*columns)
