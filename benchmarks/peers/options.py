"""Libraries that price options, on the options of our workloads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.peers.adapter import OPTION, Adapter, Columns, Run


def arrays(columns: Columns) -> tuple[Any, ...]:
    """Return the columns of options as NumPy's arrays, and the flags c and p."""
    import numpy as np

    flags = np.where(np.frombuffer(columns["right"]) > 0.0, "c", "p")
    return (*(np.frombuffer(columns[name]) for name in OPTION), flags)


def _fast_price(columns: Columns) -> Run:
    from fast_vollib import fast_black_scholes_merton as price

    spot, strike, tau, rate, div, vol, flag = arrays(columns)
    rest = (flag, spot, strike, tau, rate, vol, div)
    return lambda: price(*rest, return_as="numpy", backend="numba")


def _fast_greeks(columns: Columns) -> Run:
    from fast_vollib import fast_black_scholes_merton as price
    from fast_vollib import get_all_greeks as greeks

    spot, strike, tau, rate, div, vol, flag = arrays(columns)
    rest = (flag, spot, strike, tau, rate, vol, div)
    model = {"model": "black_scholes_merton", "return_as": "dict", "backend": "numba"}
    return lambda: (greeks(*rest, **model), price(*rest, return_as="numpy", backend="numba"))


def _fast_implied(columns: Columns) -> Run:
    from fast_vollib import fast_implied_volatility as implied

    spot, strike, tau, rate, div, _, flag = arrays(columns)
    import numpy as np

    price = np.frombuffer(columns["price"])
    model = {"model": "black_scholes_merton", "return_as": "numpy", "on_error": "ignore"}
    model["backend"] = "numba"
    return lambda: implied(price, spot, strike, tau, rate, flag, div, **model)


def _vectorized_price(columns: Columns) -> Run:
    from py_vollib_vectorized import vectorized_black_scholes_merton as price

    spot, strike, tau, rate, div, vol, flag = arrays(columns)
    return lambda: price(flag, spot, strike, tau, rate, vol, div, return_as="numpy")


def _vectorized_greeks(columns: Columns) -> Run:
    from py_vollib_vectorized import get_all_greeks as greeks
    from py_vollib_vectorized import vectorized_black_scholes_merton as price

    spot, strike, tau, rate, div, vol, flag = arrays(columns)
    rest = (flag, spot, strike, tau, rate, vol, div)
    model = {"model": "black_scholes_merton", "return_as": "dict"}
    return lambda: (greeks(*rest, **model), price(*rest, return_as="numpy"))


def _vectorized_implied(columns: Columns) -> Run:
    import numpy as np
    from py_vollib_vectorized import vectorized_implied_volatility as implied

    spot, strike, tau, rate, div, _, flag = arrays(columns)
    price = np.frombuffer(columns["price"])
    model = {"model": "black_scholes_merton", "return_as": "numpy", "on_error": "ignore"}
    return lambda: implied(price, spot, strike, tau, rate, flag, div, **model)


def _forwards(columns: Columns) -> list[tuple[int, float, float, float, float]]:
    rows = zip(*(columns[name] for name in OPTION), columns["right"], strict=True)
    return [
        (int(right), strike, spot * math.exp((rate - div) * tau), vol * math.sqrt(tau),
         math.exp(-rate * tau))
        for spot, strike, tau, rate, div, vol, right in rows
    ]  # fmt: skip


def _quantlib_price(columns: Columns) -> Run:
    import QuantLib as ql

    rows, kind = _forwards(columns), {1: ql.Option.Call, -1: ql.Option.Put}
    rows = [(kind[right], *rest) for right, *rest in rows]
    price = ql.blackFormula
    return lambda: [price(*row) for row in rows]


def _quantlib_implied(columns: Columns) -> Run:
    import QuantLib as ql

    kind = {1: ql.Option.Call, -1: ql.Option.Put}
    rows = [
        (kind[right], strike, forward, price, discount, tau)
        for (right, strike, forward, _, discount), price, tau in zip(
            _forwards(columns), columns["price"], columns["tau"], strict=True
        )
    ]

    def one(row: Sequence[Any]) -> float:
        try:
            deviation: float = ql.blackFormulaImpliedStdDev(*row[:5], 0.0, 0.5, 1e-12, 1000)
        except RuntimeError:  # a price at its bound has no volatility
            return math.nan
        return deviation / math.sqrt(row[-1])

    return lambda: [one(row) for row in rows]


PRICE, GREEKS, IMPLIED = (
    f"kernel/{name}/50000" for name in ("price", "price and Greeks", "implied volatility")
)
_UNITS = "its Greeks have other units; price called apart"
_OLD = (
    "compiled by Numba 0.57 of 2023, the newest that it runs with, and not by ours; checks and "
    "broadcasts its arguments"
)
_SCALAR = "one call of an option from Python, forward and deviation made beforehand"
ADAPTERS = {
    "fast_vollib": (
        Adapter(PRICE, _fast_price, "price", "its Numba backend, which uses every core"),
        Adapter(GREEKS, _fast_greeks, "", _UNITS),
        Adapter(IMPLIED, _fast_implied, "known", "stops at its own tolerance; see the difference"),
    ),
    "py_vollib_vectorized": (
        Adapter(PRICE, _vectorized_price, "price", _OLD),
        Adapter(GREEKS, _vectorized_greeks, "", f"{_UNITS}; {_OLD}"),
        Adapter(IMPLIED, _vectorized_implied, "known", _OLD),
    ),
    "QuantLib": (
        Adapter(PRICE, _quantlib_price, "price", _SCALAR),
        Adapter(IMPLIED, _quantlib_implied, "known", _SCALAR),
    ),
}
