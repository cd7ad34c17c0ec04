"""Which kernels are offered, how long their columns are, and what else must hold before a call.

Names say most: a column named ``out_x`` is a result, ``work_x`` what a kernel keeps or scribbles
on, and every other one an input; columns have as many elements as there are rows. What is otherwise
stands here, as expressions of the arguments and of the constants of the kernel's module.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from kernels_pure.columns import Bytes, Flags, Floats, Ints

CODES: dict[Any, str] = {float: "float", int: "int", Floats: "d", Ints: "l", Flags: "b", Bytes: "B"}
"""What an argument is, by its annotation: a number, or a column's type code."""

OFFERED: Mapping[str, tuple[str, ...]] = {
    "normal": (),
    "pricing": ("price_chain", "greeks_chain"),
    "implied": ("iv_chain",),
    "second_order": ("second_order_chain",),
    "black": ("black_chain", "black_second_chain", "black_iv_chain"),
    "reprice": ("prepare_reprice", "reprice_chain"),
    "escrow": ("dividends_due", "dividend_ahead"),
    "lattice": ("american_lattice", "american_sensitivities"),
    "quadrature": ("american_rule",),
    "exercise": ("put_boundary",),
    "american": ("american_price", "american_vega_rho", "american_chain"),
    "svi": (),
    "svi_fit": ("svi_fit",),
    "implied_carry": ("implied_line",),
    "scoring": ("leg_out_loss", "top_rows"),
    "averages": ("ema_step", "ema", "macd_step", "macd"),
    "wilder": ("rsi_step", "rsi", "atr_step", "atr"),
    "rolling": ("sma_step", "sma"),
    "moments": (
        "moments_step", "moments", "rolling_std", "rolling_zscore_step", "rolling_zscore",
    ),
    "bands": ("bollinger_step", "bollinger", "realised_vol_step", "realised_vol"),
    "extremes": (
        "extreme_step", "extremes", "rolling_max", "rolling_min", "stochastic_step", "stochastic",
    ),
    "vwap": ("session_vwap_step", "session_vwap", "rolling_vwap_step", "rolling_vwap"),
    "rules": (
        "ma_cross_targets", "momentum_targets", "reversion_targets", "breakout_targets",
        "volatility_targets",
    ),
    "equity": (
        "years_spanned", "bars_per_year", "max_drawdown", "drawdowns", "return_sums", "sharpe",
        "sortino",
    ),
    "bars": ("fill_price", "cash_after", "units_wanted", "trade", "backtest"),
    "sweep": ("ma_cross_backtest", "ma_cross_run", "sweep_ma_cross"),
    "ticks": ("start_ticks", "on_trade", "on_trades"),
    "messages": ("scan_trade", "scan_trades"),
}  # fmt: skip
"""The modules whose kernels anybody may call: those of numbers alone all, of columns these. The
others are parts of these or of the scan, which keeps what they rely on."""

ROLLING = "ROLLING_STATE + max(period, 0)"
GRID = "3 * nodes * points"
RULE = {
    "node": "nodes + 1",
    "reach": "points + last_points",
    "share": "points + last_points",
    "blend": "(nodes * points + last_points) * (nodes + 1)",
}
AMERICAN = {**RULE, "work_grid": f"max({GRID}, last_points)", "work_bend": "nodes + 1"}
LATTICE = {"work_spot": "2 * steps + 12", "work_value": "steps + 3"}
STOCHASTIC = {
    "work_high": "EXTREME_STATE + max(period, 0)",
    "work_low": "EXTREME_STATE + max(period, 0)",
    "work_k": "ROLLING_STATE + max(slowing, 0)",
    "work_d": "ROLLING_STATE + max(smoothing, 0)",
}
ACCOUNT = {"account": "N_ACCOUNT"}
TICKS = {"state": "N_STATE", "ring": "1"}

