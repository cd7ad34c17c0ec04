"""A strategy whose orders go to a broker: it is asked what it wants, and told what it got.

The rules are those of paper (`engine.paper.touch_fills`): stops, limits and brackets rest here, and
what a touch would fill is a `Wish`. Whoever holds the seat sends an order for it and says what came
of that with `granted`; until then nothing more is wished for in that symbol. So stops protect only
while the engine runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import copysign, inf, nan

from engine.backtesting.account import BarAccount
from engine.backtesting.data import Data
from engine.backtesting.holding import Bracket, Holding, Rest
from engine.backtesting.orders import MARGIN_CALL, STOP_LOSS, TAKE_PROFIT, TARGET
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.paper.events import Touch
from engine.paper.seats import QuoteSeat
from engine.paper.touch_fills import Displayed, TouchFills
from kernels_pure.fills import STOPPED, whole_lots


@dataclass(frozen=True, slots=True)
class Wish:
    """What a seat wants to trade now.

    `units` are signed, `limit` the worst price that is taken (0.0: whatever the market asks),
    `reason` one of the words of `engine.backtesting.orders`, `held` the position before.
    """

    symbol: str
    number: int
    units: float
    limit: float
    reason: str
    held: float


@dataclass(frozen=True, slots=True)
class Held:
    """What a strategy had when it was last heard of: units by symbol, and all cash since then."""

    units: Mapping[str, float]
    cash: float


class BrokerFills(TouchFills):
    """The fills of one symbol at one touch: wishes, or with a `grant` what was traded of one."""

    __slots__ = ("fee", "grant", "is_over", "paid", "wish")

    def __init__(
        self,
        account: BarAccount,
        holding: Holding,
        time_ns: int,
        displayed: Displayed,
        grant: Wish | None = None,
        paid: float = 0.0,
        fee: float = 0.0,
    ) -> None:
        super().__init__(account, holding, time_ns, displayed, time_ns, 0)
        self.wish: Wish | None = None
        self.grant, self.paid, self.fee = grant, paid, fee
        self.is_over = False

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
        """Note a wish and fill nothing; with a grant fill it, once.

        nan where the account may not trade it.
        """
        account, holding, grant = self.account, self.holding, self.grant
        if self.wish is not None or self.is_over:
            return 0.0
        if grant is not None:
            self.is_over = True
            self._enter(number, grant.units, reason, is_begun)
            return grant.units
        cap = whole_lots(min(abs(units), self.room), max(holding.lot, 1.0))
        if not cap > 0.0:
            return 0.0
        units = copysign(cap, units)
        before = holding.units
        after = before + units
        if before * units >= 0.0 or before * after < 0.0:
            ledger = account.ledger
            fee = ledger.costs.of(cap, price)
            why = self._objection(after, ledger.cash - units * price - fee)
            if why:
                account.refuse(why)
                return nan
        # What is no market order is limited by its own limit, or by the price that it was met at.
        limit = most if most > 0.0 else 0.0 if is_slipped else price
        self.wish = Wish(holding.symbol, number, units, limit, reason, before)
        return 0.0

    def enter(self) -> None:
        """Enter what was traded of a wish that nothing here asks for any more."""
        grant, holding = self.grant, self.holding
        assert grant is not None
        for rest in tuple(holding.orders):
            if rest.order.number == grant.number and rest.order.kind == grant.reason:
                rest.units -= grant.units
                if rest.units * grant.units <= 0.0:
                    holding.orders.remove(rest)
        for bracket in tuple(holding.brackets):
            if bracket.number == grant.number and grant.reason in (STOP_LOSS, TAKE_PROFIT):
                bracket.units += grant.units
                if bracket.units * grant.units >= 0.0:
                    holding.brackets.remove(bracket)
        self._enter(grant.number, grant.units, grant.reason, False)
        holding.held = nan

    def _enter(self, number: int, units: float, reason: str, is_begun: bool) -> None:
        account, holding = self.account, self.holding
        holding.mark = self.paid
        account.ledger.record(
            holding, number, self.time_ns, units, self.paid, self.fee, reason, False
        )
        if not is_begun:
            account.n_orders += 1
        holding.keep_brackets()

    # One wish at a time: what is behind it has not been tried yet, and stays as it was. A grant
    # is for what wished for it, and for nothing else.

    def _is_next(self, reason: str, number: int = 0) -> bool:
        grant = self.grant
        if grant is None:
            return self.wish is None
        return not self.is_over and grant.reason == reason and number in (0, grant.number)

    def _force(self) -> None:
        if self._is_next(MARGIN_CALL):
            super()._force()

    def _reach_target(self) -> None:
        if self._is_next(TARGET):
            super()._reach_target()

    def _leave(self, bracket: Bracket, how: int, price: float, is_ambiguous: bool) -> None:
        if self._is_next(STOP_LOSS if how == STOPPED else TAKE_PROFIT, bracket.number):
            super()._leave(bracket, how, price, is_ambiguous)

    def _order_at_open(self, rest: Rest) -> None:
        if self._is_next(rest.order.kind, rest.order.number):
            super()._order_at_open(rest)

    def _forget(self, rest: Rest) -> None:
        # An order that is to be filled at once is on its way.
        if self.wish is None or self.wish.number != rest.order.number:
            super()._forget(rest)


class BrokerSeat(QuoteSeat):
    """One strategy with its account at a broker. `held` is what it has from before."""

    def __init__(
        self,
        name: str,
        strategy: Strategy,
        data: Data,
        terms: Terms,
        seed: int,
        held: Held | None = None,
    ) -> None:
        # A share is the smallest thing that a broker trades.
        super().__init__(name, strategy, data, replace(terms, lot=max(terms.lot, 1.0)), seed)
        self._asked: dict[str, Wish] = {}
        if held is not None:
            self.account.ledger.cash += held.cash
            self.account.equity = self.account.cash
            for symbol, units in held.units.items():
                holding = self.account.holding(symbol)
                holding.units, holding.held = units, nan
                holding.entry_units = abs(units)

    @property
    def start_cash(self) -> float:
        """What it began with."""
        return self.account.terms.cash

    def is_priced(self) -> bool:
        """Tell whether all that is held has had a quote."""
        return all(
            (self._displayed[one.symbol].bid > 0.0 and self._displayed[one.symbol].ask > 0.0)
            or one.mark > 0.0
            for one in self.account.lines
            if one.units
        )

    def touch(self, touch: Touch) -> None:
        """Take a quote; `wish` says what it makes the strategy want."""
        displayed = self._displayed.get(touch.symbol)
        if displayed is not None:
            displayed.show(touch)
            self._tell_quote(touch)

    def wish(self, symbol: str, now_ns: int) -> Wish | None:
        """Return what is to be traded of `symbol` now; None while that is being tried already."""
        account, displayed = self.account, self._displayed[symbol]
        holding = account.holding(symbol)
        if symbol in self._asked:
            return None
        is_met = holding.is_due
        is_met = is_met or (displayed.bid > 0.0 and displayed.bid <= holding.below)
        is_met = is_met or (displayed.ask > 0.0 and displayed.ask >= holding.above)
        if not is_met:
            return None
        account.now_ns = now_ns
        fills = BrokerFills(account, holding, now_ns, displayed)
        fills.meet()
        if fills.wish is not None:
            self._asked[symbol] = fills.wish
        return fills.wish

    def granted(self, symbol: str, units: float, price: float, fee: float, now_ns: int) -> None:
        """Take what came of a wish: units that were traded (0.0: none), at an average price.

        What is not traded is wished for again, but for an order that is filled at once or not.
        """
        account = self.account
        holding, asked = account.holding(symbol), self._asked.pop(symbol)
        account.now_ns = now_ns
        if units != 0.0:
            shown = Displayed()
            shown.show(Touch(now_ns, symbol, price, price, inf, inf))
            grant = replace(asked, units=units)
            fills = BrokerFills(account, holding, now_ns, shown, grant, price, fee)
            fills.meet()
            if not fills.is_over:  # what asked for it has been cancelled meanwhile
                fills.enter()
        for rest in tuple(holding.orders):
            if rest.is_at_once and rest.order.number == asked.number:
                holding.orders.remove(rest)
        holding.watch()
        if units != 0.0:
            self._tell_fills(now_ns)
