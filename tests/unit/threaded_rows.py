"""Columns for kernels on threads, and what the same kernels write on one."""

from __future__ import annotations

from array import array
from dataclasses import replace
from random import Random
from typing import Any

from engine.backend import Backend, select
from kernels_pure.columns import Flags
from kernels_pure.reprice import prepare_reprice
from tests.kernels.inputs import NASTY, kinds

N_BARS = 600


def as_if_compiled() -> Backend:
    """Return pure kernels that say they are compiled, for what does not depend on that."""
    return replace(select("pure"), name="numba")


def drawn(name: str, n_rows: int, per_expiry: int = 1) -> list[Any]:
    """Return arguments of a kernel: rows of options, some of them nasty, or windows over bars.

    So many rows share an expiry: its time, rate and yield.
    """
    draw = Random(f"{name} {n_rows}").random
    if name == "sweep.sweep_ma_cross":
        close = array("d", (100.0 + 5.0 * draw() for _ in range(N_BARS)))
        windows = [array("l", (int(40.0 * draw()) for _ in range(n_rows))) for _ in range(2)]
        account = array("d", [1e4, 0.0, 0.001, 0.0, 0.5, 0.0, 0.01])
        out = [array(code, [9] * n_rows) for code in "dddl"]
        return [close[1:], close[:-1], *windows, -1.0, account, 252.0, 0.01, *out]
    lows_and_widths = {
        "price": (0.0, 30.0), "spot": (60.0, 80.0), "forward": (60.0, 80.0), "tau": (0.001, 2.0),
        "strike": (60.0, 80.0), "rate": (-0.02, 0.1), "div": (0.0, 0.05), "vol": (0.0, 0.9),
    }  # fmt: skip

    def column(parameter: str) -> array[float]:
        low, width = lows_and_widths[parameter]
        if per_expiry > 1 and parameter in ("tau", "rate", "div"):
            each = [low + width * draw() for _ in range(n_rows // per_expiry + 1)]
            return array("d", (each[row // per_expiry] for row in range(n_rows)))
        return array("d", (
            NASTY[int(len(NASTY) * draw())] if draw() < 0.02 else low + width * draw()
            for _ in range(n_rows)
        ))  # fmt: skip

    right = array("b", (-1 if draw() < 0.5 else 1 for _ in range(n_rows)))
    if name == "reprice.reprice_chain":
        kept = [array("d", bytes(8 * n_rows)) for _ in range(5)]
        inputs = [column(parameter) for parameter in ("strike", "tau", "rate", "div", "vol")]
        prepare_reprice(100.0, *inputs, right, *kept)
        return [103.0, 100.0, *kept, right, array("d", [9.0] * n_rows)]
    return [
        array("b" if kind == Flags else "d", [9] * n_rows) if parameter.startswith("out_")
        else right if parameter == "right" else column(parameter)
        for parameter, kind in kinds(name).items()
    ]  # fmt: skip


def copied(arguments: list[Any]) -> list[Any]:
    return [value[:] if isinstance(value, array) else value for value in arguments]


def written(name: str, arguments: list[Any]) -> list[bytes]:
    """Return the bits of the columns that a kernel writes."""
    named = zip(kinds(name), arguments, strict=True)
    return [value.tobytes() for parameter, value in named if parameter.startswith("out_")]


def alone(backend: Backend, name: str, arguments: list[Any]) -> list[bytes]:
    """Return the bits that the kernel writes when it is called itself."""
    module, _, kernel = name.partition(".")
    found = getattr(backend, module, None) or backend.load(module)
    own = copied(arguments)
    getattr(found, kernel)(*own)
    return written(name, own)


def option(price: float = 9.0, n: int = 1) -> list[Any]:
    """Return arguments of ``pricing.price_chain``."""
    columns = [array("d", [x] * n) for x in (100.0, 95.0, 0.5, 0.03, 0.0, 0.2)]
    return [*columns, array("b", [1] * n), array("d", [price] * n)]
