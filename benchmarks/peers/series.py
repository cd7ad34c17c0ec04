"""Libraries for indicators, bars, messages and caches, on the random walk of our workloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.peers.adapter import Adapter, Columns, Run
from benchmarks.workloads.trade_messages import messages

WINDOW = 20
# An object per bar and a callback are slow: as many bars as take seconds, not minutes.
FEW_BARS = 20_000
# The sweep of our workload: every fast window with every slow one.
SWEPT_BARS, FAST, SLOW = 100_000, (5, 10, 20, 40), (50, 75, 100, 150)


def _talib(name: str) -> Callable[[Columns], Run]:
    def prepare(columns: Columns) -> Run:
        import numpy as np
        import talib

        function, close = getattr(talib, name), np.frombuffer(columns["close"])
        return lambda: function(close, WINDOW)

    return prepare


def _pandas(name: str) -> Callable[[Columns], Run]:
    def prepare(columns: Columns) -> Run:
        import numpy as np
        import pandas as pd

        close = pd.Series(np.frombuffer(columns["close"]))

        def smoothed(series: Any, start: int, weight: float) -> Any:
            """Return exponential averages from the mean of the first values on, as TA-Lib's."""
            begun = series.copy()
            begun.iloc[start : start + WINDOW - 1] = np.nan
            begun.iloc[start + WINDOW - 1] = series.iloc[start : start + WINDOW].mean()
            return begun.ewm(alpha=weight, adjust=False).mean()

        def rsi() -> Any:
            change = close.diff()
            gain = smoothed(change.clip(lower=0.0), 1, 1.0 / WINDOW)
            loss = smoothed(-change.clip(upper=0.0), 1, 1.0 / WINDOW)
            return 100.0 * gain / (gain + loss)

        def bollinger() -> tuple[Any, Any, Any]:
            window = close.rolling(WINDOW)
            mean, deviation = window.mean(), window.std(ddof=0)
            return mean + 2.0 * deviation, mean, mean - 2.0 * deviation

        runs: dict[str, Run] = {
            "sma": lambda: close.rolling(WINDOW).mean(),
            "ema": lambda: smoothed(close, 0, 2.0 / (WINDOW + 1.0)),
            "rsi": rsi,
            "bollinger": bollinger,
        }
        return runs[name]

    return prepare


def _crossing(columns: Columns) -> tuple[Any, Any, Any]:
    import pandas as pd

    close = pd.Series(columns["close"])
    fast, slow = close.rolling(WINDOW).mean(), close.rolling(5 * WINDOW).mean()
    return close, fast > slow, fast < slow


def _vectorbt_bars(columns: Columns) -> Run:
    import vectorbt as vbt

    close, is_long, is_flat = _crossing(columns)
    go = vbt.Portfolio.from_signals
    return lambda: go(close, is_long, is_flat, fees=0.001, slippage=0.0005).total_return()


def _vectorbt_sweep(columns: Columns) -> Run:
    import pandas as pd
    import vectorbt as vbt

    close = pd.Series(columns["close"][:SWEPT_BARS])
    pairs = [(fast, slow) for fast in FAST for slow in SLOW]
    go = vbt.Portfolio.from_signals

    def run() -> object:
        fast = vbt.MA.run(close, [pair[0] for pair in pairs], short_name="fast")
        slow = vbt.MA.run(close, [pair[1] for pair in pairs], short_name="slow")
        is_long, is_flat = fast.ma_above(slow), fast.ma_below(slow)
        return go(close, is_long, is_flat, fees=0.001, slippage=0.0005).total_return()

    return run


