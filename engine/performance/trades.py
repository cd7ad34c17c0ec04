"""What trades say: how many gained, how much, and what they cost. Money in the account's currency.

A trade wins if its gain after costs is above 0; one of exactly 0 neither wins nor loses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, nan

from engine.backtesting.orders import Trade
from engine.clock import NS_PER_DAY
from kernels_pure.equity import profit_factor, win_rate


@dataclass(frozen=True, slots=True)
class TradeFigures:
    """Figures of closed trades; nan where there is none to tell of.

    `average` is the mean gain, `average_return` the mean of gain over the amount at entry.
    `expectancy` is the mean gain over the mean loss of losing trades: what a trade earns for each
    unit that is lost when it goes wrong. `days` is how long they were held on average.
    """

    n: int
    n_wins: int
    win_rate: float
    profit_factor: float
    expectancy: float
    average: float
    average_win: float
    average_loss: float
    average_return: float
    best: float
    worst: float
    days: float


def trade_figures(trades: Sequence[Trade]) -> TradeFigures:
    """Return the figures of `trades`. O(trades)."""
    gains = [trade.gain for trade in trades]
    wins, losses = [g for g in gains if g > 0.0], [g for g in gains if g < 0.0]
    n = len(gains)
    average, average_loss = _mean(gains), _mean(losses)
    held = [float(trade.closed_ns - trade.opened_ns) / NS_PER_DAY for trade in trades]
    return TradeFigures(
        n=n,
        n_wins=len(wins),
        win_rate=win_rate(len(wins), n),
        profit_factor=profit_factor(fsum(wins), -fsum(losses)),
        expectancy=average / -average_loss if losses else nan,
        average=average,
        average_win=_mean(wins),
        average_loss=average_loss,
        average_return=_mean([trade_return(trade) for trade in trades]),
        best=max(gains, default=nan),
        worst=min(gains, default=nan),
        days=_mean(held),
    )


def trade_return(trade: Trade) -> float:
    """Return the gain of a trade over the amount at its entry, long or short; nan without one."""
    amount = abs(trade.units * trade.entry)
    return trade.gain / amount if amount > 0.0 else nan


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values) if values else nan
