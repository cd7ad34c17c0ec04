"""A strategy that begins late, with the account as it was recorded.

What differs then comes from what the strategy itself had not seen yet, and from no other money,
position or fill.
"""

from __future__ import annotations

from random import Random

from engine.backtesting.orders import Order
from engine.backtesting.strategy import Strategy
from engine.checking.decisions import CANCEL, TARGET, WAKE, Decision, Event, Log
from engine.checking.recorder import Standing, Tape, order_decision


class RecordedAccount:
    """Answers as the account of the recorded run did at the same event; does nothing."""

    def __init__(self, tape: Tape) -> None:
        self._sent = tape.sent
        self.standing = tape.heard[0].standing
        self.place = 0
        self.decided: list[Decision] = []

    @property
    def cash(self) -> float:
        """Return the recorded cash."""
        return self.standing.cash

    @property
    def equity(self) -> float:
        """Return the recorded equity."""
        return self.standing.equity

    def position(self, symbol: str) -> float:
        """Return the recorded position."""
        return self.standing.positions.get(symbol, 0.0)

    def orders(self, symbol: str) -> tuple[Order, ...]:
        """Return the recorded orders."""
        return self.standing.orders.get(symbol, ())

    def target(self, part: float, symbol: str) -> None:
        """Note a target."""
        self.decided.append(Decision(TARGET, symbol, (float(part),)))

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
        """Note an order, and return the recorded one where the same was sent at this event."""
        decision = order_decision(units, symbol, limit, stop, stop_loss, take_profit, time_in_force)
        self.decided.append(decision)
        known = self._sent.get((self.place, *decision.bits))
        return known or Order(
            0, symbol, units, limit, stop, stop_loss, take_profit, time_in_force, 0
        )

    def cancel(self, order: Order) -> None:
        """Note a cancellation."""
        self.decided.append(Decision(CANCEL, order.symbol, (order.number,)))

    def wake(self, time_ns: int) -> None:
        """Note a wish to be woken; what is heard is what was recorded."""
        self.decided.append(Decision(WAKE, "", (time_ns,)))


def play_late(
    strategy: Strategy, tape: Tape, symbols: tuple[str, ...], from_ns: int, seed: int
) -> Log:
    """Return what `strategy` decides when it hears `tape` from its first bar at `from_ns` on.

    Rows of events are 0: a late run counts others. O(events).
    """
    account = RecordedAccount(tape)
    strategy.symbols, strategy.account, strategy.rng = symbols, account, Random(seed)
    log = Log()
    begin = next(
        place
        for place, heard in enumerate(tape.heard)
        if heard.hook == "on_bar" and heard.given.time_ns >= from_ns
    )
    _place(account, tape.heard[begin].standing, begin + 1)
    strategy.start()
    for place in range(begin, len(tape.heard)):
        heard = tape.heard[place]
        _place(account, heard.standing, place + 1)
        part = getattr(strategy, heard.hook)(heard.given)
        if heard.hook != "on_bar":
            continue  # what was decided waits for the next bar, as in the recorded run
        bar = heard.given
        if part is not None:
            account.decided.append(Decision(TARGET, bar.symbol, (float(part),)))
        event = Event(bar.time_ns, bar.symbol, 0)
        for decision in account.decided:
            log.add(event, decision)
        account.decided.clear()
    return log


def _place(account: RecordedAccount, standing: Standing, place: int) -> None:
    account.standing, account.place = standing, place
