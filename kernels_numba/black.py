"""Twins of `kernels_pure.black` that are more than their kernel compiled."""

from kernels_numba._rebound import as_double, rebuilt, vectorised
from kernels_pure import black as pure
from kernels_pure import second_order
from kernels_pure.columns import Flags, Floats

discount_terms_rebound = rebuilt(pure.discount_terms)
row_black_rebound = rebuilt(pure.row_black)
row_second_order_rebound = rebuilt(second_order.row_second_order)


@vectorised
def black_chain(
    forward: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    vol: Floats,
    right: Flags,
    out_price: Floats,
    out_delta: Floats,
    out_gamma: Floats,
    out_vega: Floats,
    out_theta: Floats,
    out_rho: Floats,
) -> None:
    """Write `black_greeks` of every row, several rows at a time, whatever their order."""
    for i in range(len(out_price)):
        root, discount = discount_terms_rebound(tau[i], rate[i])
        price, delta, gamma, vega, theta, rho = row_black_rebound(
            forward[i], strike[i], tau[i], rate[i], vol[i], as_double(right[i]), root, discount
        )
        out_price[i] = price
        out_delta[i] = delta
        out_gamma[i] = gamma
        out_vega[i] = vega
        out_theta[i] = theta
        out_rho[i] = rho


@vectorised
def black_second_chain(
    forward: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    vol: Floats,
    right: Flags,
    out_vanna: Floats,
    out_volga: Floats,
    out_charm: Floats,
) -> None:
    """Write `black_second_order` of every row, several rows at a time, whatever their order."""
    for i in range(len(out_vanna)):
        root, discount = discount_terms_rebound(tau[i], rate[i])
        vanna, volga, charm = row_second_order_rebound(
            forward[i], strike[i], tau[i], rate[i], vol[i], as_double(right[i]),
            root, discount, discount, 0.0,
        )  # fmt: skip
        out_vanna[i] = vanna
        out_volga[i] = volga
        out_charm[i] = charm
