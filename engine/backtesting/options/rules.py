"""The strategy of the command line: one entry rule, exit rules, and a number of packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.backtesting.options.choosing import choose
from engine.backtesting.options.entries import EntryRule
from engine.backtesting.options.exits import ExitRule, closes
from engine.backtesting.options.strategy import ChainStrategy
from engine.clock import NS_PER_SECOND

if TYPE_CHECKING:
    from engine.market.chain import OptionChain


class Rules(ChainStrategy):
    """Enter what `entry` asks for while fewer than `most` packages of a symbol are held.

    `every` is the least time between two entries of a symbol in seconds. `skipped` counts why a
    chain had nothing to enter.
    """

    entry: EntryRule
    exits: tuple[ExitRule, ...] = ()
    lots = 1
    most = 1
    every = 0.0

    def start(self) -> None:
        """Make ready."""
        self.skipped = {}
        self._entered: dict[str, int] = {}

    def on_chain(self, chain: OptionChain) -> None:
        """Close what an exit rule closes, then enter."""
        symbol = chain.symbol
        sight = self.sight(symbol)
        held = self.packages(symbol)
        for package in held:
            reason = closes(self.exits, package, sight)
            if reason:
                self.leave(package, reason)
        if len(held) + self.account.waiting(symbol) >= self.most:
            return
        last = self._entered.get(symbol)
        if last is not None and chain.ts_ns - last < self.every * NS_PER_SECOND:
            return
        combo = choose(self.entry, sight)
        if isinstance(combo, str):
            self.skipped = {**self.skipped, combo: self.skipped.get(combo, 0) + 1}
            return
        self._entered[symbol] = chain.ts_ns
        self.enter(combo, self.lots, label=self.entry.name, is_secured=self.entry.is_secured)


def rules(
    entry: EntryRule, exits: tuple[ExitRule, ...], *, lots: int = 1, most: int = 1,
    every: float = 0.0,
) -> Rules:  # fmt: skip
    """Return the strategy that trades `entry` and closes by `exits`."""
    made = Rules()
    made.entry, made.exits, made.lots, made.most, made.every = entry, exits, lots, most, every
    return made
