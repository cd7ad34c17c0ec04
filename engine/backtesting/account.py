"""The account of a backtest over bars: what a strategy asks of it rests here until the next bar."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from math import copysign, inf
from typing import NoReturn

from engine.backtesting.holding import NEVER, Holding, Rest
from engine.backtesting.ledger import Ledger
from engine.backtesting.orders import DAY, TIMES_IN_FORCE, Order
from engine.backtesting.terms import Terms
from engine.errors import UsageError
from engine.nearest import nearest
from kernels_pure.fills import whole_lots, whole_ticks

YEAR_DAYS = 365.0
Parts = tuple[float, float]


class BarAccount:
    """An account over bars, the `Account` of `engine.backtesting.strategy`.

    It knows no bars: the loop hands it one at a time. Symbols are kept in the order of their names,
    so that the order in which they are listed changes nothing.
    """

    def __init__(self, holdings: Iterable[Holding], terms: Terms, is_optimistic: bool) -> None:
        self.terms = terms
        self.ledger = Ledger(terms)
        self.lines = sorted(holdings, key=lambda one: one.symbol)
        self.holdings = {one.symbol: one for one in self.lines}
        self.equity = float(terms.cash)
        self.now_ns = 0
        self.is_optimistic = 1 if is_optimistic else 0
        self.is_through = 1 if terms.through else 0
        # What a long and a short position count for beside cash: see `carries`.
        self.begun: Parts = (1.0 - terms.initial_equity, terms.initial_margin)
        self.kept: Parts = (1.0 - terms.maintenance_equity, terms.maintenance_margin)
        self.n_orders = 0
        self.n_ambiguous = 0
        self.n_margin_calls = 0
        self.number = 0
        self.refused: dict[str, int] = {}
        self.wake_ns = NEVER
        self._wakes: list[int] = []

    @property
    def cash(self) -> float:
        """Return what is not invested."""
        return self.ledger.cash

    def holding(self, symbol: str) -> Holding:
        """Return the state of a symbol.

        Raises
        ------
        UsageError
            If the run has no such symbol.
        """
        found = self.holdings.get(symbol)
        if found is None:
            near = nearest(symbol, list(self.holdings))
            hint = f"did you mean {near}?" if near else f"it has {', '.join(self.holdings)}"
            raise UsageError(f"the run has no symbol {symbol!r}: {hint}")
        return found

    def position(self, symbol: str) -> float:
        """Return the units held."""
        return self.holding(symbol).units

    def orders(self, symbol: str) -> tuple[Order, ...]:
        """Return the orders that rest, oldest first."""
        return tuple(rest.order for rest in self.holding(symbol).orders)

    def target(self, part: float, symbol: str) -> None:
        """Ask for a position of `part` of the account; nan keeps what is held and asks nothing."""
        holding = self.lines[0]
        if symbol is not holding.symbol and symbol != holding.symbol:
            holding = self.holding(symbol)
        if part != part:
            holding.is_wanted = False
            holding.part = 0.0
            return
        if not -inf < part < inf:
            raise UsageError(f"a target is a finite number, not {part} (of {symbol})")
        if part == holding.held:
            holding.is_wanted = False
            return
        if part != holding.wanted:
            holding.part = 0.0
        holding.wanted = float(part)
        holding.is_wanted = holding.is_due = True

    def send(
        self,
        units: float,
        symbol: str,
        limit: float,
        stop: float,
        stop_loss: float,
        take_profit: float,
        time_in_force: str,
    ) -> Order:
        """Send an order, filled from the next bar on; units are rounded to lots, prices to ticks.

        Raises
        ------
        UsageError
            If the units are none or not a number, a price is negative or not a number, or the time
            in force is unknown.
        """
        holding = self.holding(symbol)
        if not (
            0.0 < abs(units) < inf
            and 0.0 <= limit < inf
            and 0.0 <= stop < inf
            and 0.0 <= stop_loss < inf
            and 0.0 <= take_profit < inf
            and time_in_force in TIMES_IN_FORCE
        ):
            complain(units, symbol, limit, stop, stop_loss, take_profit, time_in_force)
        units, limit, stop = float(units), float(limit), float(stop)
        stop_loss, take_profit = float(stop_loss), float(take_profit)
        if holding.tick > 0.0:
            side, tick = copysign(1.0, units), holding.tick
            # A rounded limit is never worse than what was asked for, a rounded stop never nearer.
            limit = whole_ticks(limit, tick, -side)
            stop = whole_ticks(stop, tick, side)
            stop_loss = whole_ticks(stop_loss, tick, -side)
            take_profit = whole_ticks(take_profit, tick, side)
        if holding.lot > 0.0:
            units = whole_lots(units, holding.lot)
        self.number += 1
        order = Order(
            self.number, symbol, units, limit, stop, stop_loss, take_profit, time_in_force,
            self.now_ns,
        )  # fmt: skip
        if units == 0.0:
            self.refuse("smaller than a lot")
            return order
        rest = Rest(order, limit, stop, stop_loss, take_profit)
        holding.orders.append(rest)
        holding.watch_order(rest)
        return order

    def cancel(self, order: Order) -> None:
        """Cancel what rests of an order, and the bracket that it left."""
        holding = self.holding(order.symbol)
        number = order.number
        holding.orders = [rest for rest in holding.orders if rest.order.number != number]
        holding.brackets = [one for one in holding.brackets if one.number != number]
        holding.watch()

    def wake(self, time_ns: int) -> None:
        """Ask for `on_timer` at the first instant at or after `time_ns`."""
        heappush(self._wakes, time_ns)
        self.wake_ns = self._wakes[0]

    def awake(self, time_ns: int) -> int:
        """Return how many of the times asked for have come, and forget them."""
        count = 0
        while self._wakes and self._wakes[0] <= time_ns:
            heappop(self._wakes)
            count += 1
        self.wake_ns = self._wakes[0] if self._wakes else NEVER
        return count

    def refuse(self, why: str) -> None:
        """Count an order that was not accepted."""
        self.refused[why] = self.refused.get(why, 0) + 1

    def value(self) -> float:
        """Return cash and positions at the last prices."""
        if len(self.lines) == 1:
            holding = self.lines[0]
            return self.ledger.cash + holding.units * holding.mark
        return self._value_of_each()

    def _value_of_each(self) -> float:
        total = self.ledger.cash
        for holding in self.lines:
            total += holding.units * holding.mark
        return total

    def carries(self, changed: Holding, units: float, cash: float, parts: Parts) -> bool:
        """Tell whether `cash` and positions at the last prices suffice, `units` of one of them.

        `parts` says what a long and a short position count for, as multiples of their value: with
        cash they must come to 0 at least, but for rounding.
        """
        worth = units * changed.mark
        total = cash + worth * parts[worth < 0.0]
        gross = abs(cash) + abs(worth)
        if len(self.lines) > 1:
            total, gross = self._with_others(changed, total, gross, parts)
        return total >= -1e-9 * gross

    def _with_others(
        self, changed: Holding, total: float, gross: float, parts: Parts
    ) -> tuple[float, float]:
        for holding in self.lines:
            if holding is not changed:
                worth = holding.units * holding.mark
                total += worth * parts[worth < 0.0]
                gross += abs(worth)
        return total, gross

    def check_margin(self) -> None:
        """Close everything at the next open, and drop what rests, where equity is too little."""
        first = self.lines[0]
        if self.carries(first, first.units, self.ledger.cash, self.kept):
            return
        self.n_margin_calls += 1
        for holding in self.lines:
            holding.is_forced = holding.units != 0.0
            holding.drop_orders()

    def pass_days(self, days: int) -> None:
        """Pay for shorts held over so many days; orders of the day end, others pay as new ones."""
        self.ledger.begun.clear()
        rate = self.terms.borrow_rate
        for holding in self.lines:
            if holding.units < 0.0 and rate > 0.0:
                fee = -holding.units * holding.mark * rate * days / YEAR_DAYS
                self.ledger.cash -= fee
                self.ledger.borrow_fees += fee
                holding.flow -= fee
            if any(rest.order.time_in_force == DAY for rest in holding.orders):
                holding.orders = [
                    rest for rest in holding.orders if rest.order.time_in_force != DAY
                ]
                holding.watch()


def complain(
    units: float,
    symbol: str,
    limit: float,
    stop: float,
    stop_loss: float,
    take_profit: float,
    time_in_force: str,
) -> NoReturn:
    """Say what is wrong with an order."""
    if not 0.0 < abs(units) < inf:
        raise UsageError(f"an order of {units} units of {symbol}: it must buy or sell some")
    for name, price in (
        ("limit", limit), ("stop", stop), ("sl", stop_loss), ("tp", take_profit),
    ):  # fmt: skip
        if not 0.0 <= price < inf:
            raise UsageError(f"{name}={price} of an order for {symbol}: it must be a price")
    names = ", ".join(TIMES_IN_FORCE)
    raise UsageError(f"tif={time_in_force!r} of an order for {symbol}: it is {names}")
