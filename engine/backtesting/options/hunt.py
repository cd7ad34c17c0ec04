"""The finds of a scan as a strategy: detect, trade what can be had together, hold to settlement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.backtesting.options.board import Board
from engine.backtesting.options.package import Holding, Package
from engine.backtesting.options.strategy import ChainStrategy
from engine.config import ScanSettings
from engine.market.combo import STOCK, combo_of
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import LOCKED

if TYPE_CHECKING:
    from engine.backend import Backend
    from engine.market.chain import OptionChain

_NONE: frozenset[str] = frozenset()


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

    def answer(self, package: Package, board: Board) -> None:
        """Exercise what offsets the stock of an assignment, where selling it brings no more.

        Otherwise the option is worth more alive, and hedges the stock until it settles.
        """
        planned = sum(ratio for ratio, leg in package.combo.legs if leg.kind == STOCK)
        if planned * package.stock > 0.0:
            return
        spot = board.chain.underlying
        level = spot.bid if package.stock < 0.0 else spot.ask

        def offsets(one: Holding) -> bool:
            brings, shares = one.intrinsic(level), one.shares
            is_whole = shares * package.stock < 0.0 and abs(shares) <= abs(package.stock)
            return one.quantity > 0.0 and is_whole and 0.0 < brings >= one.bid

        useful = [one for one in package.holdings if offsets(one)]
        for one in sorted(useful, key=lambda one: -one.intrinsic(level)):
            if abs(one.shares) <= abs(package.stock):
                self.exercise(package, one.contract)
