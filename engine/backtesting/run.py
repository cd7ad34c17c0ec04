"""Run a strategy over bars."""

from __future__ import annotations

from array import array
from copy import copy
from random import Random

from engine.backtesting.account import BarAccount
from engine.backtesting.data import Data
from engine.backtesting.days import Days
from engine.backtesting.holding import Holding
from engine.backtesting.parameters import parameters
from engine.backtesting.result import Result
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.backtesting.walk import Columns, Feed, walk
from engine.errors import UsageError
from engine.plural import plural


def run(
    strategy: Strategy,
    data: Data,
    terms: Terms,
    *,
    seed: int = 0,
    start_ns: int | None = None,
    end_ns: int | None = None,
    is_optimistic: bool = False,
) -> Result:
    """Return what an account becomes when `strategy` trades the bars of `data`.

    `strategy` is an instance that has not run, as `engine.backtesting.parameters.build` makes it:
    its `start` is called here. Of the bars those count that close from `start_ns` on and before
    `end_ns`. Where bars leave open which of two prices came first, the run takes the worse; if that
    happened it is run again from its start with the better, which is the `high_equity` of the
    result. With `is_optimistic` it is run with the better alone.

    O(bars), without what the strategy does.

    Raises
    ------
    UsageError
        If there is no symbol, or the strategy sends an order that makes no sense.
    """
    fresh = copy(strategy)
    low = _once(strategy, data, terms, seed, start_ns, end_ns, is_optimistic)
    account, columns = low
    high = columns.equity
    if account.n_ambiguous and not is_optimistic:
        high = _once(fresh, data, terms, seed, start_ns, end_ns, True)[1].equity
    return result_of(strategy, data, account, columns, high)


def _once(
    strategy: Strategy,
    data: Data,
    terms: Terms,
    seed: int,
    start_ns: int | None,
    end_ns: int | None,
    is_optimistic: bool,
) -> tuple[BarAccount, Columns]:
    account = account_of(data, terms, is_optimistic)
    strategy.symbols = data.symbols
    strategy.account = account
    strategy.rng = Random(seed)
    feeds = [Feed(one, data.bars[one.symbol], start_ns, end_ns) for one in account.lines]
    strategy.start()
    return account, walk(strategy, account, feeds, Days(data.calendar))


def account_of(data: Data, terms: Terms, is_optimistic: bool = False) -> BarAccount:
    """Return a new account that may trade the symbols of `data`.

    Raises
    ------
    UsageError
        If there is none.
    """
    if not data.symbols:
        raise UsageError(f"there are no bars in {data.source}: name at least one symbol")
    actions = sorted(data.actions, key=lambda one: one.time_ns)
    holdings = [
        Holding(
            symbol,
            terms.lot_of(symbol),
            terms.tick_of(symbol),
            [one for one in actions if one.symbol == symbol],
        )
        for symbol in data.symbols
    ]
    return BarAccount(holdings, terms, is_optimistic)


def result_of(
    strategy: Strategy,
    data: Data,
    account: BarAccount,
    columns: Columns,
    high_equity: array[float],
) -> Result:
    """Return what a run came to."""
    kind, ledger = type(strategy), account.ledger
    return Result(
        strategy=kind.__name__,
        parameters={name: getattr(strategy, name) for name in parameters(kind)},
        symbols=data.symbols,
        start_cash=account.terms.cash,
        time_ns=columns.time_ns,
        equity=columns.equity,
        high_equity=high_equity,
        cash=columns.cash,
        invested=columns.invested,
        fills=ledger.fills(),
        trades=ledger.trades(),
        n_orders=account.n_orders,
        n_ambiguous=account.n_ambiguous,
        fees=ledger.fees,
        borrow_fees=ledger.borrow_fees,
        dividends=ledger.dividends,
        notes=notes_of(account),
    )


def notes_of(account: BarAccount) -> tuple[str, ...]:
    """Return in words what a person should know of a run."""
    notes = [
        f"{plural(count, 'order')} refused: {why}" for why, count in sorted(account.refused.items())
    ]
    if account.n_margin_calls:
        notes.append(f"{plural(account.n_margin_calls, 'margin call')}: everything was closed")
    return tuple(notes)
