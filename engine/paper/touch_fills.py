"""Fills at the touch: what is bought pays the ask, what is sold gets the bid, as far as displayed.

The rules are those of a bar that is one price long (`engine.backtesting.filling`), with the ask as
that price for what buys and the bid for what sells. A limit is filled where the touch is within it,
at the touch; a stop is met by the touch at which it would be filled. Nothing is filled before it
has been on its way for the latency.
"""

from __future__ import annotations

from engine.backtesting.account import BarAccount
from engine.backtesting.filling import BarFills
from engine.backtesting.holding import Holding
from engine.backtesting.orders import TARGET
from engine.paper.events import Touch
from kernels_pure.fills import can_trade, whole_lots


class Displayed:
    """What is left of the touch of a symbol for one account: nobody buys the same shares twice.

    A side that is quoted again with the same price and size is the same shares.
    """

    __slots__ = ("ask", "ask_left", "ask_size", "bid", "bid_left", "bid_size")

    def __init__(self) -> None:
        self.bid = self.ask = self.bid_size = self.ask_size = 0.0
        self.bid_left = self.ask_left = 0.0

    def show(self, touch: Touch) -> None:
        """Take a new touch."""
        if (touch.bid, touch.bid_size) != (self.bid, self.bid_size):
            self.bid, self.bid_size, self.bid_left = touch.bid, touch.bid_size, touch.bid_size
        if (touch.ask, touch.ask_size) != (self.ask, self.ask_size):
            self.ask, self.ask_size, self.ask_left = touch.ask, touch.ask_size, touch.ask_size


class TouchFills(BarFills):
    """The fills of one symbol at one touch.

    What was sent after `live_ns` is still on its way; the target was asked for at `asked_ns`.
    """

    __slots__ = ("asked_ns", "displayed", "is_buying", "live_ns")

    def __init__(
        self,
        account: BarAccount,
        holding: Holding,
        time_ns: int,
        displayed: Displayed,
        live_ns: int,
        asked_ns: int,
    ) -> None:
        super().__init__(account, holding, time_ns, 0.0, 0.0, 0.0, 0.0, 0.0)
        self.displayed = displayed
        self.live_ns = live_ns
        self.asked_ns = asked_ns
        self.is_buying = True

    def meet(self) -> None:
        """Fill whatever this touch fills."""
        holding = self.holding
        if holding.is_forced and self._turn(-holding.units):
            self._force()
        for bracket in tuple(holding.brackets):
            if self._turn(-bracket.units):
                self._bracket(bracket, False)
        if holding.is_wanted and self.asked_ns <= self.live_ns:
            self._reach_target()
        for rest in tuple(holding.orders):
            if rest.order.sent_ns > self.live_ns:
                continue
            if self._turn(rest.units):
                self._order_at_open(rest)
            elif rest.is_at_once:
                self._forget(rest)
        holding.watch()

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
        """Fill what is displayed of `units`, and return it."""
        filled = super().fill(
            number, units, price, reason, is_begun, is_ambiguous, most, is_slipped
        )
        if self.is_buying:
            self.displayed.ask_left = self.room
        else:
            self.displayed.bid_left = self.room
        return filled

    def _turn(self, units: float) -> bool:
        """Face the side at which `units` would be filled; tell whether there is a price."""
        displayed, self.is_buying = self.displayed, units > 0.0
        price = displayed.ask if self.is_buying else displayed.bid
        self.room = displayed.ask_left if self.is_buying else displayed.bid_left
        self.open = self.high = self.low = self.close = price
        return can_trade(price)

    def _reach_target(self) -> None:
        """Bring the position to its target, at the side that this takes."""
        holding = self.holding
        wanted, units = holding.wanted, holding.units
        if units != 0.0 and units * wanted <= 0.0:
            if not self._turn(-units):
                return
            self._own(-units, TARGET)
            if holding.units != 0.0:
                return
        if wanted == 0.0 or self._faces_change(wanted):
            super()._reach_target()

    def _faces_change(self, wanted: float) -> bool:
        """Face the side that brings the position nearer to its target; tell whether one does."""
        holding = self.holding
        is_priced = False
        for side in (wanted, -wanted):
            if not self._turn(side):
                continue
            is_priced = True
            holding.mark = self.open
            change = self._units_of(wanted) - holding.units
            if holding.lot > 0.0:
                change = whole_lots(change, holding.lot)
            if change * side > 0.0:
                return True
        if is_priced:  # between bid and ask neither more nor less is wanted
            holding.held = wanted
            holding.is_wanted = False
        return False