# By module, or by kernel where its module's are not its own.
SIZES: Mapping[str, Mapping[str, str]] = {
    "lattice": LATTICE,
    "quadrature": {f"out_{name}": size for name, size in RULE.items()},
    "exercise": {
        "node": "nodes + 1", "reach": "points", "share": "points",
        "blend": "nodes * points * (nodes + 1)", "work_grid": GRID, "out_bend": "nodes + 1",
    },
    "american": AMERICAN,
    "scoring.leg_out_loss": {"cost": "legs", "delta": "legs"},
    "scoring.top_rows": {"out_row": "min(k, len(score))"},
    "averages.ema": {"work_state": "EMA_STATE"},
    "averages.ema_step": {"work_state": "EMA_STATE"},
    "averages.macd": {"work_state": "MACD_STATE"},
    "averages.macd_step": {"work_state": "MACD_STATE"},
    "wilder.rsi": {"work_state": "RSI_STATE"},
    "wilder.rsi_step": {"work_state": "RSI_STATE"},
    "wilder.atr": {"work_state": "ATR_STATE"},
    "wilder.atr_step": {"work_state": "ATR_STATE"},
    "rolling": {"work_state": ROLLING},
    "moments": {"work_state": ROLLING},
    "bands": {"work_state": ROLLING},
    "extremes": {"work_state": "EXTREME_STATE + max(period, 0)"},
    "extremes.stochastic": STOCHASTIC,
    "extremes.stochastic_step": STOCHASTIC,
    "vwap.session_vwap": {"work_state": "SESSION_STATE"},
    "vwap.session_vwap_step": {"work_state": "SESSION_STATE"},
    "vwap": {"work_state": "WINDOW_STATE + 2 * max(period, 0)"},
    "rules.breakout_targets": {
        "work_high": "min(window, len(close))", "work_low": "min(window, len(close))",
    },
    "bars": ACCOUNT,
    "sweep": ACCOUNT,
    "ticks": TICKS,
}  # fmt: skip
"""The least length of columns that have not one element a row."""

COUNTED: Mapping[str, Mapping[str, str]] = {
    "sweep.sweep_ma_cross": {"open": "bars", "close": "bars"},
}
"""What the elements of columns are where a kernel has columns of two lengths: else rows."""

NO_ROWS: Mapping[str, str] = {
    "messages.scan_trade": "row + 1",
    "messages.scan_trades": "data.count(10, start)",
}
"""How many rows there are to allocate where no column of the call says so."""


def of_one_period(state: str, period: str) -> tuple[str, str, str]:
    """Return what must hold of a window's state: the place in it, which its kernels go on from."""
    condition = f"{period} < 1 or 0 <= {state}[0] < {period}"
    return state, condition, f"is not a state that belongs to `{period}`"


STATE = of_one_period("work_state", "period")
STOCHASTIC_STATES = tuple(
    of_one_period(*pair)
    for pair in (
        ("work_high", "period"), ("work_low", "period"), ("work_k", "slowing"),
        ("work_d", "smoothing"),
    )
)  # fmt: skip
AT_LEAST_ONE = tuple(
    (name, f"1 <= {name} <= 4096", "is not 1 to 4096") for name in ("nodes", "points")
)
LAST_POINTS = ("last_points", "1 <= last_points <= 4096", "is not 1 to 4096")
INSTRUMENT = (
    ("ring", "len(ring) & (len(ring) - 1) == 0", "its length is not a power of two"),
    ("state", "0.0 <= state[0] < 9e15", "is not what `start_ticks` and the trades since left"),
)
WITHIN = ("start", "0 <= start <= len(data)", "is not a place in the data")

