"""A broker in memory whose truth outlives the traders that crash, and that misbehaves on order.

The venue is the truth: orders, executions, positions, cash. A `Line` is one connection of one
trader to it, with messages that wait both ways. Whoever drives it says what arrives, fills, is told
twice or is lost; nothing happens by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.execution.broker import (
    Absent,
    Acked,
    BrokerEvent,
    Ended,
    Evidence,
    Fee,
    Fill,
    Seen,
    Sink,
)
from engine.execution.orders import Order
from engine.market.combo import STOCK

INFLIGHT, LIVE, FILLED, CANCELLED, REJECTED, LOST = (
    "inflight", "live", "filled", "cancelled", "rejected", "lost",
)  # fmt: skip
FEE = 0.70


class Crash(BaseException):
    """The process dies here."""


class Ticks:
    """A clock that a test moves; wall and monotonic time start far apart."""

    def __init__(self, now_ns: int) -> None:
        self.wall, self.mono = now_ns, 5_000_000_000

    def now_ns(self) -> int:
        return self.wall

    def monotonic_ns(self) -> int:
        return self.mono

    def pass_(self, seconds: float) -> None:
        self.wall += round(seconds * 1e9)
        self.mono += round(seconds * 1e9)


class Note(NamedTuple):
    """An entry of `MemoryLog`."""

    seq: int
    ts_ns: int
    kind: str
    data: Mapping[str, object]


class MemoryLog:
    """A journal in memory: JSON only, and a process can die at both ends of a write."""

    def __init__(self, clock: Ticks) -> None:
        self.clock = clock
        self.lines: list[str] = []
        self.durable = 0
        self.at: Callable[[str], None] = lambda point: None

    def append(self, kind: str, data: Mapping[str, object], *, is_durable: bool = True) -> Note:
        self.at("before journal")
        now = self.clock.now_ns()
        self.lines.append(json.dumps([now, kind, dict(data)], allow_nan=False))
        if is_durable:
            self.durable = len(self.lines)
        self.at("after journal")
        return Note(len(self.lines), now, kind, data)

    def entries(self) -> Iterator[Note]:
        for seq, line in enumerate(self.lines, 1):
            now, kind, data = json.loads(line)
            yield Note(seq, now, kind, data)

    def lose_power(self) -> None:
        """Lose what was not durable."""
        del self.lines[self.durable :]


@dataclass
class Truth:
    """One order at the venue, whatever anybody believes."""

    order: Order
    permanent: str
    state: str = INFLIGHT
    filled: int = 0
    cancel_wanted: bool = False
    fills: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.state in (INFLIGHT, LIVE)


class Venue:
    """Orders, executions and positions as they are."""

    def __init__(self, baseline: Mapping[str, float] | None = None) -> None:
        self.orders: dict[str, list[Truth]] = {}
        self.executions: dict[str, Fill] = {}
        self.fees: dict[str, Fee] = {}
        self.baseline = dict(baseline or {})
        self.placed: list[str] = []
        self.broken: list[str] = []
        self.n = 0

    def truths(self) -> list[Truth]:
        return [one for many in self.orders.values() for one in many]

    def number(self) -> int:
        self.n += 1
        return self.n

    def positions(self) -> dict[str, float]:
        held = dict(self.baseline)
        for fill in self.executions.values():
            if fill.contract:
                held[fill.contract] = held.get(fill.contract, 0.0) + fill.quantity
        return {name: n for name, n in held.items() if n}

    def cash(self) -> float:
        per_price = {}
        for truth in self.truths():
            for _, contract in truth.order.combo.legs:
                stock = contract.kind == STOCK
                per_price[contract.name] = 1.0 if stock else truth.order.multiplier
        return -sum(
            fill.quantity * fill.price * per_price[fill.contract]
            for fill in self.executions.values()
            if fill.contract
        )

    def fill(self, truth: Truth, lots: int, prices: Mapping[str, float]) -> list[BrokerEvent]:
        """Fill `lots` of an order at its limit or better; return what is said about it."""
        order = truth.order
        truth.filled += lots
        if truth.filled == order.lots:
            truth.state = FILLED
        said: list[BrokerEvent] = []
        number = self.number()
        single = order.is_single
        for leg, (ratio, contract) in enumerate(order.combo.legs):
            quantity = order.quantity(leg) * lots / order.lots
            price = abs(order.limit) if single else prices[contract.name]
            execution = f"{number:05d}.{leg}.01"
            fill = Fill(order.ref, execution, contract.name, quantity, price, 0, truth.permanent)
            said.append(self.execute(truth, fill))
            fee = self.fees[f"{number:05d}.{leg}"] = Fee(execution, FEE * abs(ratio) * lots)
            said.append(fee)
        if not single:
            said.insert(0, Fill(order.ref, f"{number:05d}.9.01", "", lots, order.limit))
        return said

    def execute(self, truth: Truth, fill: Fill) -> Fill:
        stem = fill.execution.rpartition(".")[0]
        self.executions[stem] = fill
        if stem not in truth.fills:
            truth.fills.append(stem)
        return fill

    def status(self, ref: str) -> list[Seen]:
        return [
            Seen(ref, one.filled, one.state == LIVE, one.permanent)
            for one in self.orders.get(ref, ())
            if one.state not in (INFLIGHT, LOST)
        ]

    def fills_of(self, ref: str) -> list[BrokerEvent]:
        stems = [stem for one in self.orders.get(ref, ()) for stem in one.fills]
        fills: list[BrokerEvent] = [self.executions[stem] for stem in stems]
        return fills + [self.fees[stem] for stem in stems if stem in self.fees]

    def evidence(self) -> Evidence:
        return Evidence(
            tuple(seen for ref in self.orders for seen in self.status(ref)),
            tuple(fill for fill in self.executions.values()),
            tuple(self.fees.values()),
            tuple(sorted(self.positions().items())),
            is_beyond_barrier=not any(one.state == INFLIGHT for one in self.truths()),
        )


class Line:
    """The broker of one trader: a connection to the venue, with messages on their way to it."""

    account = "DU1"

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.sink: Sink = lambda event: None
        self.inbox: list[BrokerEvent] = []
        self.asked: list[str] = []
        self.is_up = True
        self.refuses = False
        self.may_send: Callable[[], bool] = lambda: True
        self.at: Callable[[str], None] = lambda point: None

    def is_ready(self) -> bool:
        return self.is_up

    def place(self, order: Order) -> bool:
        venue = self.venue
        self.at("before send")
        if order.ref in venue.placed:
            venue.broken.append(f"{order.ref} was sent twice")
        if not self.may_send():
            venue.broken.append(f"{order.ref} was sent while nothing may be")
        if not self.is_up or self.refuses:
            return False
        venue.placed.append(order.ref)
        truth = Truth(order, f"p{venue.number()}")
        venue.orders.setdefault(order.ref, []).append(truth)
        self.at("after send")
        return True

    def cancel(self, ref: str) -> bool:
        for truth in self.venue.orders.get(ref, ()):
            truth.cancel_wanted = truth.cancel_wanted or self.is_up
        return self.is_up

    def ask(self, ref: str) -> bool:
        if self.is_up:
            self.asked.append(ref)
        return self.is_up

    def request_evidence(self) -> bool:
        if self.is_up:
            self.asked.append("")
        return self.is_up

    def cancel_all(self) -> bool:
        for ref in self.venue.orders:
            self.cancel(ref)
        return self.is_up

    # what the driver lets happen

    def arrive(self, truth: Truth) -> None:
        truth.state = LIVE
        self.say(Acked(truth.order.ref, truth.permanent))

    def end(self, truth: Truth, state: str) -> None:
        truth.state = state
        self.say(Ended(truth.order.ref, truth.filled, state.upper()))

    def fill(self, truth: Truth, lots: int, prices: Mapping[str, float]) -> None:
        for event in self.venue.fill(truth, lots, prices):
            self.say(event)
        if truth.state == FILLED:
            self.say(Ended(truth.order.ref, truth.filled, "FILLED"))

    def answer(self, ref: str) -> None:
        """Answer a question: about an order, or about everything."""
        venue = self.venue
        if not ref:
            self.say(venue.evidence())
            return
        for event in venue.fills_of(ref):
            self.say(event)
        seen = venue.status(ref)
        for one in seen:
            self.say(one)
        if not seen:
            in_flight = any(one.state == INFLIGHT for one in venue.orders.get(ref, ()))
            self.say(Absent(ref, not in_flight))

    def say(self, event: BrokerEvent) -> None:
        if self.is_up:
            self.inbox.append(event)

    def deliver(self) -> bool:
        """Hand the oldest message on; return whether there was one."""
        if not self.inbox:
            return False
        self.sink(self.inbox.pop(0))
        return True

    def run(self, prices: Mapping[str, float], rounds: int = 50) -> None:
        """Let everything happen as it should: orders arrive, cancels work, questions are answered.

        What is marketable fills unless it is to be cancelled.
        """
        for _ in range(rounds):
            if not self.step(prices):
                return

    def step(self, prices: Mapping[str, float], *, fills: bool = True) -> bool:
        moved = self.deliver()
        while self.asked:
            self.answer(self.asked.pop(0))
            moved = True
        for truth in self.venue.truths():
            if truth.state == INFLIGHT:
                self.arrive(truth)
                moved = True
            elif truth.state == LIVE and truth.cancel_wanted:
                self.end(truth, CANCELLED)
                moved = True
            elif truth.state == LIVE and fills:
                self.fill(truth, truth.order.lots - truth.filled, prices)
                moved = True
        return moved
