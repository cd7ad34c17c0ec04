"""One rule in three programs: ours, vectorbt's signals, a class of backtesting.py."""

from __future__ import annotations

import contextlib
import io
import warnings
from array import array
from random import Random
from typing import Any, NamedTuple

import pytest

vbt = pytest.importorskip("vectorbt", reason="the leg `anchors` installs vectorbt")
theirs = pytest.importorskip("backtesting", reason="the leg `anchors` installs backtesting")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from engine.backend import select  # noqa: E402
from engine.backtesting.data import Data  # noqa: E402
from engine.backtesting.kernel import Kernel  # noqa: E402
from engine.backtesting.parameters import build  # noqa: E402
from engine.backtesting.strategy import Strategy  # noqa: E402
from engine.backtesting.terms import Terms  # noqa: E402
from engine.market.bars import Bars  # noqa: E402
from engine.trading.loading import load_strategy  # noqa: E402

HOUR = 3_600_000_000_000
CASH, UNITS = 1e6, 10.0
# Trades enough of each rule in a thousand bars.
RULES: dict[str, dict[str, float]] = {
    "momentum": {"lag": 10, "threshold": 0.02},
    "mean_reversion": {"window": 20, "entry": 1.5},
    "breakout": {"window": 10},
    "ma_crossover": {"fast": 5, "slow": 20},
    "volatility": {"window": 12, "multiple": 1.0},
}


class Told(NamedTuple):
    """A trade as all of them tell it: rows of bars, signed units, prices."""

    entered: int
    left: int
    units: float
    entry: float
    exit: float


def walk(seed: int, n: int, step: float = 0.01) -> Bars:
    """Return bars of an hour with gaps between a close and the next open."""
    draw, price, columns = Random(seed), 100.0, [array("d") for _ in range(5)]
    for _ in range(n):
        path = [price * (1.0 + draw.gauss(0.0, 0.2 * step))]
        for _ in range(3):
            path.append(path[-1] * (1.0 + draw.gauss(0.0, 0.5 * step)))
        price = path[-1]
        for column, value in zip(columns, (path[0], max(path), min(path), price, 1e6), strict=True):
            column.append(value)
    return Bars(array("l", range(HOUR, HOUR * (n + 1), HOUR)), *columns)


def data_of(bars: Bars) -> Data:
    return Data({"ONE": bars}, HOUR, "drawn")


def terms(fee_rate: float = 0.0) -> Terms:
    return Terms(cash=CASH, units=UNITS, fee_rate=fee_rate)


def made(rule: str) -> Strategy:
    return build(load_strategy(rule), RULES[rule])


def targets(rule: str, bars: Bars) -> Any:
    """Return the targets of a rule, by its kernel."""
    strategy = made(rule)
    kernel = strategy.kernel  # type: ignore[attr-defined]
    assert isinstance(kernel, Kernel)
    return np.array(kernel.targets(select("pure"), strategy, bars))


def ours(trades: Any) -> list[Told]:
    """Return trades of ours in their words."""
    return [
        Told(one.opened_ns // HOUR - 1, one.closed_ns // HOUR - 1, one.units, one.entry, one.exit)
        for one in trades
    ]


def frame(bars: Bars) -> Any:
    columns = {
        "Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close,
        "Volume": bars.volume,
    }  # fmt: skip
    index = pd.date_range("2020-01-01", periods=len(bars), freq="h")
    return pd.DataFrame({name: np.array(values) for name, values in columns.items()}, index=index)


def run_class(kind: type, bars: Bars, fee: float = 0.0) -> Any:
    """Run a class of backtesting.py and return its trades, as its frame."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        test = theirs.Backtest(frame(bars), kind, cash=CASH, commission=fee)
        return test.run()._trades


def trades_of(table: Any) -> list[Told]:
    rows = zip(
        table.EntryBar, table.ExitBar, table.Size, table.EntryPrice, table.ExitPrice, strict=True
    )
    return [Told(int(a), int(b), float(c), float(d), float(e)) for a, b, c, d, e in rows]


def following(wanted: Any) -> type:
    """Return a class of backtesting.py that holds what a column says, from the next open on."""

    class Following(theirs.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            self.wanted = self.I(lambda: wanted, name="wanted")
            self.held = 0.0

        def next(self) -> None:
            now = self.wanted[-1]
            if now != self.held:
                self.held = now
                self.position.close()
                if now > 0.0:
                    self.buy(size=UNITS)
                elif now < 0.0:
                    self.sell(size=UNITS)

    return Following


def signals(wanted: Any, *, is_shifted: bool = True) -> tuple[Any, Any, Any, Any]:
    """Return entries, exits, short entries and short exits; shifted to the bar of the fill."""
    before = np.concatenate([[0.0], wanted[:-1]])
    changed = wanted != before
    found = (
        changed & (wanted > 0.0), changed & (wanted == 0.0) & (before > 0.0),
        changed & (wanted < 0.0), changed & (wanted == 0.0) & (before < 0.0),
    )  # fmt: skip
    if not is_shifted:
        return found
    return tuple(np.concatenate([[False], one[:-1]]) for one in found)  # type: ignore[return-value]


def portfolio(bars: Bars, columns: tuple[Any, Any, Any, Any], **more: Any) -> Any:
    """Return vectorbt's portfolio of signals, of `UNITS` each."""
    settings = {"size": UNITS, "init_cash": CASH, "upon_opposite_entry": "reverse", "freq": "h"}
    close = pd.Series(np.array(bars.close))
    return vbt.Portfolio.from_signals(close, *columns, **{**settings, **more})


def closed(found: Any) -> list[Told]:
    """Return the closed trades of a portfolio."""
    records = found.trades.records
    records = records[records.status == 1]
    sizes = np.where(records.direction == 0, records["size"], -records["size"])
    rows = zip(
        records.entry_idx, records.exit_idx, sizes, records.entry_price, records.exit_price,
        strict=True,
    )  # fmt: skip
    return [Told(int(a), int(b), float(c), float(d), float(e)) for a, b, c, d, e in rows]
