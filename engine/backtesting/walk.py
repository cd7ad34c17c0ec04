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
    """What is written at each instant: a row of each, whose places are there beforehand."""

    __slots__ = ("cash", "equity", "invested", "n", "time_ns")

    def __init__(self, most: int, time_ns: array[int] | None = None) -> None:
        self.n = 0
        zeros = array("d", [0.0])
        self.time_ns: array[int] = array("l", [0]) * most if time_ns is None else time_ns
        self.equity: array[float] = zeros * most
        self.cash: array[float] = zeros * most
        self.invested: array[float] = zeros * most

    def write(self, time_ns: int, equity: float, cash: float, gross: float) -> None:
        """Write the account after the marks of an instant."""
        n = self.n
        self.time_ns[n] = time_ns
        self.equity[n] = equity
        self.cash[n] = cash
        self.invested[n] = gross / equity if equity > 0.0 else 0.0
        self.n = n + 1

    def end(self) -> Columns:
        """Cut off the places that no instant took."""
        for column in (self.time_ns, self.equity, self.cash, self.invested):
            del column[self.n :]
        return self


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

    def times(self) -> array[int]:
        """Return the closes of all its bars that count; the column of the data where all do."""
        times = self.bars.time_ns
        is_whole = self.row == 0 and self.stop == len(times)
        return times if is_whole else times[self.row : self.stop]

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
        self.on_quote = kind.on_quote is not Strategy.on_quote
        self.on_session = kind.on_start_of_session is not Strategy.on_start_of_session
        self._told = 0

    def tell(self, account: BarAccount, time_ns: int, is_new_day: bool) -> None:
        """Tell of fills, of a new day and of timers, before the bars of an instant."""
        strategy, ledger = self.strategy, account.ledger
        if self.on_fill and self._told < len(ledger.filled):
            fresh = ledger.fills(self._told)
            self._told += len(fresh)
            for fill in fresh:
                strategy.on_fill(fill)
        if is_new_day and self.on_session:
            strategy.on_start_of_session(time_ns)
        for _ in range(account.awake(time_ns)):
            strategy.on_timer(time_ns)


def walk(strategy: Strategy, account: BarAccount, feeds: list[Feed], days: Days) -> Columns:
    """Lead a strategy through all bars."""
    if len(feeds) == 1:
        return walk_one(strategy, account, feeds[0], days)
    return walk_many(strategy, account, feeds, days)


def walk_one(strategy: Strategy, account: BarAccount, feed: Feed, days: Days) -> Columns:
    """Lead a strategy through the bars of one symbol: `walk_many` without looking for the next."""
    hooks, ledger, holding = Hooks(strategy), account.ledger, feed.holding
    bars, symbol, on_bar = feed.bars, feed.holding.symbol, strategy.on_bar
    times, opens, highs = bars.time_ns, bars.open, bars.high
    lows, closes, volumes = bars.low, bars.close, bars.volume
    columns = Columns(feed.stop - feed.row, feed.times())
    # Written here, a column at a time: a call for each bar costs a third more.
    out_equity, out_cash, out_invested = columns.equity, columns.cash, columns.invested
    is_listening = hooks.on_fill
    until_ns = days.until_ns
    kept_long, kept_short = account.kept
    first = feed.row
    for row in range(first, feed.stop):
        now, opened, high, low = times[row], opens[row], highs[row], lows[row]
        close, volume = closes[row], volumes[row]
        is_new_day = now > until_ns
        if is_new_day:
            account.pass_days(days.begin(now))
            until_ns = days.until_ns
        if now > holding.action_ns:
            act(ledger, holding, now)
        if holding.is_due or low <= holding.below or high >= holding.above:
            BarFills(account, holding, now, opened, high, low, close, volume).meet()
        if close > 0.0 and close <= LARGEST:
            holding.mark = close
        cash, units = ledger.cash, holding.units
        worth = units * holding.mark
        equity = cash + worth
        account.equity = equity
        account.now_ns = now
        place = row - first
        out_equity[place] = equity
        out_cash[place] = cash
        out_invested[place] = abs(worth) / equity if equity > 0.0 else 0.0
        # One of the two is what `carries` asks; both, because a choice by the side costs more.
        if cash + worth * kept_long < 0.0 or cash + worth * kept_short < 0.0:
            account.check_margin()
        if is_new_day or is_listening or now >= account.wake_ns:
            hooks.tell(account, now, is_new_day)
        wanted = on_bar(Bar(now, opened, high, low, close, volume, symbol))
        if wanted is not None and (wanted != holding.held or holding.is_wanted):
            account.target(wanted, symbol)
    return columns


def walk_targets(targets: array[float], account: BarAccount, feed: Feed, days: Days) -> Columns:
    """Do what `walk_one` does for a strategy that returns these targets and nothing else."""
    ledger, holding, bars = account.ledger, feed.holding, feed.bars
    times, opens, closes = bars.time_ns, bars.open, bars.close
    columns = Columns(feed.stop - feed.row, feed.times())
    out_equity, out_cash, out_invested = columns.equity, columns.cash, columns.invested
    until_ns = days.until_ns
    kept_long, kept_short = account.kept
    symbol, first = holding.symbol, feed.row
    for row in range(first, feed.stop):
        now, close, place = times[row], closes[row], row - first
        if now > until_ns:
            account.pass_days(days.begin(now))
            until_ns = days.until_ns
        if now > holding.action_ns:
            act(ledger, holding, now)
        if holding.is_due:
            high, low, volume = bars.high[row], bars.low[row], bars.volume[row]
            BarFills(account, holding, now, opens[row], high, low, close, volume).meet()
        if close > 0.0 and close <= LARGEST:
            holding.mark = close
        cash = ledger.cash
        worth = holding.units * holding.mark
        equity = cash + worth
        out_equity[place] = equity
        out_cash[place] = cash
        out_invested[place] = abs(worth) / equity if equity > 0.0 else 0.0
        # One of the two is what `carries` asks; both, because a choice by the side costs more.
        if cash + worth * kept_long < 0.0 or cash + worth * kept_short < 0.0:
            account.check_margin()
        wanted = targets[place]
        if wanted != holding.held or holding.is_wanted:
            account.target(wanted, symbol)
    return columns


def walk_many(
    strategy: Strategy,
    account: BarAccount,
    feeds: list[Feed],
    days: Days,
    hooks: Hooks | None = None,
) -> Columns:
    """Lead a strategy through the bars of several symbols that share an account.

    Who comes by more than once, with bars as they arrive, gives its `hooks` each time.
    """
    most = 0
    for feed in feeds:
        most += feed.stop - feed.row
    columns = Columns(most)
    hooks = hooks or Hooks(strategy)
    ledger = account.ledger
    kept_long, kept_short = account.kept
    while True:
        now = NEVER
        for feed in feeds:
            if feed.time_ns < now:
                now = feed.time_ns
        if now == NEVER:
            return columns.end()
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
                opened, close, volume = bars.open[row], bars.close[row], bars.volume[row]
                BarFills(account, holding, now, opened, high, low, close, volume).meet()
        for feed in present:
            close = feed.bars.close[feed.row]
            if close > 0.0 and close <= LARGEST:
                feed.holding.mark = close
        equity = cash = ledger.cash
        gross = 0.0
        room = cash
        for holding in account.lines:
            worth = holding.units * holding.mark
            equity += worth
            gross += abs(worth)
            room += worth * (kept_short if worth < 0.0 else kept_long)
        account.equity = equity
        account.now_ns = now
        columns.write(now, equity, cash, gross)
        if room < 0.0:
            account.check_margin()
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
