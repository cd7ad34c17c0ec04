"""Twins of `kernels_pure.second_order` that are more than their kernel compiled."""

from kernels_numba._rebound import as_double, rebuilt, vectorised
from kernels_numba.pricing import carry_terms_rebound
from kernels_pure import second_order as pure
from kernels_pure.columns import Flags, Floats

row_second_order_rebound = rebuilt(pure.row_second_order)


@vectorised
def second_order_chain(
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    vol: Floats,
    right: Flags,
    out_vanna: Floats,
    out_volga: Floats,
    out_charm: Floats,
) -> None:
    """Write `bs_second_order` of every row, several rows at a time, whatever their order."""
    for i in range(len(out_vanna)):
        root, stock_discount, discount, carry = carry_terms_rebound(tau[i], rate[i], div[i])
        vanna, volga, charm = row_second_order_rebound(
            spot[i], strike[i], tau[i], div[i], vol[i], as_double(right[i]),
            root, stock_discount, discount, carry,
        )  # fmt: skip
        out_vanna[i] = vanna
        out_volga[i] = volga
        out_charm[i] = charm
