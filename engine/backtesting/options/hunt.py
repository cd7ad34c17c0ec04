"""The finds of a scan as a strategy: detect, trade what can be had together, hold to settlement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.backtesting.options.board import Board
from engine.backtesting.options.package import Package
from engine.backtesting.options.strategy import ChainStrategy
from engine.backtesting.orders import ASSIGNMENT
from engine.config import ScanSettings
from engine.market.combo import OPTION, STOCK, combo_of
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import LOCKED

if TYPE_CHECKING:
    from engine.backend import Backend
    from engine.backtesting.orders import Fill
    from engine.market.chain import OptionChain

_NONE: frozenset[str] = frozenset()
# Its edge is that of exercise on the day.
AT_ONCE = "intrinsic"


class Hunt(ChainStrategy):
    """Scan every chain, and trade the selection of LOCKED finds that are not held already.

    `settings` are those of the scan, whose rates and dividends are taken from each chain's moment;
    `families` restricts what is traded, none is all. `found` counts what was selected.
    """

    settings: ScanSettings
    backend: Backend
    families: frozenset[str] = _NONE

    def start(self) -> None:
        """Make ready."""
        self.found = 0

    def on_chain(self, chain: OptionChain) -> None:
        """Answer assignments, scan, and enter what is new."""
        symbol = chain.symbol
        board = self.sight(symbol).board
        for package in self.packages(symbol):
            if package.was_assigned:
                self.answer(package, board)
        moment = self.account.moment(symbol)
        settings = replace(
            self.settings, carry=moment.carry, knows_dividends=moment.knows_dividends,
            near_misses=0, find_carry=False,
        )  # fmt: skip
        result = scan_chain(chain, settings, self.backend)
        held = {package.combo.key for package in self.packages(symbol)}
        for order in result.selection.orders:
            is_wanted = not self.families or order.family in self.families
            combo = combo_of(chain, order.legs)
            if order.grade != LOCKED or not is_wanted or combo.key in held:
                continue
            held.add(combo.key)
            self.found += 1
            self.enter(combo, order.lots, label=order.family, detected=order.edge_usd)

    def on_fill(self, fill: Fill) -> None:
        """Exercise at once what was bought to be exercised."""
        for package in self.account.packages(""):
            if package.number == fill.order and package.label == AT_ONCE:
                for contract, quantity in package.lines():
                    if contract.kind == OPTION and quantity > 0.0:
                        self.exercise(package, contract)

    def answer(self, package: Package, board: Board) -> None:
        """Answer an assignment that has left stock: exercise what offsets it, or sell the package.

        An option is exercised where it is bid no more than exercise brings.
        """
        stock = [ratio for ratio, leg in package.combo.legs if leg.kind == STOCK]
        if not package.stock or any(ratio * package.stock > 0.0 for ratio in stock):
            return
        spot = board.chain.underlying
        level = spot.bid if package.stock > 0.0 else spot.ask
        for one in sorted(package.holdings, key=lambda one: -one.intrinsic(level)):
            brings, shares = one.intrinsic(level), one.shares
            is_offset = shares * package.stock < 0.0 and abs(shares) <= abs(package.stock)
            if one.quantity > 0.0 and is_offset and brings > 0.0 and brings >= one.bid:
                self.exercise(package, one.contract)
        if package.stock:
            self.leave(package, ASSIGNMENT)
