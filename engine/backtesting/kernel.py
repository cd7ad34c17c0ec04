"""A rule that is a kernel: named by a strategy, run in place of `on_bar`, with the same result.

A strategy whose decisions are targets that a function of ``kernels_pure.rules`` writes says so::

    class Breakout(Strategy):
        window = whole(48, 5, 480)
        short = real(-1.0, -1.0, 0.0, 1.0)
        kernel = Kernel(
            "breakout_targets", "high", "low", "close", "window", "short", "work:window",
            "work:window",
        )

`engine.backtesting.run_kernel.run_kernel` then gives what `engine.backtesting.run.run` gives,
object for object, without a call of the strategy for each bar. Nothing in a backtest uses it
unasked: a search does, and a test must hold the two equal (`tests/trading` does for the strategies
that are shipped).

Over several symbols the kernel is run for each, and its targets are divided by their number, as a
strategy does that shares its account equally.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.backend import Backend
    from engine.market.bars import Bars

COLUMNS = ("open", "high", "low", "close", "volume")
WORK = "work:"


class Kernel:
    """A function of ``kernels_pure.rules`` and where its arguments come from, in its order.

    An argument is a column of bars (`COLUMNS`), an attribute of the strategy, or ``work:NAME``: a
    scratch column with as many rows as that attribute says. The last argument of the function, the
    column of targets, is not named.
    """

    __slots__ = ("arguments", "name")

    def __init__(self, name: str, *arguments: str) -> None:
        self.name = name
        self.arguments = arguments

    def targets(self, backend: Backend, strategy: object, bars: Bars) -> array[float]:
        """Return the target after each bar, by the kernels of `backend`."""
        out = array("d", bytes(8 * len(bars)))
        rule = getattr(backend.load("rules"), self.name)
        rule(*[self._argument(one, strategy, bars) for one in self.arguments], out)
        return out

    def _argument(self, name: str, strategy: object, bars: Bars) -> object:
        if name in COLUMNS:
            return getattr(bars, name)
        if name.startswith(WORK):
            return array("d", bytes(8 * getattr(strategy, name[len(WORK) :])))
        return getattr(strategy, name)