def _backtesting_bars(columns: Columns) -> Run:
    import pandas as pd
    from backtesting import Backtest, Strategy
    from backtesting.lib import crossover

    close = pd.Series(columns["close"][:FEW_BARS])
    index = pd.date_range("2020-01-01", periods=FEW_BARS, freq="min")
    frame = pd.DataFrame(dict.fromkeys(("Open", "High", "Low", "Close"), close.to_numpy()), index)

    class Crossing(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            mean = lambda values, n: pd.Series(values).rolling(n).mean()  # noqa: E731
            self.fast = self.I(mean, self.data.Close, WINDOW)
            self.slow = self.I(mean, self.data.Close, 5 * WINDOW)

        def next(self) -> None:
            if crossover(self.fast, self.slow):
                self.buy()
            elif crossover(self.slow, self.fast):
                self.position.close()

    test = Backtest(frame, Crossing, cash=1e6, commission=0.001)
    run: Callable[[], Any] = test.run
    return run


def _orjson(columns: Columns) -> Run:
    from orjson import loads

    lines = messages(columns["close"][:FEW_BARS])

    def run() -> None:
        for message in lines:
            row = loads(message)
            float(row["p"])

    return run


def _msgspec(columns: Columns) -> Run:
    import msgspec

    trade = msgspec.defstruct(
        "Trade", [("E", int), ("s", str), ("t", int), ("p", str), ("q", str), ("m", bool)]
    )
    decode = msgspec.json.Decoder(trade).decode
    lines = messages(columns["close"][:FEW_BARS])

    def run() -> None:
        for message in lines:
            float(decode(message).p)

    return run


def _cachetools(columns: Columns) -> Run:
    from cachetools import TTLCache

    cache: Any = TTLCache(2048, 3600.0)
    keys = [f"key-{k % 1000}" for k in range(FEW_BARS)]
    cache.update(dict.fromkeys(keys, 1.0))

    def run() -> None:
        for key in keys:
            cache.get(key)

    return run


# What answers a whole column, by its name there; of the bands the upper one is compared.
INDICATORS = {
    name: (f"kernel/{name}/1000000", 0 if name == "bollinger" else None)
    for name in ("sma", "ema", "rsi", "bollinger")
}
TALIB = {"sma": "SMA", "ema": "EMA", "rsi": "RSI", "bollinger": "BBANDS"}
BARS, JSON = "kernel/bar backtest/1000000", f"kernel/JSON trade/{FEW_BARS}"
SWEPT = SWEPT_BARS * len(FAST) * len(SLOW)
SWEEP = f"kernel/sweep/{SWEPT_BARS}x{len(FAST) * len(SLOW)}"
CACHE = f"engine/cache get/{FEW_BARS}"

_SERIES = "calls on a Series, more than one but for the mean; EMA and RSI with our warm-up"
_JSON = "we read what we use; one call a message, ours one for all of them"
_BAR = "their engine keeps orders, trades and statistics for each bar"
_CLOCK = "reads the clock at each look-up, ours once for a hundred"
ADAPTERS = {
    "TA-Lib": tuple(
        Adapter(workload, _talib(TALIB[name]), name, "C called once for the column", "close", part)
        for name, (workload, part) in INDICATORS.items()
    ),
    "pandas": tuple(
        Adapter(workload, _pandas(name), name, _SERIES, "close", part)
        for name, (workload, part) in INDICATORS.items()
    ),
    "vectorbt": (
        Adapter(BARS, _vectorbt_bars, "", f"{_BAR}; signals made beforehand", "close"),
        Adapter(SWEEP, _vectorbt_sweep, "", f"{_BAR}; indicators included", str(SWEPT)),
    ),
    "backtesting": (
        Adapter(BARS, _backtesting_bars, "", f"{_BAR}; {FEW_BARS:,} bars", str(FEW_BARS)),
    ),
    "msgspec": (Adapter(JSON, _msgspec, "", f"a whole Struct; {_JSON}", str(FEW_BARS)),),
    "orjson": (Adapter(JSON, _orjson, "", f"a whole dict; {_JSON}", str(FEW_BARS)),),
    "cachetools": (Adapter(CACHE, _cachetools, "", _CLOCK, str(FEW_BARS)),),
}
