"""Run the kernel that a strategy names over bars, in place of its `on_bar`."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from engine.backtesting.data import Data
from engine.backtesting.days import Days
from engine.backtesting.kernel import Kernel
from engine.backtesting.result import Result
from engine.backtesting.run import account_of, result_of
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.backtesting.walk import Feed, walk, walk_targets
from engine.errors import UsageError
from engine.market.bars import Bar, Bars

if TYPE_CHECKING:
    from engine.backend import Backend


class Rehearsed(Strategy):
    """Says what kernels have decided, for several symbols."""

    def __init__(self, targets: dict[str, array[float]]) -> None:
        self.targets = targets
        self.rows = dict.fromkeys(targets, 0)

    def on_bar(self, bar: Bar) -> float:
        """Return the next target of the bar's symbol."""
        row = self.rows[bar.symbol]
        self.rows[bar.symbol] = row + 1
        return self.targets[bar.symbol][row]


def run_kernel(
    strategy: Strategy,
    data: Data,
    terms: Terms,
    backend: Backend,
    *,
    start_ns: int | None = None,
    end_ns: int | None = None,
) -> Result:
    """Return what `run` does, from the targets that the strategy's kernel writes.

    Targets are filled at opens, which leave nothing ambiguous. With `start_ns` the rule begins
    there too, as a strategy does that has not seen what came before. O(bars).

    Raises
    ------
    UsageError
        If the strategy names no kernel, or there is no symbol.
    """
    kernel = getattr(strategy, "kernel", None)
    if not isinstance(kernel, Kernel):
        raise UsageError(f"{type(strategy).__name__} names no kernel: run it bar by bar")
    account = account_of(data, terms)
    feeds = [Feed(one, data.bars[one.symbol], start_ns, end_ns) for one in account.lines]
    part = 1.0 / len(feeds)
    targets = {}
    for feed in feeds:
        bars = within(feed)
        column = kernel.targets(backend, strategy, bars)
        if len(feeds) > 1:
            column = array("d", [target * part for target in column])
        targets[feed.holding.symbol] = column
    days = Days(data.calendar)
    if len(feeds) == 1:
        columns = walk_targets(targets[account.lines[0].symbol], account, feeds[0], days)
    else:
        columns = walk(Rehearsed(targets), account, feeds, days)
    return result_of(strategy, data, account, columns, columns.equity)


def within(feed: Feed) -> Bars:
    """Return the bars of a run that does not take all of them."""
    bars = feed.bars
    if feed.row == 0 and feed.stop == len(bars):
        return bars
    rows = slice(feed.row, feed.stop)
    return Bars(
        bars.time_ns[rows], bars.open[rows], bars.high[rows], bars.low[rows], bars.close[rows],
        bars.volume[rows],
    )  # fmt: skip
