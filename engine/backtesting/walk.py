"""The walk over bars: at each instant all fills, then all marks, then all decisions.

An instant is a close. Bars of several symbols that close together share it, and are taken in the
order of their symbols' names. What is decided there is filled at the next bar or later: the walk
never hands a strategy a bar before the fills of that bar are done.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from engine.backtesting.account import BarAccount
from engine.backtesting.actions import act
from engine.backtesting.days import Days
from engine.backtesting.filling import BarFills
from engine.backtesting.holding import NEVER, Holding
from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar, Bars
from kernels_pure.columns import LARGEST


class Columns:
    """What is written at each instant."""

    __slots__ = ("cash", "equity", "invested", "time_ns")

    def __init__(self) -> None:
        self.time_ns: array[int] = array("l")
        self.equity: array[float] = array("d")
        self.cash: array[float] = array("d")
        self.invested: array[float] = array("d")

    def write(self, time_ns: int, equity: float, cash: float, gross: float) -> None:
        """Write the account after the marks of an instant."""
        self.time_ns.append(time_ns)
        self.equity.append(equity)
        self.cash.append(cash)
        self.invested.append(gross / equity if equity > 0.0 else 0.0)


class Feed:
    """The bars of one symbol on their way through the walk; `time_ns` is that of the next."""

    __slots__ = ("bars", "holding", "row", "stop", "time_ns")

    def __init__(
        self, holding: Holding, bars: Bars, start_ns: int | None, end_ns: int | None
    ) -> None:
        self.holding = holding
        self.bars = bars
        times = bars.time_ns
        self.row = 0 if start_ns is None else bisect_left(times, start_ns)
        self.stop = len(times) if end_ns is None else bisect_left(times, end_ns)
        self.time_ns = times[self.row] if self.row < self.stop else NEVER

    def step(self) -> None:
        """Go on to the next bar."""
        self.row += 1
        self.time_ns = self.bars.time_ns[self.row] if self.row < self.stop else NEVER


class Hooks:
    """The events that a strategy listens to: what it has not written is never called."""

    def __init__(self, strategy: Strategy) -> None:
        kind = type(strategy)
        self.strategy = strategy
        self.on_fill = kind.on_fill is not Strategy.on_fill
        self.on_session = kind.on_start_of_session is not Strategy.on_start_of_session
        self._told = 0

    def tell(self, account: BarAccount, time_ns: int, is_new_day: bool) -> None:
        """Tell of fills, of a new day and of timers, before the bars of an instant."""
        strategy, fills = self.strategy, account.ledger.fills
        if self.on_fill:
            while self._told < len(fills):
                self._told += 1
                strategy.on_fill(fills[self._told - 1])
        if is_new_day and self.on_session:
            strategy.on_start_of_session(time_ns)
        for _ in range(account.awake(time_ns)):
            strategy.on_timer(time_ns)


def walk(strategy: Strategy, account: BarAccount, feeds: list[Feed], days: Days) -> Columns:
    """Lead a strategy through all bars of several symbols."""
    columns = Columns()
    hooks = Hooks(strategy)
    ledger, terms = account.ledger, account.terms
    while True:
        now = NEVER
        for feed in feeds:
            if feed.time_ns < now:
                now = feed.time_ns
        if now == NEVER:
            return columns
        is_new_day = now > days.until_ns
        if is_new_day:
            account.pass_days(days.begin(now))
        present = [feed for feed in feeds if feed.time_ns == now]
        for feed in present:
            holding, opened = feed.holding, feed.bars.open[feed.row]
            if now > holding.action_ns:
                act(ledger, holding, now)
            if opened > 0.0 and opened <= LARGEST:
                holding.mark = opened
        for feed in present:
            holding, bars, row = feed.holding, feed.bars, feed.row
            low, high = bars.low[row], bars.high[row]
            if holding.is_due or low <= holding.below or high >= holding.above:
                BarFills(
                    account, holding, now, bars.open[row], high, low, bars.close[row],
                    bars.volume[row],
                ).meet()  # fmt: skip
        for feed in present:
            close = feed.bars.close[feed.row]
            if close > 0.0 and close <= LARGEST:
                feed.holding.mark = close
        equity = ledger.cash
        gross = 0.0
        for holding in account.lines:
            worth = holding.units * holding.mark
            equity += worth
            gross += abs(worth)
        account.equity = equity
        account.now_ns = now
        columns.write(now, equity, ledger.cash, gross)
        if gross > equity and not account.has_equity(
            terms.maintenance_equity, terms.maintenance_margin
        ):
            account.call_margin()
        hooks.tell(account, now, is_new_day)
        for feed in present:
            bars, row, symbol = feed.bars, feed.row, feed.holding.symbol
            feed.step()
            wanted = strategy.on_bar(
                Bar(
                    now, bars.open[row], bars.high[row], bars.low[row], bars.close[row],
                    bars.volume[row], symbol,
                )
            )  # fmt: skip
            if wanted is not None:
                account.target(wanted, symbol)
