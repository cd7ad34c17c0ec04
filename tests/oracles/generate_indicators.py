"""Write indicators.csv: bars, and what others make of them.

TA-Lib computes what it has; exact fractions and mpmath's logarithms and roots do the rest: rolling
deviation, z-score, volume-weighted averages, realised volatility. Columns end in their period. Run
``python tests/oracles/generate_indicators.py`` (CPython with TA-Lib and mpmath) for the same bytes.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from math import nan
from pathlib import Path

import numpy
import talib
from mpmath import log, mp, mpf, sqrt

mp.dps = 40
HERE = Path(__file__).resolve().parent
SEED = 20240301
BARS = 260
SESSION = 39


def bars() -> dict[str, list[float]]:
    draw = random.Random(SEED)
    columns: dict[str, list[float]] = {n: [] for n in ("high", "low", "close", "volume", "session")}
    close = 100.0
    for i in range(BARS):
        opened = close
        close = round(opened * (1.0 + 0.03 * (draw.random() - 0.5)), 2)
        columns["high"].append(round(max(opened, close) + draw.random(), 2))
        columns["low"].append(round(min(opened, close) - draw.random(), 2))
        columns["close"].append(close)
        columns["volume"].append(float(int(draw.random() * 6.0) * 100))
        columns["session"].append(float(i // SESSION))
    return columns


def root(value: Fraction) -> mpf:
    return sqrt(mpf(value.numerator) / value.denominator)


def windows(column: list[float], period: int) -> list[list[Fraction]]:
    exact = [Fraction(value) for value in column]
    return [exact[max(0, i + 1 - period) : i + 1] for i in range(len(exact))]


def variance(window: list[Fraction], ddof: int) -> Fraction:
    mean = sum(window) / len(window)
    return sum((value - mean) ** 2 for value in window) / (len(window) - ddof)


def deviations(column: list[float], period: int) -> tuple[list[float], list[float]]:
    stds, scores = [], []
    for window in windows(column, period):
        if len(window) < period:
            stds.append(nan)
            scores.append(nan)
            continue
        std = root(variance(window, 1))
        gap = window[-1] - sum(window) / period
        stds.append(float(std))
        scores.append(float(mpf(gap.numerator) / gap.denominator / std) if std else nan)
    return stds, scores


def average(prices: list[Fraction], volumes: list[Fraction]) -> float:
    amount = sum(volumes)
    return (
        float(sum(p * v for p, v in zip(prices, volumes, strict=True)) / amount) if amount else nan
    )


def volatility(close: list[float], period: int) -> list[float]:
    returns = [log(mpf(b) / mpf(a)) for a, b in pairwise(close)]
    result = [nan] * period
    for i in range(period, len(close)):
        window = returns[i - period : i]
        mean = sum(window) / period
        squares = sum((value - mean) ** 2 for value in window)
        result.append(float(sqrt(squares / (period - 1) * 252)))
    return result


def main() -> None:
    table = bars()
    high, low, close = (numpy.array(table[name]) for name in ("high", "low", "close"))
    volumes = [Fraction(value) for value in table["volume"]]
    prices = [Fraction(value) for value in table["close"]]
    for period in (5, 14):
        table[f"sma_{period}"] = talib.SMA(close, period)
        table[f"ema_{period}"] = talib.EMA(close, period)
        table[f"rsi_{period}"] = talib.RSI(close, period)
        table[f"atr_{period}"] = talib.ATR(high, low, close, period)
        table[f"max_{period}"] = talib.MAX(close, period)
        table[f"min_{period}"] = talib.MIN(close, period)
        upper, middle, lower = talib.BBANDS(close, period, 2.0, 1.5)
        table[f"upper_{period}"], table[f"middle_{period}"] = upper, middle
        table[f"lower_{period}"] = lower
        table[f"slowk_{period}"], table[f"slowd_{period}"] = talib.STOCH(
            high, low, close, period, 3, 0, 3, 0
        )
        table[f"fastk_{period}"], table[f"fastd_{period}"] = talib.STOCHF(
            high, low, close, period, 3, 0
        )
        table[f"std_{period}"], table[f"z_{period}"] = deviations(table["close"], period)
        table[f"vol_{period}"] = volatility(table["close"], period)
        table[f"vwap_{period}"] = [
            average(p, v) if len(p) == period else nan
            for p, v in zip(
                windows(table["close"], period), windows(table["volume"], period), strict=True
            )
        ]
    for fast, slow, signal in ((12, 26, 9), (3, 8, 4)):
        names = (f"{kind}_{fast}_{slow}_{signal}" for kind in ("macd", "signal", "difference"))
        table.update(zip(names, talib.MACD(close, fast, slow, signal), strict=True))
    table["session_vwap"] = [
        average(prices[i // SESSION * SESSION : i + 1], volumes[i // SESSION * SESSION : i + 1])
        for i in range(BARS)
    ]
    lines = [",".join(table)]
    lines += [",".join(repr(float(column[i])) for column in table.values()) for i in range(BARS)]
    (HERE / "indicators.csv").write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"indicators.csv: {BARS} rows, {len(table)} columns, TA-Lib {talib.__version__}")


if __name__ == "__main__":
    main()
