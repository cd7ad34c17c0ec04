"""A strategy that trades packages of options: `enter` and `leave` beside the other methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engine.backtesting.options.moments import Moment
from engine.backtesting.options.package import Package
from engine.backtesting.options.sight import Sight
from engine.backtesting.strategy import Account, Strategy
from engine.market.combo import Combo
from engine.market.contract import Contract


class PackageAccount(Account, Protocol):
    """What a strategy may ask of an account that trades packages."""

    def enter(
        self, combo: Combo, lots: int, label: str, detected: float, *, is_secured: bool
    ) -> int:
        """Send an order for a package and return its number."""
        ...

    def leave(self, package: Package, reason: str) -> None:
        """Send an order to close a package."""
        ...

    def exercise(self, package: Package, contract: Contract) -> None:
        """Exercise all of an option that a package holds."""
        ...

    def packages(self, symbol: str) -> tuple[Package, ...]:
        """Return the packages of a symbol ("" is all) that are held, oldest first."""
        ...

    def waiting(self, symbol: str) -> int:
        """Return how many orders for packages of a symbol have not been answered."""
        ...

    def sight(self, symbol: str) -> Sight:
        """Return volatilities and deltas of the last chain of a symbol."""
        ...

    def moment(self, symbol: str) -> Moment:
        """Return the last chain of a symbol, with the carry that was known then."""
        ...


NOTHING: Mapping[str, int] = {}


class ChainStrategy(Strategy):
    """Decides in `on_chain`, and trades packages.

    What it sends is filled at the touch of the chain that it has seen, whole packages or nothing,
    after `on_chain` has returned; with a delay, at that of a later one.
    """

    account: PackageAccount
    skipped: Mapping[str, int] = NOTHING
    """Why chains had nothing to enter, counted, for whom the strategy tells it."""

    def enter(
        self,
        combo: Combo,
        lots: int = 1,
        *,
        label: str = "",
        detected: float = float("nan"),
        is_secured: bool = False,
    ) -> int:
        """Buy `lots` of a combo at the touch, as many as are shown; return the order's number.

        `label` names it in reports, `detected` is the edge a scan saw in it, in currency;
        `is_secured` sets the strikes of sold puts aside in cash.
        """
        return self.account.enter(combo, lots, label, detected, is_secured=is_secured)

    def leave(self, package: Package, reason: str = "strategy") -> None:
        """Close a package at the touch: now, or as soon as its quotes allow."""
        self.account.leave(package, reason)

    def exercise(self, package: Package, contract: Contract) -> None:
        """Exercise all of an option that `package` holds, now."""
        self.account.exercise(package, contract)

    def packages(self, symbol: str = "") -> tuple[Package, ...]:
        """Return the packages of `symbol` that are held, oldest first."""
        return self.account.packages(symbol or self.symbols[0])

    def sight(self, symbol: str = "") -> Sight:
        """Return volatilities and deltas of the last chain of `symbol`."""
        return self.account.sight(symbol or self.symbols[0])
