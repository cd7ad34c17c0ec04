"""Splits and dividends as they happen: to units, prices of orders and cash, on raw prices."""

from __future__ import annotations

from engine.backtesting.data import Dividend, Split
from engine.backtesting.holding import NEVER, Holding
from engine.backtesting.ledger import Ledger


def act(ledger: Ledger, holding: Holding, time_ns: int) -> None:
    """Do what happened before `time_ns`, the close of the bar that comes."""
    actions = holding.actions
    while actions and actions[-1].time_ns < time_ns:
        action = actions.pop()
        if isinstance(action, Split):
            split(holding, action)
        else:
            go_without(ledger, holding, action)
    holding.action_ns = actions[-1].time_ns if actions else NEVER
    holding.watch()


def split(holding: Holding, action: Split) -> None:
    """Multiply units by the ratio and divide prices by it: what is held is worth the same."""
    ratio = action.ratio
    holding.units *= ratio
    holding.mark /= ratio
    holding.entry_units *= ratio
    holding.exit_units *= ratio
    holding.entry /= ratio
    holding.exit /= ratio
    for rest in holding.orders:
        rest.units *= ratio
        rest.limit /= ratio
        rest.stop /= ratio
        rest.stop_loss /= ratio
        rest.take_profit /= ratio
    for bracket in holding.brackets:
        bracket.units *= ratio
        bracket.stop_loss /= ratio
        bracket.take_profit /= ratio


def go_without(ledger: Ledger, holding: Holding, action: Dividend) -> None:
    """Pay a dividend on what is held, or owe it on what is short, and lower orders below the price.

    Limits to buy and stops to sell fall by the amount on the ex-date, as an exchange lowers them
    (FINRA rule 5330); orders above the price stay.
    """
    amount = action.amount
    paid = holding.units * amount
    ledger.cash += paid
    ledger.dividends += paid
    holding.flow += paid
    for rest in holding.orders:
        if rest.units > 0.0:
            rest.limit = _lowered(rest.limit, amount)
        else:
            rest.stop = _lowered(rest.stop, amount)
    for bracket in holding.brackets:
        if bracket.units > 0.0:
            bracket.stop_loss = _lowered(bracket.stop_loss, amount)
        else:
            bracket.take_profit = _lowered(bracket.take_profit, amount)


def _lowered(price: float, amount: float) -> float:
    # What would fall to nothing stays: a price of 0 means none.
    return price - amount if price > amount else price
