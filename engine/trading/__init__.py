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
# What a fill costs where nobody says it, as a share of its value: no costs would flatter.
DEFAULT_COSTS = {"fee_rate": 0.0005, "slippage_rate": 0.0002}
