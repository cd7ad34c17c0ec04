"""What one bar does to the orders of a symbol, by the rules of ``kernels_pure.fills``.

First everything that the open decides, at the open: what margin forces, brackets, the target,
orders in the order in which they were sent. Then what the rest of the bar reached: brackets of what
was held at the open, then orders, each with its bracket on the same bar.
"""

from __future__ import annotations

from math import copysign, inf, nan

from engine.backtesting.account import BarAccount
from engine.backtesting.holding import Bracket, Holding, Rest
from engine.backtesting.orders import MARGIN_CALL, STOP_LOSS, TAKE_PROFIT, TARGET
from kernels_pure.bars import units_wanted
from kernels_pure.fills import (
    AT_OPEN,
    BY_LIMIT,
    BY_STOP,
    FILLED,
    HELD,
    RESTING,
    STOPPED,
    bracket_exit,
    can_trade,
    entry_bar_exit,
    is_inside,
    limit_fill,
    stop_fill,
    stop_limit_fill,
    whole_lots,
)

TOO_LITTLE = "not enough equity"
NO_SHORTS = "short sales are not allowed"


class BarFills:
    """The fills of one bar of one symbol; made where something may be filled, and dropped."""

    __slots__ = (
        "account", "close", "fresh", "high", "holding", "low", "open", "room", "time_ns",
    )  # fmt: skip

    def __init__(
        self,
        account: BarAccount,
        holding: Holding,
        time_ns: int,
        open: float,
        high: float,
        low: float,
        close: float,
        volume: float,
    ) -> None:
        self.account = account
        self.holding = holding
        self.time_ns = time_ns
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        share = account.terms.participation
        # What fills may still take of the bar's volume.
        self.room = share * volume if share > 0.0 else inf

    def fill(
        self,
        number: int,
        units: float,
        price: float,
        reason: str,
        is_begun: bool,
        is_ambiguous: bool = False,
        most: float = 0.0,
        is_slipped: bool = True,
    ) -> float:
        """Fill what the bar's volume allows of `units`, and return it; 0.0 where that is none.

        nan where the order is refused.
        """
        account, holding = self.account, self.holding
        ledger = account.ledger
        if self.room < inf:
            cap = whole_lots(self.room, holding.lot)
            if not cap > 0.0:
                return 0.0
            if abs(units) > cap:
                units = copysign(cap, units)
                ledger.parted.add(number)
        paid = price
        if is_slipped and (ledger.slips or holding.tick > 0.0):
            paid = ledger.paid(holding, units, price, most)
        size = abs(units)
        if ledger.is_free:
            fee = 0.0
        elif ledger.parted and number in ledger.parted:
            fee = ledger.fee(number, reason, size, paid)
        else:
            fee = ledger.costs.of(size, paid)
        holding.mark = price
        before = holding.units
        after = before + units
        if before * units >= 0.0 or before * after < 0.0:
            why = self._objection(after, ledger.cash - units * paid - fee)
            if why:
                account.refuse(why)
                return nan
        self.room -= size
        if ledger.parted and number in ledger.parted:
            ledger.begin(number, reason, size, paid)
        ledger.record(holding, number, self.time_ns, units, paid, fee, reason, is_ambiguous)
        if not is_begun:
            account.n_orders += 1
        if is_ambiguous:
            account.n_ambiguous += 1
        brackets = holding.brackets
        if brackets and brackets[0].units * holding.units <= 0.0:
            holding.keep_brackets()
        return units

    def _objection(self, after: float, cash: float) -> str:
        """Return why a position may not be opened or added to, or nothing."""
        account = self.account
        if after < 0.0 and not account.terms.can_short:
            return NO_SHORTS
        return "" if account.carries(self.holding, after, cash, account.begun) else TOO_LITTLE

    def meet(self) -> None:
        """Fill whatever this bar fills."""
        holding = self.holding
        if not can_trade(self.open):
            holding.miss_open()
            return
        if holding.is_forced:
            self._force()
        if holding.brackets:
            self._brackets(False)
        if holding.is_wanted:
            self._reach_target()
        if holding.orders:
            self._orders(False)
        if holding.brackets:
            self._brackets(True)
        if holding.orders:
            self._orders(True)
        holding.watch()

    # One of a kind is the usual case: PyPy compiles a loop apart from what calls it.
    def _brackets(self, is_within: bool) -> None:
        brackets = self.holding.brackets
        if len(brackets) == 1:
            self._bracket(brackets[0], is_within)
        else:
            self._each_bracket(is_within)

    def _each_bracket(self, is_within: bool) -> None:
        for bracket in tuple(self.holding.brackets):
            self._bracket(bracket, is_within)

    def _orders(self, is_within: bool) -> None:
        orders = self.holding.orders
        if len(orders) > 1:
            self._each_order(is_within)
        elif is_within:
            self._order_within(orders[0])
        else:
            self._order_at_open(orders[0])

    def _each_order(self, is_within: bool) -> None:
        for rest in tuple(self.holding.orders):
            if is_within:
                self._order_within(rest)
            else:
                self._order_at_open(rest)

    def _own(self, units: float, reason: str) -> float:
        """Fill an order of the account's own; what was filled in part goes on under its number."""
        account, holding = self.account, self.holding
        is_begun = holding.part * units > 0.0
        if is_begun:
            number = int(abs(holding.part))
        else:
            account.number += 1
            number = account.number
        filled = self.fill(number, units, self.open, reason, is_begun)
        if filled != filled or filled == units:
            holding.part = 0.0
        elif filled != 0.0:
            holding.part = copysign(number, units)
            holding.held = nan  # neither the old target nor the new one
        return filled

    def _force(self) -> None:
        holding = self.holding
        self._own(-holding.units, MARGIN_CALL)
        holding.is_forced = holding.units != 0.0
        holding.held = nan

    def _reach_target(self) -> None:
        """Bring the position to its target; one that changes sign is closed and opened."""
        holding = self.holding
        wanted = holding.wanted
        if holding.units * wanted <= 0.0 and holding.units != 0.0:
            self._own(-holding.units, TARGET)
            if holding.units != 0.0:
                return
        if wanted != 0.0:
            holding.mark = self.open
            goal = self._units_of(wanted)
            change = goal - holding.units
            if holding.lot > 0.0:
                change = whole_lots(change, holding.lot)
            if change != 0.0:
                filled = self._own(change, TARGET)
                if filled == filled and filled != change:
                    return  # the rest of it waits for the next open
                if filled == change and not holding.lot > 0.0:
                    holding.units = goal  # the sum may differ in its last bit
        holding.held = wanted
        holding.is_wanted = False

    def _units_of(self, target: float) -> float:
        """Return the units of a target at the open, costs included."""
        account = self.account
        value, column, price = account.value(), account.ledger.column, self.open
        schedule = account.terms.fees
        if schedule is None or account.terms.units > 0.0 or not value > 0.0:
            return units_wanted(target, value, price, column)
        paid = account.ledger.paid(self.holding, target, price, 0.0)
        each = paid * (1.0 + account.terms.fee_rate) + account.terms.fee_unit
        each += schedule.stock_fee(paid)
        room = value - account.terms.fee_order - schedule.stock_minimum
        return target * room / each if room > 0.0 and each > 0.0 else 0.0

    def _bracket(self, bracket: Bracket, is_within: bool) -> None:
        if bracket.is_awake:
            if not is_within:
                self._leave(bracket, STOPPED, self.open, False)
            return
        side = 1.0 if bracket.units > 0.0 else -1.0
        how, price, is_open = bracket_exit(
            side, bracket.stop_loss, bracket.take_profit, self.open, self.high, self.low,
            self.account.is_through, self.account.is_optimistic,
        )  # fmt: skip
        if how != HELD and (is_within or price == self.open):
            self._leave(bracket, how, price, is_open > 0)

    def _leave(self, bracket: Bracket, how: int, price: float, is_ambiguous: bool) -> None:
        """Close what a bracket holds, at most what is left of the position."""
        holding = self.holding
        if holding.units * bracket.units <= 0.0:
            return  # the position that it would close is gone
        is_stop = how == STOPPED
        units = copysign(min(abs(bracket.units), abs(holding.units)), bracket.units)
        filled = self.fill(
            bracket.number, -units, price, STOP_LOSS if is_stop else TAKE_PROFIT,
            bracket.is_begun, is_ambiguous, 0.0, is_stop,
        )  # fmt: skip
        holding.held = nan
        bracket.is_awake = is_stop
        bracket.is_begun = bracket.is_begun or filled != 0.0
        bracket.units = units + filled
        if bracket.units == 0.0 and bracket in holding.brackets:
            holding.brackets.remove(bracket)  # another one of this side is still held

    def _order_at_open(self, rest: Rest) -> None:
        side = 1.0 if rest.units > 0.0 else -1.0
        if not rest.is_awake and (self.open - rest.stop) * side >= 0.0:
            rest.is_awake = True
        if rest.is_awake and (
            rest.limit <= 0.0 or is_inside(side, rest.limit, self.open, self.account.is_through) > 0
        ):
            self._fill_order(rest, self.open, AT_OPEN, False)
        if rest.is_at_once:
            self._forget(rest)

    def _order_within(self, rest: Rest) -> None:
        side = 1.0 if rest.units > 0.0 else -1.0
        through = self.account.is_through
        if rest.is_awake:
            if rest.limit > 0.0:
                price = limit_fill(side, rest.limit, self.open, self.high, self.low, through)
                if price > 0.0:
                    self._fill_order(rest, price, BY_LIMIT, False)
        elif rest.limit <= 0.0:
            price = stop_fill(side, rest.stop, self.open, self.high, self.low)
            if price > 0.0:
                rest.is_awake = True
                self._fill_order(rest, price, BY_STOP, False)
        else:
            state, price, is_open = stop_limit_fill(
                side, rest.stop, rest.limit, self.open, self.high, self.low, self.close,
                through, self.account.is_optimistic,
            )  # fmt: skip
            rest.is_awake = state in (RESTING, FILLED)
            if state == FILLED:
                how = BY_STOP if price == rest.stop else BY_LIMIT
                self._fill_order(rest, price, how, is_open > 0)
            else:
                self.account.n_ambiguous += is_open

    def _fill_order(self, rest: Rest, price: float, how: int, is_ambiguous: bool) -> None:
        """Fill an order; where it opened something, its bracket rests from here on."""
        holding, order = self.holding, rest.order
        is_slipped = order.limit <= 0.0 or (order.stop > 0.0 and how != BY_LIMIT)
        reason = order.kind
        filled = self.fill(
            order.number, rest.units, price, reason, rest.is_begun, is_ambiguous, rest.limit,
            is_slipped,
        )  # fmt: skip
        if filled != filled:
            self._forget(rest)
            return
        if filled == 0.0:
            return
        rest.is_begun = True
        rest.units -= filled
        holding.held = nan
        if abs(rest.units) <= 1e-12 * abs(order.units):
            self._forget(rest)
        if (rest.stop_loss > 0.0 or rest.take_profit > 0.0) and holding.units * filled > 0.0:
            units = copysign(min(abs(filled), abs(holding.units)), filled)
            bracket = Bracket(order.number, units, rest.stop_loss, rest.take_profit)
            holding.brackets.append(bracket)
            if how != AT_OPEN:
                self._bracket_on_entry(bracket, how, price)

    def _bracket_on_entry(self, bracket: Bracket, how: int, entry: float) -> None:
        side = 1.0 if bracket.units > 0.0 else -1.0
        account = self.account
        left, price, is_open = entry_bar_exit(
            side, how, entry, bracket.stop_loss, bracket.take_profit, self.high, self.low,
            self.close, account.is_through, account.is_optimistic,
        )  # fmt: skip
        if left == HELD:
            account.n_ambiguous += is_open
        else:
            self._leave(bracket, left, price, is_open > 0)

    def _forget(self, rest: Rest) -> None:
        orders = self.holding.orders
        if len(orders) == 1:
            if orders[0] is rest:
                orders.pop()
        elif rest in orders:
            orders.remove(rest)
