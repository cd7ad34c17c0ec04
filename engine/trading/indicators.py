"""Indicators for strategies: called once per bar, each gives the bits of the kernel of its name.

An indicator keeps its own state. Until it has enough values it returns nan, which compares false
with everything: a strategy that asks ``if quick > calm`` waits by itself.

>>> mean = Sma(2)
>>> [mean(price) for price in (1.0, 2.0, 4.0)]
[nan, 1.5, 3.0]
"""

from __future__ import annotations

from engine.trading.lookback import Highest, Lowest, Past, zeros
from kernels_pure.averages import EMA_STATE, MACD_STATE, ema_step, macd_step
from kernels_pure.bands import bollinger_step, realised_vol_step
from kernels_pure.extremes import EXTREME_STATE, stochastic_step
from kernels_pure.moments import moments_step, rolling_zscore_step
from kernels_pure.rolling import ROLLING_STATE, sma_step
from kernels_pure.vwap import WINDOW_STATE, rolling_vwap_step
from kernels_pure.wilder import ATR_STATE, RSI_STATE, atr_step, rsi_step

__all__ = (
    "Atr", "Bollinger", "Ema", "Highest", "Lowest", "Macd", "Past", "RealisedVol", "Rsi", "Sma",
    "Std", "Stochastic", "Vwap", "ZScore",
)  # fmt: skip


class Sma:
    """The mean of the last `period` values."""

    def __init__(self, period: int) -> None:
        self._period, self._state = period, zeros(ROLLING_STATE + period)

    def __call__(self, value: float) -> float:
        """Take `value`, and return the mean."""
        return sma_step(value, self._period, self._state)


class Ema:
    """The exponential moving average of a period; it begins with the mean of the first values."""

    def __init__(self, period: int) -> None:
        self._period, self._state = period, zeros(EMA_STATE)

    def __call__(self, value: float) -> float:
        """Take `value`, and return the average."""
        return ema_step(value, self._period, self._state)


class Macd:
    """The difference of a fast and a slow EMA, its own EMA, and the difference of these two."""

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9) -> None:
        self._periods, self._state = (fast, slow, signal), zeros(MACD_STATE)

    def __call__(self, value: float) -> tuple[float, float, float]:
        """Take `value`, and return line, signal and histogram."""
        fast, slow, signal = self._periods
        return macd_step(value, fast, slow, signal, self._state)


class Rsi:
    """The relative strength index, 0 to 100, in Wilder's averages."""

    def __init__(self, period: int = 14) -> None:
        self._period, self._state = period, zeros(RSI_STATE)

    def __call__(self, value: float) -> float:
        """Take `value`, and return the index."""
        return rsi_step(value, self._period, self._state)


class Atr:
    """The average true range, in Wilder's averages."""

    def __init__(self, period: int = 14) -> None:
        self._period, self._state = period, zeros(ATR_STATE)

    def __call__(self, high: float, low: float, close: float) -> float:
        """Take a bar, and return the range."""
        return atr_step(high, low, close, self._period, self._state)


class Std:
    """The standard deviation of the last `period` values; `ddof` 1 for that of a sample."""

    def __init__(self, period: int, ddof: int = 0) -> None:
        self._period, self._ddof, self._state = period, ddof, zeros(ROLLING_STATE + period)

    def __call__(self, value: float) -> float:
        """Take `value`, and return the deviation."""
        return moments_step(value, self._period, self._ddof, self._state)[1]


class ZScore:
    """A value less the mean of the last `period`, itself with them, in standard deviations."""

    def __init__(self, period: int, ddof: int = 0) -> None:
        self._period, self._ddof, self._state = period, ddof, zeros(ROLLING_STATE + period)

    def __call__(self, value: float) -> float:
        """Take `value`, and return its score."""
        return rolling_zscore_step(value, self._period, self._ddof, self._state)


class Bollinger:
    """The mean of the last `period` values, and `width` deviations above and below it."""

    def __init__(self, period: int = 20, width: float = 2.0) -> None:
        self._period, self._width, self._state = period, width, zeros(ROLLING_STATE + period)

    def __call__(self, value: float) -> tuple[float, float, float]:
        """Take `value`, and return the middle, upper and lower band."""
        return bollinger_step(value, self._period, self._width, self._width, self._state)


class RealisedVol:
    """The yearly volatility of the last `period` log returns, `per_year` of them in a year."""

    def __init__(self, period: int, per_year: float) -> None:
        self._period, self._per_year, self._state = period, per_year, zeros(ROLLING_STATE + period)

    def __call__(self, close: float) -> float:
        """Take a close, and return the volatility."""
        return realised_vol_step(close, self._period, self._per_year, self._state)


class Stochastic:
    """The stochastic oscillator: %K, slowed, and %D, its mean."""

    def __init__(self, period: int = 14, slowing: int = 3, smoothing: int = 3) -> None:
        self._periods = period, slowing, smoothing
        self._states = (
            *(zeros(EXTREME_STATE + period) for _ in range(2)),
            zeros(ROLLING_STATE + slowing),
            zeros(ROLLING_STATE + smoothing),
        )

    def __call__(self, high: float, low: float, close: float) -> tuple[float, float]:
        """Take a bar, and return %K and %D."""
        work_high, work_low, work_k, work_d = self._states
        period, slowing, smoothing = self._periods
        return stochastic_step(
            high, low, close, period, slowing, smoothing, work_high, work_low, work_k, work_d
        )


class Vwap:
    """The volume-weighted average price of the last `period` bars."""

    def __init__(self, period: int) -> None:
        self._period, self._state = period, zeros(WINDOW_STATE + 2 * period)

    def __call__(self, price: float, volume: float) -> float:
        """Take a price and its volume, and return the average."""
        return rolling_vwap_step(price, volume, self._period, self._state)
