"""One strategy with one account at a feed: over bars as a backtest has them, or over quotes."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from random import Random
from typing import Protocol

from engine.backtesting.account import BarAccount
from engine.backtesting.data import Data
from engine.backtesting.days import Days
from engine.backtesting.faults import fault
from engine.backtesting.holding import Holding
from engine.backtesting.orders import Fill
from engine.backtesting.result import Result
from engine.backtesting.run import account_of, result_of
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.backtesting.walk import Columns, Feed, Hooks, walk_many
from engine.errors import BadDataError, EngineError
from engine.paper.events import Instant, Touch
from engine.paper.standings import Standing, standing
from engine.paper.touch_fills import Displayed, TouchFills


class Seat(Protocol):
    """A strategy and its account."""

    name: str
    account: BarAccount
    strategy: Strategy
    peak: float
    drawdown: float

    def touch(self, touch: Touch) -> None:
        """Meet a quote."""
        ...

    def instant(self, instant: Instant) -> None:
        """Meet the bars that close at one time."""
        ...

    def worth(self) -> float:
        """Return what the account is worth now."""
        ...

    def standing(self) -> Standing:
        """Return how the account stands. O(trades)."""
        ...

    def fills(self, since: int = 0) -> tuple[Fill, ...]:
        """Return the fills from the one of number `since` on."""
        ...

    def result(self) -> Result:
        """Return what the account has come to."""
        ...


class _Seat:
    """What both kinds have: the account, the strategy, the columns of the result."""

    def __init__(
        self,
        name: str,
        strategy: Strategy,
        data: Data,
        terms: Terms,
        seed: int,
    ) -> None:
        self.name = name
        self.strategy = strategy
        self._data = data
        self.account = account_of(data, terms)
        self._days = Days(data.calendar)
        self._time_ns: array[int] = array("q")
        self._equity, self._cash, self._invested = array("d"), array("d"), array("d")
        self.peak = terms.cash
        self.drawdown = 0.0
        strategy.symbols = data.symbols
        strategy.account = self.account
        strategy.rng = Random(seed)
        self._hooks = Hooks(strategy)
        try:
            strategy.start()
        except (Exception, SystemExit) as error:
            raise self._broken(error) from error

    def worth(self) -> float:
        """Return what the account is worth at the last prices that were met."""
        return self.account.equity

    def standing(self) -> Standing:
        """Return how the account stands. O(trades)."""
        return standing(self)

    def fills(self, since: int = 0) -> tuple[Fill, ...]:
        """Return the fills from the one of number `since` on."""
        return self.account.ledger.fills(since)

    def result(self) -> Result:
        """Return what the account has come to; of bars that left two prices open, the worse."""
        columns = Columns(0)
        columns.time_ns, columns.equity = self._time_ns, self._equity
        columns.cash, columns.invested = self._cash, self._invested
        return result_of(self.strategy, self._data, self.account, columns, self._equity)

    def _write(self, time_ns: int, equity: float, cash: float, invested: float) -> None:
        self._time_ns.append(time_ns)
        self._equity.append(equity)
        self._cash.append(cash)
        self._invested.append(invested)
        self.peak = max(self.peak, equity)
        self.drawdown = max(self.drawdown, 1.0 - equity / self.peak)

    def _broken(self, error: BaseException) -> EngineError:
        return broken(self.name, self.strategy, error)


def broken(name: str, strategy: Strategy, error: BaseException) -> EngineError:
    """Return an error of a strategy as one line, with the line of its file."""
    found = fault(type(strategy), error, name=name)
    return found or BadDataError(f"{name}: {type(error).__name__}: {error}")


class BarSeat(_Seat):
    """A strategy over bars as they close, with the fills of a backtest to the bit."""

    def touch(self, touch: Touch) -> None:
        """Do nothing: bars decide."""

    def instant(self, instant: Instant) -> None:
        """Meet the bars that close at one time."""
        feeds = [
            Feed(holding, instant.rows[holding.symbol], None, None)
            for holding in self.account.lines
            if holding.symbol in instant.rows
        ]
        if not feeds:
            return
        try:
            made = walk_many(self.strategy, self.account, feeds, self._days, self._hooks)
        except (Exception, SystemExit) as error:
            raise self._broken(error) from error
        self._write(made.time_ns[0], made.equity[0], made.cash[0], made.invested[0])


class QuoteSeat(_Seat):
    """A strategy over bars made of quotes, filled at the touch (`engine.paper.touch_fills`).

    Orders are on their way for `latency_ns`. Positions are worth what they could be closed at: long
    ones the bid, short ones the ask.
    """

    def __init__(
        self,
        name: str,
        strategy: Strategy,
        data: Data,
        terms: Terms,
        seed: int,
        latency_ns: int = 0,
    ) -> None:
        self._latency = latency_ns
        self._displayed = {symbol: Displayed() for symbol in data.symbols}
        self._asked_ns = dict.fromkeys(data.symbols, 0)
        super().__init__(name, strategy, data, terms, seed)

    def touch(self, touch: Touch) -> None:
        """Fill what this quote fills, and tell the strategy of it at once."""
        account, now = self.account, touch.time_ns
        holding = account.holdings.get(touch.symbol)
        if holding is None:
            return
        displayed = self._displayed[touch.symbol]
        displayed.show(touch)
        if holding.is_due or touch.bid <= holding.below or touch.ask >= holding.above:
            self._meet(holding, displayed, now)
        self._tell_quote(touch)

    def _meet(self, holding: Holding, displayed: Displayed, now: int) -> None:
        account = self.account
        account.now_ns = now
        n_before = len(account.ledger.filled)
        asked_ns = self._asked_ns[holding.symbol]
        TouchFills(account, holding, now, displayed, now - self._latency, asked_ns).meet()
        if len(account.ledger.filled) > n_before:
            self._tell_fills(now)

    def _tell_fills(self, now: int) -> None:
        """Value the account, and let the strategy meet what was filled."""
        account = self.account
        try:
            account.equity, _ = self._worth()
            wanted = self._wanted()
            self._hooks.tell(account, now, False)
            self._note_asked(wanted, now)
        except (Exception, SystemExit) as error:
            raise self._broken(error) from error

    def _tell_quote(self, touch: Touch) -> None:
        """Let a strategy that listens meet a quote, after what it fills."""
        if not self._hooks.on_quote:
            return
        account, now = self.account, touch.time_ns
        account.now_ns = now
        account.equity, _ = self._worth()
        wanted = self._wanted()
        try:
            self.strategy.on_quote(touch)
        except (Exception, SystemExit) as error:
            raise self._broken(error) from error
        self._note_asked(wanted, now)

    def instant(self, instant: Instant) -> None:
        """Value the account, and let the strategy decide on the bars that have closed."""
        account, now, days = self.account, instant.time_ns, self._days
        is_new_day = now > days.until_ns
        if is_new_day:
            account.pass_days(days.begin(now))
        equity, gross = self._worth()
        account.equity, account.now_ns = equity, now
        self._write(now, equity, account.cash, gross / equity if equity > 0.0 else 0.0)
        account.check_margin()
        wanted = self._wanted()
        try:
            self._hooks.tell(account, now, is_new_day)
            for holding in account.lines:
                bar = instant.bars.get(holding.symbol)
                if bar is None:
                    continue
                part = self.strategy.on_bar(bar)
                if part is not None:
                    account.target(part, holding.symbol)
        except (Exception, SystemExit) as error:
            raise self._broken(error) from error
        self._note_asked(wanted, now)

    def worth(self) -> float:
        """Return what the account is worth at the last quotes."""
        return self._worth()[0]

    def _worth(self) -> tuple[float, float]:
        equity, gross = self.account.cash, 0.0
        for holding in self.account.lines:
            displayed = self._displayed[holding.symbol]
            mark = displayed.bid if holding.units >= 0.0 else displayed.ask
            if mark > 0.0:
                holding.mark = mark
            worth = holding.units * holding.mark
            equity += worth
            gross += abs(worth)
        return equity, gross

    def _wanted(self) -> list[tuple[bool, float]]:
        return [(one.is_wanted, one.wanted) for one in self.account.lines]

    def _note_asked(self, before: Sequence[tuple[bool, float]], now: int) -> None:
        """Note when targets were asked for: they are on their way from then on."""
        for holding, was in zip(self.account.lines, before, strict=True):
            if holding.is_wanted and (True, holding.wanted) != was:
                self._asked_ns[holding.symbol] = now
