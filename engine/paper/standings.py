"""How an account stands: what a table shows of it while it trades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import Protocol

from engine.backtesting.account import BarAccount
from engine.backtesting.orders import Fill
from engine.backtesting.parameters import parameters
from engine.backtesting.result import Result
from engine.backtesting.run import notes_of
from engine.backtesting.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Standing:
    """One account now. `gain` is equity above the cash at the start; shares are of 1.

    `notes` say what its account refused.
    """

    name: str
    strategy: str
    parameters: Mapping[str, int | float | str]
    equity: float
    gain: float
    cash: float
    positions: Mapping[str, float]
    n_resting: int
    n_fills: int
    n_trades: int
    win_rate: float
    fees: float
    drawdown: float
    notes: tuple[str, ...] = ()

    @property
    def gained_share(self) -> float:
        """Return the gain as a share of the cash at the start."""
        return self.gain / (self.equity - self.gain)


class Holder(Protocol):
    """A strategy with an account over bars or quotes."""

    name: str
    account: BarAccount
    strategy: Strategy
    peak: float
    drawdown: float

    def worth(self) -> float:
        """Return what the account is worth now."""
        ...


class Seated(Protocol):
    """Who sits at a desk, whatever it hears."""

    name: str

    def standing(self) -> Standing:
        """Return how the account stands."""
        ...

    def fills(self, since: int = 0) -> tuple[Fill, ...]:
        """Return the fills from the one of number `since` on."""
        ...

    def result(self) -> Result:
        """Return what the account has come to."""
        ...


def standing(seat: Holder) -> Standing:
    """Return how the account of a seat over bars or quotes stands. O(trades)."""
    account, ledger = seat.account, seat.account.ledger
    kind, equity = type(seat.strategy), seat.worth()
    n_won, trades = 0, ledger.trades()
    for trade in trades:
        n_won += trade.gain > 0.0
    n_resting = 0
    for holding in account.lines:
        n_resting += len(holding.orders)
    return Standing(
        name=seat.name,
        strategy=kind.__name__,
        parameters={name: getattr(seat.strategy, name) for name in parameters(kind)},
        equity=equity,
        gain=equity - account.terms.cash,
        cash=account.cash,
        positions={one.symbol: one.units for one in account.lines if one.units != 0.0},
        n_resting=n_resting,
        n_fills=len(ledger.filled),
        n_trades=len(trades),
        win_rate=n_won / len(trades) if trades else nan,
        fees=ledger.fees,
        drawdown=max(seat.drawdown, 1.0 - equity / seat.peak),
        notes=notes_of(account),
    )
