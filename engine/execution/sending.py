"""Doing what a machine asks for: intents durable first, then orders, cancels and questions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.clock import Clock
from engine.execution import budget
from engine.execution.broker import Broker, Ended
from engine.execution.correction_checks import Correction, Corrections, no_limits
from engine.execution.entries import (
    EVENT,
    INTENT,
    SENT,
    Intent,
    Log,
    event_data,
    intent_data,
    order_ref,
)
from engine.execution.orders import Plan
from engine.execution.package import (
    ASK,
    CANCEL,
    CANCELLING,
    ENDED,
    FINAL,
    MOST_UNWINDS,
    SEND,
    Action,
)
from engine.execution.package import SENT as IS_SENT
from engine.execution.plan import leg_of
from engine.execution.rules import Rules, ns
from engine.execution.state import State
from engine.execution.trade import Sent, Trade
from engine.market.combo import STOCK
from engine.scoring.tickets import CENT, round_down

NOT_SENT = "NOT SENT"
_MOST_BACKOFF = 5


class Sender:
    """Sends for a trader. `corrections` judges what completes or unwinds before it is sent."""

    def __init__(
        self, state: State, broker: Broker, log: Log, clock: Clock, rules: Rules,
        quotes: budget.Quotes,
    ) -> None:  # fmt: skip
        self._state, self._broker, self._log, self._clock = state, broker, log, clock
        self._rules, self._quotes = rules, quotes
        self.corrections: Corrections = no_limits

    def act(self, trade: Trade, actions: Sequence[Action]) -> list[Sent]:
        """Do `actions`; return the orders that were certainly not sent, noted as over.

        All intents are durable before the first order goes.
        """
        sends = [action for action in actions if action[0] == SEND]
        orders = self._intend(trade, sends) if sends else []
        for kind, i, _, _ in actions:
            sent = trade.current[i]
            if kind == CANCEL and sent is not None:
                self.cancel(sent)
            elif kind == ASK and sent is not None:
                self.ask(trade, sent)
        return [sent for sent in orders if not self._place(trade, sent)]

    def cancel(self, sent: Sent) -> None:
        """Ask to cancel everything under an order's reference."""
        self._broker.cancel(sent.order.ref)
        sent.asks = 0
        self._wait(sent, self._rules.cancel_s)

    def ask(self, trade: Trade, sent: Sent) -> None:
        """Ask what became of an order, and wait longer each time for the answer."""
        self._broker.ask(sent.order.ref)
        sent.asks += 1
        self._wait(sent, self._rules.ack_s * 2.0 ** min(sent.asks, _MOST_BACKOFF))

    def overdue(self, trade: Trade, now_ns: int) -> list[Sent]:
        """Return the orders of which something should have been heard by now."""
        late = []
        for sent in trade.live():
            i = sent.intent.leg
            knowledge = trade.value.legs[i].knowledge if trade.current[i] is sent else CANCELLING
            if knowledge in (IS_SENT, CANCELLING, ENDED) and now_ns >= sent.due_ns:
                late.append(sent)
        return late

    def _intend(self, trade: Trade, sends: Sequence[Action]) -> list[Sent]:
        intents = self._intents(trade, sends)
        orders = []
        for number, intent in enumerate(intents, 1):
            entry = self._log.append(INTENT, intent_data(intent), is_durable=number == len(intents))
            orders.append(self._state.add(intent, entry.ts_ns))
        self._state.reopen(trade)
        return orders

    def _intents(self, trade: Trade, sends: Sequence[Action]) -> list[Intent]:
        state, rules = self._state, self._rules
        is_first = not trade.sent
        left = trade.loss_usd - budget.spent(trade, state.executions)
        intents = []
        for action in sends:
            _, leg, side, lots = action
            attempt = trade.next_attempt(leg)
            ref = order_ref(trade.id, leg, attempt)
            limit = first_limit(trade, leg) if is_first else 0.0
            order = trade.order(ref, self._broker.account, action, limit, rules.tif)
            if is_first:
                intent = Intent(order, trade.id, leg, attempt, side, lots, math.nan)
            else:
                is_last = side < 0 and trade.value.legs[leg].unwinds >= MOST_UNWINDS
                intent = budget.intent_of(
                    trade, order, leg, side, lots, left / len(sends), self._quotes,
                    state.executions, is_last=is_last,
                )  # fmt: skip
            intents.append(intent)
        return intents

    def _place(self, trade: Trade, sent: Sent) -> bool:
        sent.due_ns = self._clock.monotonic_ns() + ns(self._rules.ack_s)
        refused = "" if is_first(sent) else self._refused(trade, sent)
        is_sent = not refused and self._broker.place(sent.order)
        self._log.append(SENT, {"ref": sent.order.ref, "is_sent": is_sent}, is_durable=False)
        if not is_sent:
            event = Ended(sent.order.ref, 0, NOT_SENT, refused)
            self._log.append(EVENT, event_data(event), is_durable=False)
            sent.note(event)
        return is_sent

    def _refused(self, trade: Trade, sent: Sent) -> str:
        """Return why an order that completes or unwinds is not sent, "" if it may be."""
        order, is_unwind = sent.order, sent.intent.side < 0
        held = wanted = 0.0
        touch = math.nan
        if order.is_single:
            ratio, contract = order.combo.legs[0]
            held = self._state.executions.held(trade.sent).get(contract.name, 0.0)
            planned, _ = trade.plan.combo.legs[sent.intent.leg]
            per_lot = trade.plan.multiplier if contract.kind == STOCK else 1.0
            wanted = planned * trade.plan.lots * per_lot
            touch = self._quotes(contract, 1 if ratio > 0 else -1)
        now_ns = self._clock.now_ns()
        one = Correction(order, self._broker.account, is_unwind, held, wanted, touch)
        said = self.corrections(one, self._state.exposure(now_ns, 0.0), now_ns)
        return "; ".join(f"{code}: {text}" for code, text in said)

    def _wait(self, sent: Sent, seconds: float) -> None:
        sent.due_ns = self._clock.monotonic_ns() + ns(seconds)


def is_first(sent: Sent) -> bool:
    """Tell whether an order is one that its package began with."""
    return sent.intent.attempt == 1 and sent.intent.side > 0


def first_limit(trade: Trade, leg: int) -> float:
    """Return the limit of the first order of a leg.

    A package as one order has that of its plan. Where each leg is an order, what the plan's limit
    leaves above the touch is shared equally among the shares, so that all of them together pay no
    more than it.
    """
    plan = trade.plan
    if trade.is_combo:
        return plan.limit
    seen = leg_of(plan, leg)
    room = max(0.0, plan.limit - plan.touch) / shares(plan)
    return round_down(seen.side * seen.price + room, CENT)


def shares(plan: Plan) -> float:
    """Return how many ratios all legs of a plan have."""
    return math.fsum(abs(ratio) for ratio, _ in plan.combo.legs)


def is_final(trade: Trade, sent: Sent) -> bool:
    """Tell whether an order is known whole: it is over, and all its executions are known."""
    i = sent.intent.leg
    return sent.is_over and (trade.current[i] is not sent or trade.value.legs[i].knowledge == FINAL)
