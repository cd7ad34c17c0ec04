"""Twins of `kernels_pure.pricing` that are more than their kernel compiled."""

from kernels_numba._expiries import place, stretch
from kernels_numba._rebound import as_double, rebuilt, vectorised
from kernels_pure import pricing as pure
from kernels_pure.columns import Flags, Floats

bs_price_rebound = rebuilt(pure.bs_price)
carry_terms_rebound = rebuilt(pure.carry_terms)
log_ratio_rebound = rebuilt(pure.log_ratio)
option_parts_rebound = rebuilt(pure.option_parts)
price_and_greeks_rebound = rebuilt(pure.price_and_greeks)


@vectorised
def price_chain(
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    vol: Floats,
    right: Flags,
    out_price: Floats,
) -> None:
    """Write `bs_price` of every row, several rows at a time.

    Rows in the order of expiries cost least: in a `stretch` of one `carry_terms` are taken once.
    """
    start = 0
    while start < len(out_price):
        stop, is_shared = stretch(tau, rate, div, start)
        if is_shared:
            root, stock_discount, discount, carry = pure.carry_terms(
                tau[start], rate[start], div[start]
            )
            for i in range(place(start), place(stop)):
                out_price[i] = option_parts_rebound(
                    spot[i] * stock_discount, strike[i] * discount,
                    log_ratio_rebound(spot[i], strike[i]) + carry, vol[i] * root,
                    as_double(right[i]),
                )[0]  # fmt: skip
        else:
            for i in range(place(start), place(stop)):
                out_price[i] = bs_price_rebound(
                    spot[i], strike[i], tau[i], rate[i], div[i], vol[i], as_double(right[i])
                )
        start = stop


@vectorised
def greeks_chain(
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    vol: Floats,
    right: Flags,
    out_price: Floats,
    out_delta: Floats,
    out_gamma: Floats,
    out_vega: Floats,
    out_theta: Floats,
    out_rho: Floats,
) -> None:
    """Write `bs_price` and `bs_greeks` of every row; see `price_chain`."""
    start = 0
    while start < len(out_price):
        stop, is_shared = stretch(tau, rate, div, start)
        if is_shared:
            row_tau, row_rate, row_div = tau[start], rate[start], div[start]
            root, stock_discount, discount, carry = pure.carry_terms(row_tau, row_rate, row_div)
            for i in range(place(start), place(stop)):
                (
                    out_price[i], out_delta[i], out_gamma[i], out_vega[i], out_theta[i], out_rho[i]
                ) = price_and_greeks_rebound(
                    spot[i], strike[i], row_tau, row_rate, row_div, vol[i], as_double(right[i]),
                    root, stock_discount, discount, log_ratio_rebound(spot[i], strike[i]) + carry,
                )  # fmt: skip
        else:
            for i in range(place(start), place(stop)):
                root, stock_discount, discount, carry = carry_terms_rebound(tau[i], rate[i], div[i])
                (
                    out_price[i], out_delta[i], out_gamma[i], out_vega[i], out_theta[i], out_rho[i]
                ) = price_and_greeks_rebound(
                    spot[i], strike[i], tau[i], rate[i], div[i], vol[i], as_double(right[i]),
                    root, stock_discount, discount, log_ratio_rebound(spot[i], strike[i]) + carry,
                )  # fmt: skip
        start = stop
