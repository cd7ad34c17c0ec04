"""One package as a trader holds it: its plan, the value of its machine, and its orders."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from engine.execution.broker import Absent, Acked, BrokerEvent, Ended, Seen
from engine.execution.days import day_of
from engine.execution.entries import COMBO, Intent, Planned
from engine.execution.fills import Executions
from engine.execution.orders import Order, mirrored
from engine.execution.package import (
    ENDED,
    FINAL,
    HALTED,
    OVER,
    SEND,
    UNKNOWN,
    WORKING,
    Action,
    Leg,
    Machine,
    Package,
)
from engine.execution.plan import single
from engine.market.combo import STOCK


@dataclass(slots=True)
class Sent:
    """An order and what the broker has said about it.

    `permanents` are the broker's own names of what lives under its reference, with filled lots and
    whether each lives; `reported` its filled lots once it is over, -1 before; `counted` the lots
    that its machine knows as filled. `number` counts orders in the order in which they were sent.
    """

    intent: Intent
    permanents: dict[str, tuple[int, bool]] = field(default_factory=dict)
    is_acked: bool = False
    reported: int = -1
    status: str = ""
    reason: str = ""
    counted: int = 0
    number: int = 0
    asks: int = 0
    due_ns: int = 0

    @property
    def order(self) -> Order:
        """The order."""
        return self.intent.order

    @property
    def is_over(self) -> bool:
        """Whether the broker has said that it is over."""
        return self.reported >= 0

    def note(self, event: BrokerEvent) -> bool:
        """Take what was said; return whether that leaves open what is true, so that it is asked.

        An end says nothing certain where two orders live under the reference: the end of each must
        be seen. A lower status that comes late changes nothing.
        """
        if isinstance(event, Acked):
            self.is_acked = True
            if event.permanent:
                self.permanents.setdefault(event.permanent, (0, True))
            return False
        if isinstance(event, Ended):
            self.status, self.reason = event.status, event.reason or self.reason
            if len(self.permanents) > 1:
                return True
            self.reported = max(self.reported, event.filled)
            return False
        if isinstance(event, Seen):
            self._see(event)
            return False
        if isinstance(event, Absent) and event.is_beyond_barrier:
            self.reported = max(self.reported, 0)
        return False

    def _see(self, seen: Seen) -> None:
        self.is_acked = True
        self.permanents[seen.permanent] = (seen.filled, seen.is_live)
        if seen.permanent and "" in self.permanents:
            del self.permanents[""]
        if any(is_live for _, is_live in self.permanents.values()):
            self.reported = -1
        else:
            filled = math.fsum(lots for lots, _ in self.permanents.values())
            self.reported = max(self.reported, round(filled))


def _nobody(trade: Trade) -> None:
    """Tell nobody."""


class Trade:
    """A package: `plan`, the `value` of its `machine`, and every order sent for it.

    `notional_usd` is that of its plan, `began_ns` is when it was planned, `day` the exchange's of
    then, `unhedged_ns` since when it is without its hedge (0 while it has it), both by the wall
    clock; the deadlines are by the monotonic one. `touched` is called with it whenever its value
    changes.
    """

    def __init__(
        self, planned: Planned, began_ns: int, *, completes: bool,
        touched: Callable[[Trade], None] = _nobody,
    ) -> None:  # fmt: skip
        self._touched = touched
        self.id, self.plan, self.style = planned.package, planned.plan, planned.style
        self.deltas, self.loss_usd = planned.deltas, planned.loss_usd
        expiries = (contract.expiry for _, contract in planned.plan.combo.legs)
        self.notional_usd = planned.plan.notional_usd
        self._last_expiry = max((day for day in expiries if day is not None), default=None)
        self.began_ns, self.day = began_ns, day_of(began_ns)
        self.unhedged_ns = 0
        self.unhedged_due_ns = self.window_due_ns = 0
        self.was_forced = self.was_told = False
        self.sent: dict[str, Sent] = {}
        units = self._units()
        grain = math.lcm(*units)
        self.factors = tuple(grain // unit for unit in units)
        self.machine = Machine(completes=completes, grain=grain)
        self.current: list[Sent | None] = [None] * len(units)
        # As it is if it ends here: planned, and no order sent.
        lots = self.plan.lots * grain
        self.value = Package(
            WORKING, False, tuple(Leg(d, 0, 1, lots, FINAL, 0, 0) for d in self.directions)
        )

    @property
    def value(self) -> Package:
        """What its machine knows."""
        return self._value

    @value.setter
    def value(self, value: Package) -> None:
        self._value = value
        self._touched(self)

    @property
    def is_combo(self) -> bool:
        """Whether all its legs are one order."""
        return self.style == COMBO

    @property
    def directions(self) -> tuple[int, ...]:
        """+1 for each of its machine's legs that is bought, -1 sold."""
        if self.is_combo:
            return (1,)
        return tuple(1 if ratio > 0 else -1 for ratio, _ in self.plan.combo.legs)

    @property
    def is_open(self) -> bool:
        """Whether anything may still happen by itself."""
        return self.value.phase < OVER or any(True for _ in self.live())

    @property
    def lots(self) -> int:
        """Whole packages that are held."""
        return min(leg.position for leg in self.value.legs) // self.machine.grain

    @property
    def is_hedged(self) -> bool:
        """Whether what is held is whole packages."""
        held = {leg.position for leg in self.value.legs}
        return len(held) == 1 and next(iter(held)) % self.machine.grain == 0

    def is_settled(self, today: date) -> bool:
        """Whether its last option has expired before `today` and no order of it may live.

        What assignment has left is no longer the package's: the broker's positions tell of it.
        """
        last = self._last_expiry
        return last is not None and last < today and not self.is_open

    @property
    def is_stuck(self) -> bool:
        """Whether its machine has given up."""
        return self.value.phase == HALTED

    def live(self) -> Iterator[Sent]:
        """Yield the orders that may live, or whose executions are not all known."""
        for sent in self.sent.values():
            i = sent.intent.leg
            if self.current[i] is sent:
                if self.value.legs[i].knowledge != FINAL:
                    yield sent
            elif not sent.is_over:
                yield sent

    @property
    def has_stray(self) -> bool:
        """Whether an order before the present one of its leg lives: nothing else is sent then."""
        return any(self.current[sent.intent.leg] is not sent for sent in self.live())

    def next_attempt(self, leg: int) -> int:
        """Return the number of the next order of a leg."""
        return 1 + len([1 for sent in self.sent.values() if sent.intent.leg == leg])

    def order(self, ref: str, account: str, action: Action, limit: float, tif: str) -> Order:
        """Return the order of an action of the machine."""
        _, i, side, lots = action
        plan = self.plan
        if self.is_combo:
            combo = plan.combo if side > 0 else mirrored(plan.combo)
            return Order(ref, account, combo, lots, limit, tif, plan.multiplier)
        combo = single(plan.combo, i)
        multiplier = 1.0 if plan.combo.legs[i][1].kind == STOCK else plan.multiplier
        return Order(
            ref, account, combo if side > 0 else mirrored(combo), lots // self.factors[i], limit,
            tif, multiplier,
        )  # fmt: skip

    def add(self, intent: Intent) -> Sent:
        """Take an order that is about to be sent as the present one of its leg."""
        sent = self.sent[intent.order.ref] = Sent(intent)
        self.current[intent.leg] = sent
        return sent

    def settle(self, sent: Sent, executions: Executions) -> tuple[Action, ...]:
        """Bring the machine to what executions and statuses say of an order; return what to do."""
        machine, i = self.machine, sent.intent.leg
        filled = executions.lots(sent.order) * self.factors[i]
        more, sent.counted = filled - sent.counted, filled
        actions: tuple[Action, ...] = ()
        if self.current[i] is not sent:
            if more:
                side = sent.intent.side
                self.value, actions = machine.surfaced(self.value, i, side * more)
            return actions
        leg = self.value.legs[i]
        if more > 0 and leg.knowledge != FINAL:
            self.value, actions = machine.executed(self.value, i, more)
        elif more:
            self.value, actions = machine.corrected(self.value, i, more)
        leg = self.value.legs[i]
        has_next = any(action[:2] == (SEND, i) for action in actions)
        if sent.reported < 0 or has_next or leg.knowledge == FINAL:
            return actions
        is_whole = executions.has_all(sent.order, sent.reported)
        reported = leg.filled if is_whole else sent.reported * self.factors[i]
        if leg.knowledge == ENDED and leg.reported == reported and not is_whole:
            return actions
        self.value, later = machine.ended(self.value, i, reported)
        return actions + later

    def residual(self, executions: Executions) -> dict[str, float]:
        """Return what is held beside whole packages, by contract, in contracts or shares."""
        held = executions.held(self.sent)
        lots = self.lots
        for ratio, contract in self.plan.combo.legs:
            per_lot = ratio * (self.plan.multiplier if contract.kind == STOCK else 1.0)
            held[contract.name] = held.get(contract.name, 0.0) - per_lot * lots
        return {name: left for name, left in sorted(held.items()) if abs(left) > 1e-6}

    def residual_delta(self, executions: Executions) -> float:
        """Return the delta of the residual, in shares."""
        left = self.residual(executions)
        shares = [
            left.get(contract.name, 0.0)
            * delta
            * (1.0 if contract.kind == STOCK else self.plan.multiplier)
            for (_, contract), delta in zip(self.plan.combo.legs, self.deltas, strict=False)
        ]
        return math.fsum(shares)

    def _units(self) -> list[int]:
        """Return how many of the smallest thing traded each of the machine's legs has a lot."""
        if self.is_combo:
            return [1]
        return [
            abs(ratio) * (round(self.plan.multiplier) if contract.kind == STOCK else 1)
            for ratio, contract in self.plan.combo.legs
        ]


def restored(trade: Trade, executions: Executions, phase: int) -> None:
    """Set a trade's machine to what its orders and executions say; what is not over is UNKNOWN.

    The phase is that of its last entry; its orders and executions may be ahead of it.
    """
    legs = []
    for i, direction in enumerate(trade.directions):
        orders = [one for one in trade.sent.values() if one.intent.leg == i]
        if not orders:
            legs.append(trade.value.legs[i])
            continue
        for sent in orders:
            sent.counted = executions.lots(sent.order) * trade.factors[i]
        *earlier, last = orders
        trade.current[i] = last
        is_final = last.is_over and executions.has_all(last.order, last.reported)
        legs.append(
            Leg(
                direction, sum(one.intent.side * one.counted for one in earlier),
                last.intent.side, last.intent.lots, FINAL if is_final else UNKNOWN,
                filled=last.counted, reported=last.counted if is_final else -1,
                completions=len([1 for one in orders[1:] if one.intent.side > 0]),
                unwinds=len([1 for one in orders if one.intent.side < 0]),
            )
        )  # fmt: skip
    trade.value = trade.machine.reopened(Package(phase, False, tuple(legs)))
