"""A strategy between a host and the strategy that is checked: it notes what is decided.

The host runs it as any other; the strategy inside sees the host's own account through a `Spy`, with
everything that may be found there.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.backtesting.orders import Fill, Order
from engine.backtesting.strategy import Account, Strategy
from engine.checking.decisions import CANCEL, ORDER, TARGET, WAKE, Decision, Event, Log

if TYPE_CHECKING:
    from engine.market.bars import Bar
    from engine.market.chain import OptionChain

FOREVER = 1 << 63


class Enough(BaseException):
    """Ends a run once its decisions up to an instant are known; no strategy catches it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account answered at one event."""

    cash: float
    equity: float
    positions: dict[str, float]
    orders: dict[str, tuple[Order, ...]]


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as the strategy heard it: the name of the hook, what it was given, the account."""

    hook: str
    given: Any
    standing: Standing


@dataclass(slots=True)
class Tape:
    """Everything that a strategy heard in a run, so that another can hear it without a host."""

    heard: list[Heard] = field(default_factory=list)
    sent: dict[tuple[object, ...], Order] = field(default_factory=dict)


class Spy:
    """An account that notes what is asked of it, and is the host's own in all else."""

    def __init__(self, account: Account, recorder: Recorder) -> None:
        self._account = account
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._account, name)

    def target(self, part: float, symbol: str) -> None:
        """Note and hand on a target."""
        self._account.target(part, symbol)
        self._recorder.note(Decision(TARGET, symbol, (float(part),)))

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
        """Note and hand on an order."""
        order = self._account.send(
            units, symbol, limit, stop, stop_loss, take_profit, time_in_force
        )
        self._recorder.note(
            order_decision(units, symbol, limit, stop, stop_loss, take_profit, time_in_force), order
        )
        return order

    def cancel(self, order: Order) -> None:
        """Note and hand on a cancellation."""
        self._account.cancel(order)
        self._recorder.note(Decision(CANCEL, order.symbol, (order.number,)))

    def wake(self, time_ns: int) -> None:
        """Note and hand on a wish to be woken."""
        self._account.wake(time_ns)
        self._recorder.note(Decision(WAKE, "", (time_ns,)))


def order_decision(
    units: float,
    symbol: str,
    limit: float,
    stop: float,
    stop_loss: float,
    take_profit: float,
    time_in_force: str,
) -> Decision:
    """Return an order as a decision."""
    prices = (float(units), float(limit), float(stop), float(stop_loss), float(take_profit))
    return Decision(ORDER, symbol, (*prices, time_in_force))


class Recorder(Strategy):
    """Run `inner` and note its decisions in `log`; end the run once a bar is later than `until_ns`.

    Decisions of fills, sessions and timers count for the next bar: a fill is known no sooner than
    the bar it happened in. `tape`, where there is one, keeps what was heard too.
    """

    def __init__(self, inner: Strategy, until_ns: int = FOREVER, tape: Tape | None = None) -> None:
        self.inner = inner
        self.log = Log()
        self._until_ns = until_ns
        self._tape = tape
        self._event: Event | None = Event(0, "", 0)
        self._waiting: list[Decision] = []
        self._rows: dict[str, int] = {}

    def __copy__(self) -> Recorder:
        """Return one that notes for nobody: a host may run a copy once more, on other terms."""
        return Recorder(copy(self.inner), self._until_ns)

    @property
    def last_event(self) -> Event:
        """Return the event that is being handled, or the last one that was."""
        if self._event is not None:
            return self._event
        return self.log.events[-1] if self.log.events else Event(0, "", 0)

    def note(self, decision: Decision, order: Order | None = None) -> None:
        """Note a decision of the event that is being handled."""
        if self._event is None:
            self._waiting.append(decision)
        else:
            self.log.add(self._event, decision)
        if self._tape is not None and order is not None:
            place = len(self._tape.heard)
            self._tape.sent.setdefault((place, *decision.bits), order)

    def start(self) -> None:
        """Hand on what the run has given, and start the strategy."""
        self.inner.symbols = self.symbols
        self.inner.rng = self.rng
        self.inner.account = Spy(self.account, self)
        self.inner.start()
        self._event = None

    def on_start_of_session(self, time_ns: int) -> None:
        """Hand on the start of a trading day."""
        self._keep("on_start_of_session", time_ns)
        self.inner.on_start_of_session(time_ns)

    def on_bar(self, bar: Bar) -> float | None:
        """Hand on a bar and note what is returned, which is a target too."""
        if bar.time_ns > self._until_ns:
            raise Enough
        self._rows[bar.symbol] = row = self._rows.get(bar.symbol, 0) + 1
        self._event = event = Event(bar.time_ns, bar.symbol, row)
        for decision in self._waiting:
            self.log.add(event, decision)
        self._waiting.clear()
        self._keep("on_bar", bar)
        part = self.inner.on_bar(bar)
        if part is not None:
            self.log.add(event, Decision(TARGET, bar.symbol, (float(part),)))
        self._event = None
        return part

    def on_fill(self, fill: Fill) -> None:
        """Hand on a fill."""
        self._keep("on_fill", fill)
        self.inner.on_fill(fill)

    def on_chain(self, chain: OptionChain) -> None:
        """Hand on a chain; it is an event of its own, as a bar is."""
        if chain.ts_ns > self._until_ns:
            raise Enough
        self._rows[chain.symbol] = row = self._rows.get(chain.symbol, 0) + 1
        self._event = Event(chain.ts_ns, chain.symbol, row)
        self.inner.on_chain(chain)
        self._event = None

    def on_timer(self, time_ns: int) -> None:
        """Hand on a time that was asked for."""
        self._keep("on_timer", time_ns)
        self.inner.on_timer(time_ns)

    def _keep(self, hook: str, given: object) -> None:
        if self._tape is None:
            return
        account = self.account
        standing = Standing(
            account.cash,
            account.equity,
            {symbol: account.position(symbol) for symbol in self.symbols},
            {symbol: account.orders(symbol) for symbol in self.symbols},
        )
        self._tape.heard.append(Heard(hook, given, standing))
