"""Strategies that come with the program, those of users, and the bars that they are tried on."""

from __future__ import annotations

# name: (module, class)
SHIPPED = {
    "momentum": ("engine.trading.momentum", "Momentum"),
    "mean_reversion": ("engine.trading.mean_reversion", "MeanReversion"),
    "breakout": ("engine.trading.breakout", "Breakout"),
    "ma_crossover": ("engine.trading.ma_crossover", "MaCrossover"),
    "volatility": ("engine.trading.volatility", "Volatility"),
}
