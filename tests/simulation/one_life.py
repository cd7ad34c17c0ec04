"""One life of a trading process: broker, checks, breakers and trader over a journal that stays.

It can die at a named point, as by kill -9: nothing of it has any effect from then on, its sockets
close, and what is in the journal is all that the next life knows.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from broker_scene import ACCOUNT
from venue import Crash

from engine.execution.breakers import Breakers, WatchedLog
from engine.execution.broker import Acked, BrokerEvent
from engine.execution.entries import INTENT, Written
from engine.execution.modes import Mode
from engine.execution.orders import Order
from engine.execution.plan import Terms
from engine.execution.risk import Risk
from engine.execution.trader import Trader
from engine.ib.broker import IbBroker
from engine.ib.connection import LinkSettings

if TYPE_CHECKING:
    from whole import Whole

POINTS = ("before journal", "after journal", "before send", "after send", "before ack", "after ack")
SENDING = (Mode.READY, Mode.REDUCING, Mode.DRAINING)
KILL_CLIENT = 99


class _Journal:
    """The journal as one life writes it."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._log = life.whole.log

    def append(
        self, kind: str, data: dict[str, object], *, is_durable: bool = True
    ) -> Written:  # fmt: skip
        self._life.point("before journal")
        entry = self._log.append(kind, data, is_durable=is_durable)
        self._life.point("after journal")
        return entry

    def entries(self) -> Any:
        return self._log.entries()


class _Broker(IbBroker):
    """The broker of IB, unmodified, that notes what was sent while nothing may be."""

    life: Life

    def place(self, order: Order) -> bool:
        life = self.life
        life.point("before send")
        life.judge(order)
        is_sent = super().place(order)
        life.point("after send")
        return is_sent


class Life:
    """Broker and trader, born from the journal; `is_dead` once it has died."""

    trader: Trader

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.is_dead = self.is_born = False
        clock, rules = whole.world.clock, whole.rules
        self.clock = clock
        self.broker = _Broker(
            ACCOUNT, LinkSettings(timeout_s=4.0, most_retry_s=2.0), KILL_CLIENT, whole.contracts,
            clock=clock, random=Random(1), failure=self.failed,
        )  # fmt: skip
        self.broker.life = self
        self.breakers = Breakers(whole.limits)
        self.risk = Risk(whole.limits, legs=rules.style)
        try:
            self.trader = whole.made(
                self.broker, WatchedLog(_Journal(self), self.breakers, clock), self.risk, clock,
                is_armed=True, terms=Terms(), rules=rules, quotes=whole.at,
                corrections=self.risk.check_correction,
            )  # fmt: skip
        except Crash:
            return
        self.broker.sink = self.hear
        self.broker.start()
        self.is_born = True

    # what happens in it

    def hear(self, event: BrokerEvent) -> None:
        is_ack = isinstance(event, Acked)
        if is_ack:
            self.point("before ack")
        self.trader.on_event(event)
        if is_ack:
            self.point("after ack")

    def do(self, what: Callable[[], object]) -> None:
        """Do something; it may die of it."""
        if not self.is_dead:
            try:
                what()
            except Crash:
                assert self.is_dead
            except Exception as error:
                self.failed(error)

    def tick(self) -> None:
        """Let time pass as the engine does: timers, and what the breakers say."""
        monotonic = self.clock.monotonic_ns()
        now = self.clock.now_ns()
        self.breakers.on_quote(monotonic)
        self.breakers.on_time(now, monotonic, is_linked=self.broker.is_ready())
        self.trader.on_time()
        self._heed()

    def failed(self, error: BaseException) -> None:
        """Take what our own code has raised, as the engine does: it halts."""
        if self.is_dead or isinstance(error, Crash):
            return
        self.whole.broken.append(f"raised {error!r}")
        self.breakers.failed("the engine", error, self.clock.now_ns())
        self.do(self._heed)

    def _heed(self) -> None:
        for trip in self.breakers.due():
            self.trader.halt(str(trip))

    # its end

    def point(self, name: str) -> None:
        """Pass a named point; it may be the last one."""
        if self.is_dead:
            raise Crash(name)
        if self.whole.is_last(name):
            self.die()
            raise Crash(name)

    def die(self) -> None:
        """End at once: what was written to the sockets arrives or does not."""
        self.is_dead = True
        self.broker.sink = _deaf
        for link in (self.broker.link, self.broker.kill.link):
            pipe = link.ib.client.conn.transport
            if pipe is not None:
                (pipe.close if self.whole.random.random() < 0.5 else pipe.abort)()

    # what must never be

    def judge(self, order: Order) -> None:
        """Note an order that goes out while none may, or before its intent is durable."""
        whole = self.whole
        mode = self.trader.mode if self.is_born else None
        if mode not in SENDING:
            whole.broken.append(f"{order.ref} was sent while {mode}")
        written = whole.log.lines[: whole.log.durable]
        if not any(f'"{INTENT}"' in line and f'"{order.ref}"' in line for line in written):
            whole.broken.append(f"{order.ref} was sent before its intent was durable")


def _deaf(event: BrokerEvent) -> None:
    """Hear nothing: nobody is there."""