CONDITIONS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "rolling": (STATE,),
    "moments": (STATE,),
    "bands": (STATE,),
    "extremes": (STATE,),
    "extremes.stochastic": STOCHASTIC_STATES,
    "extremes.stochastic_step": STOCHASTIC_STATES,
    "vwap.rolling_vwap": (STATE,),
    "vwap.rolling_vwap_step": (STATE,),
    "lattice": (("steps", "steps <= 1000000", "is more than 1000000"),),
    "quadrature": (*AT_LEAST_ONE, LAST_POINTS),
    "exercise": AT_LEAST_ONE,
    "american": (*AT_LEAST_ONE, LAST_POINTS),
    "scoring.leg_out_loss": (("legs", "legs >= 0", "is negative"),),
    "scoring.top_rows": (("k", "k >= 0", "is negative"),),
    "ticks.start_ticks": INSTRUMENT[:1],
    "ticks": INSTRUMENT,
    "messages.scan_trades": (WITHIN,),
    "messages.scan_trade": (
        WITHIN,
        ("stop", "start <= stop <= len(data)", "is not a place in the data behind `start`"),
        ("row", "0 <= row < len(out_status)", "is no row of the columns"),
    ),
}
"""What else must hold: the argument that is named where it does not, the condition, the words."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a call of one kernel is held to.

    Parameters
    ----------
    name
        ``module.kernel``.
    kinds
        What each argument is: ``float``, ``int`` or a column's type code.
    sizes, counted, conditions, rows
        As in the tables of this module, of this kernel alone.
    """

    name: str
    kinds: Mapping[str, str]
    sizes: Mapping[str, str]
    counted: Mapping[str, str]
    conditions: tuple[tuple[str, str, str], ...]
    rows: str
    constants: Mapping[str, Any]

    def columns(self) -> list[str]:
        """Name the arguments that are columns of numbers."""
        return [name for name, kind in self.kinds.items() if len(kind) == 1 and kind != "B"]

    def written(self) -> list[str]:
        """Name the columns that the kernel writes."""
        kept = ("state", "ring") if self.name.startswith("ticks.") else ()
        return [
            name for name in self.columns() if name.startswith(("out_", "work_")) or name in kept
        ]

    def left_out(self) -> list[str]:
        """Name the last arguments that need not be given; a step needs the state it goes on from.

        A column that is written is made where it is missing.
        """
        if self.name.endswith("_step"):
            return []
        return [name for name in self.written() if name.startswith(("out_", "work_"))]


def constants() -> dict[str, int]:
    """Return the lengths that kernel modules name: of states, accounts and instruments."""
    modules = ("averages", "wilder", "rolling", "extremes", "vwap", "bars", "ticks")
    return {
        name: value
        for module in modules
        for name, value in vars(import_module(f"kernels_pure.{module}")).items()
        if name.endswith("_STATE") or name in ("N_STATE", "N_ACCOUNT")
    }


def rule_of(module: str, kernel: str) -> Rule:
    """Return the rule of an offered kernel."""
    pure = import_module(f"kernels_pure.{module}")
    function: Callable[..., Any] = getattr(pure, kernel)
    name = f"{module}.{kernel}"
    parameters = inspect.signature(function).parameters.values()
    kinds = {one.name: CODES[one.annotation] for one in parameters}

    def of_this(table: Mapping[str, Any], nothing: Any) -> Any:
        return table.get(name, table.get(module, nothing))

    sizes = {key: size for key, size in of_this(SIZES, {}).items() if key in kinds}
    conditions = tuple(one for one in of_this(CONDITIONS, ()) if one[0] in kinds)
    counted, rows = COUNTED.get(name, {}), NO_ROWS.get(name, "")
    return Rule(name, kinds, sizes, counted, conditions, rows, constants())


def kernels_of(module: str) -> list[str]:
    """Name the kernels of a module that are offered: all of numbers alone, and those of columns."""
    pure = import_module(f"kernels_pure.{module}")
    found = []
    for name, value in vars(pure).items():
        if inspect.isfunction(value) and value.__module__ == pure.__name__:
            kinds = [one.annotation for one in inspect.signature(value).parameters.values()]
            if name in OFFERED[module] or all(kind in (float, int) for kind in kinds):
                found.append(name)
    return found
