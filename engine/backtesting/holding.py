"""What an account has in one symbol: units, a target, orders that rest, brackets, its trade."""

from __future__ import annotations

from math import inf, nan

from engine.backtesting.data import Dividend, Split
from engine.backtesting.orders import AT_ONCE, Order

NEVER = 1 << 62
"""A time in nanoseconds that no bar has."""


class Rest:
    """An order that rests: what is left of it, and its prices, which a split moves."""

    __slots__ = (
        "is_at_once", "is_awake", "is_begun", "limit", "order", "stop", "stop_loss", "take_profit",
        "units",
    )  # fmt: skip

    def __init__(
        self, order: Order, limit: float, stop: float, stop_loss: float, take_profit: float
    ) -> None:
        self.order = order
        self.units = order.units
        self.limit = limit
        self.stop = stop
        self.stop_loss = stop_loss
        self.take_profit = take_profit
        self.is_at_once = order.time_in_force == AT_ONCE
        self.is_awake = stop <= 0.0
        self.is_begun = False


class Bracket:
    """What closes the units of one order: a stop-loss, a take-profit, or both; 0.0 is none."""

    __slots__ = ("is_awake", "is_begun", "number", "stop_loss", "take_profit", "units")

    def __init__(self, number: int, units: float, stop_loss: float, take_profit: float) -> None:
        self.number = number
        self.units = units
        self.stop_loss = stop_loss
        self.take_profit = take_profit
        # A stop-loss that was met and not filled whole is an order at the market from then on.
        self.is_awake = False
        self.is_begun = False


class Holding:
    """The state of one symbol in an account.

    Nothing is filled in a bar unless `is_due` (something asks for the open), or the low is at
    `below` or under it, or the high at `above` or over it: so most bars cost three comparisons.
    `mark` is the last price seen. `held` is the target that was last reached, nan after any other
    fill. `part` is the number of the order for a target, or of a forced one, that is filled in
    part: above 0 where it buys, below where it sells, 0.0 where there is none.
    """

    __slots__ = (
        "above", "action_ns", "actions", "below", "brackets", "entry", "entry_units",
        "exit", "exit_units", "fees", "flow", "held", "is_ambiguous", "is_due", "is_forced",
        "is_wanted", "lot", "mark", "opened_ns", "orders", "part", "symbol", "tick", "units",
        "wanted",
    )  # fmt: skip

    def __init__(
        self, symbol: str, lot: float, tick: float, actions: list[Split | Dividend]
    ) -> None:
        self.symbol = symbol
        self.lot = lot
        self.tick = tick
        self.units = 0.0
        self.mark = 0.0
        self.held = 0.0
        self.wanted = 0.0
        self.part = 0.0
        self.is_wanted = False
        self.is_forced = False
        self.is_due = False
        self.below = -inf
        self.above = inf
        self.orders: list[Rest] = []
        self.brackets: list[Bracket] = []
        # The next one is the last of the list.
        self.actions = actions[::-1]
        self.action_ns = self.actions[-1].time_ns if actions else NEVER
        self.opened_ns = 0
        self.is_ambiguous = False
        self.entry = self.entry_units = self.exit = self.exit_units = 0.0
        self.fees = self.flow = 0.0

    def watch(self) -> None:
        """Find what the next bars are compared with, after any change of orders or brackets."""
        self.is_due = self.is_wanted or self.is_forced
        self.below = -inf
        self.above = inf
        n_orders, n_brackets = len(self.orders), len(self.brackets)
        if n_orders + n_brackets > 1:
            self._watch_each()
        elif n_orders:
            self.watch_order(self.orders[0])
        elif n_brackets:
            self.watch_bracket(self.brackets[0])

    def _watch_each(self) -> None:
        for rest in self.orders:
            self.watch_order(rest)
        for bracket in self.brackets:
            self.watch_bracket(bracket)

    def watch_order(self, rest: Rest) -> None:
        """Compare the next bars with one more order."""
        if rest.is_at_once or (rest.is_awake and rest.limit <= 0.0):
            self.is_due = True
        elif not rest.is_awake:
            self._watch_price(rest.stop, rest.units > 0.0)
        else:
            self._watch_price(rest.limit, rest.units < 0.0)

    def watch_bracket(self, bracket: Bracket) -> None:
        """Compare the next bars with one more bracket."""
        is_long = bracket.units > 0.0
        if bracket.is_awake:
            self.is_due = True
        if bracket.stop_loss > 0.0:
            self._watch_price(bracket.stop_loss, not is_long)
        if bracket.take_profit > 0.0:
            self._watch_price(bracket.take_profit, is_long)

    def _watch_price(self, price: float, is_above: bool) -> None:
        if is_above:
            self.above = min(self.above, price)
        else:
            self.below = max(self.below, price)

    def keep_brackets(self) -> None:
        """Drop the brackets of a position that is no longer held."""
        self.brackets = [one for one in self.brackets if one.units * self.units > 0.0]

    def miss_open(self) -> None:
        """Drop the orders that asked for an open where there was none."""
        self.orders = [rest for rest in self.orders if not rest.is_at_once]
        self.watch()

    def drop_orders(self) -> None:
        """Drop whatever rests or is wanted."""
        self.orders.clear()
        self.brackets.clear()
        self.is_wanted = False
        self.held = nan
        self.part = 0.0
        self.watch()
