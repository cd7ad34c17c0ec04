"""The order desk: client orders by id, what the exchange says of them, and who is told.

Orders belong to a client id, not to a connection: they live on when it drops, and a client that
comes back with the same id finds them. Everything about an order is told to the session of its
client, and to client 0 where that has asked for all (autoOpenOrders).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.gateway import faults as faults_of
from engine.gateway.account import Execution
from engine.gateway.charges import charge
from engine.gateway.errors import (
    DUPLICATE_ORDER,
    FILLED_ORDER,
    NO_SUCH_ORDER,
    NOT_CANCELLABLE,
    ORDER_CANCELLED,
    REJECTED,
    TIF_SET,
    VALIDATION,
    RequestError,
)
from engine.gateway.faults import Rule
from engine.gateway.fields import Fields
from engine.gateway.listing import BAG_CON_ID, Contract
from engine.gateway.order import (
    CANCELLED,
    FILLED,
    PENDING_CANCEL,
    Margins,
    Order,
    Placed,
    completed_order,
    open_order,
)

if TYPE_CHECKING:
    from engine.gateway.gateway import Gateway
    from engine.gateway.session import Session

_FIRST_PERM_ID = 1_376_327_500
# Room under an open tiny fraction: what a fault leaves of an order is at least one.
_LEAST = 1


class Desk:
    """Orders of all clients and accounts."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.orders: dict[tuple[int, int], list[Order]] = {}
        self.every: list[Order] = []
        self.next_id: dict[int, int] = {}
        # Of faults, by permId: the most that may be filled, states held back, orders not told of.
        self._caps: dict[int, int] = {}
        self._held: dict[int, list[tuple[Session, list[tuple[object, ...]]]]] = {}
        self._mute: list[int] = []

    # in

    def place(self, session: Session, fields: Fields) -> None:
        """Place, change or try out an order."""
        gateway = self.gateway
        placed = Placed.read(fields, session.version)
        gateway.acceptance.now_ns = gateway.market.now_ns
        legs = gateway.acceptance.legs_of(placed)
        account = placed.account or next(iter(gateway.accounts))
        if account not in gateway.accounts:
            raise RequestError(
                VALIDATION, f"Invalid account code {account[:20]!r}", placed.order_id
            )
        key = (session.client_id, placed.order_id)
        if placed.is_what_if:
            self._try_out(session, placed, legs, account)
            return
        if key in self.orders:
            self._change(self._latest(key), placed, legs)
            return
        self._check_margin(placed, legs, account)
        following = max(self.next_id.get(session.client_id, 1), placed.order_id + 1)
        self.next_id[session.client_id] = following
        rules = gateway.faults.hit(faults_of.PLACE, session.client_id)
        order = self._order(session.client_id, placed, legs, account)
        if self._refused(session, order, rules):
            return
        self._take(order)
        for rule in rules:
            self._prepare(order, rule)
        gateway.exchange.place(order)
        for rule in rules:
            if rule.kind == "warn":
                text = rule.text or "Order TIF was set to DAY based on order preset."
                session.error(placed.order_id, rule.code or TIF_SET, text)
            elif rule.kind == "second_order":
                twin = self._order(session.client_id, placed, legs, account)
                self._take(twin)
                gateway.exchange.place(twin)
        self._release(order)

    def _take(self, order: Order) -> None:
        self.every.append(order)
        self.orders.setdefault((order.client_id, order.placed.order_id), []).append(order)

    def _latest(self, key: tuple[int, int]) -> Order:
        """Return a live order of this id, or else the last one."""
        known = self.orders[key]
        return next((order for order in known if not order.is_final), known[-1])

    def _order(
        self, client_id: int, placed: Placed, legs: tuple[tuple[int, int], ...], account: str
    ) -> Order:
        perm_id = _FIRST_PERM_ID + len(self.every) + 1
        sequence = self.gateway.exchange.next_sequence()
        return Order(client_id, perm_id, account, placed, legs, sequence)

    def _refused(self, session: Session, order: Order, rules: Sequence[Rule]) -> bool:
        for rule in rules:
            if rule.kind == "reject":
                text = rule.text or "Order rejected - reason: by the script of this gateway"
                session.error(order.placed.order_id, rule.code or REJECTED, text)
                return True
            if rule.kind == "swallow":
                return True
        return False

    def _prepare(self, order: Order, rule: Rule) -> None:
        if rule.kind == "partial":
            least = max(_LEAST, int(rule.fraction * order.placed.quantity))
            self._caps[order.perm_id] = least
        elif rule.kind == "small_size":
            self._caps[order.perm_id] = -max(_LEAST, int(rule.fraction * order.placed.quantity))
        elif rule.kind == "gap":
            symbol = self.gateway.listing.instruments[order.legs[0][0]].symbol
            self.gateway.mishaps.jump(symbol, rule.fraction)
        elif rule.kind == "exec_first":
            self._held[order.perm_id] = []
        elif rule.kind == "no_ack":
            self._mute.append(order.perm_id)

    def _change(self, order: Order, placed: Placed, legs: tuple[tuple[int, int], ...]) -> None:
        if order.status == FILLED:
            raise RequestError(FILLED_ORDER, "Cannot modify a filled order.", placed.order_id)
        if order.is_final or legs != order.legs or placed.side != order.placed.side:
            raise RequestError(DUPLICATE_ORDER, "Duplicate order id", placed.order_id)
        self.gateway.exchange.change(order, placed, legs)

    def _check_margin(
        self, placed: Placed, legs: tuple[tuple[int, int], ...], account: str
    ) -> None:
        _, after, equity = self._margins(placed, legs, account)
        if after > equity:
            text = (
                "Order rejected - reason: YOUR ORDER IS NOT ACCEPTED. YOUR EQUITY WITH LOAN VALUE "
                f"[{equity:.2f} USD] MUST EXCEED THE INITIAL MARGIN [{after:.2f} USD]"
            )
            raise RequestError(REJECTED, text, placed.order_id)

    def _margins(
        self, placed: Placed, legs: tuple[tuple[int, int], ...], account: str
    ) -> tuple[float, float, float]:
        exchange = self.gateway.exchange
        extra = {index: placed.side * ratio * placed.quantity for index, ratio in legs}
        cash = 0.0
        for index, quantity in extra.items():
            row = self.gateway.listing.instruments[index]
            cash -= quantity * exchange.middle(index) * row.multiplier
        books = self.gateway.accounts[account]
        initial, _, equity = books.margins(exchange.middle, extra, cash)
        return cash, initial, equity

    def _try_out(
        self, session: Session, placed: Placed, legs: tuple[tuple[int, int], ...], account: str
    ) -> None:
        exchange = self.gateway.exchange
        books = self.gateway.accounts[account]
        before = books.margins(exchange.middle)
        cash, _, _ = self._margins(placed, legs, account)
        extra = {index: placed.side * ratio * placed.quantity for index, ratio in legs}
        after = books.margins(exchange.middle, extra, cash)
        fee = 0.0
        order = self._order(session.client_id, placed, legs, account)
        for index, quantity in extra.items():
            row = self.gateway.listing.instruments[index]
            fee += charge(exchange.fees, order, row, abs(quantity), exchange.middle(index))
        session.send(
            *open_order(order, self.contract(order), session.version, Margins(before, after, fee))
        )

    def cancel(self, session: Session, order_id: int) -> None:
        """Cancel an order of this client."""
        key = (session.client_id, order_id)
        if key not in self.orders:
            text = f"OrderId {order_id} that needs to be cancelled is not found."
            raise RequestError(NO_SUCH_ORDER, text, order_id)
        order = self._latest(key)
        if order.is_final:
            text = f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: "
            raise RequestError(NOT_CANCELLABLE, text + order.status + ".", order_id)
        for rule in self.gateway.faults.hit(faults_of.CANCEL, session.client_id):
            if rule.kind == "fill_after_cancel":
                self._fill_then_cancel(order, rule)
                return
        self.gateway.exchange.finish(order, "")

    def cancel_all(self) -> None:
        """Cancel every live order of every client."""
        for order in list(self.every):
            if not order.is_final:
                self.gateway.exchange.finish(order, "")

    def close_day(self, symbols: Sequence[str]) -> None:
        """Cancel day orders in `symbols`: their market has closed."""
        for order in list(self.every):
            symbol = self.gateway.listing.instruments[order.legs[0][0]].symbol
            if not order.is_final and order.placed.tif == "DAY" and symbol in symbols:
                self.gateway.exchange.finish(order, "")

    def _fill_then_cancel(self, order: Order, rule: Rule) -> None:
        order.status = PENDING_CANCEL
        self.changed(order)

        def fill() -> None:
            if not order.is_final:
                self.gateway.exchange.force(order)
            if not order.is_final:
                self.gateway.exchange.finish(order, "")

        self.gateway.later(rule.seconds, fill)

    # what the exchange says

    def allowed(self, order: Order, quantity: int) -> int:
        """Return how much may be filled now, as faults will have it."""
        cap = self._caps.get(order.perm_id)
        if cap is None:
            return quantity
        if cap < 0:
            self._caps.pop(order.perm_id)  # what was displayed is gone, more may come
            return min(quantity, -cap)
        return min(quantity, cap - order.filled)

    def changed(self, order: Order) -> None:
        """Tell that an order's state is another."""
        if order.is_final and not order.finished:
            order.finished = self.gateway.stamp_text() + " UTC"
        self._tell_state(order)
        if order.status == CANCELLED:
            text = "Order Canceled - reason:" + order.why
            for session in self.sessions_for(order):
                session.error(order.placed.order_id, ORDER_CANCELLED, text)

    def executed(self, order: Order, executions: Sequence[Execution]) -> None:
        """Tell what an order has traded."""
        gateway = self.gateway
        if order.is_final and not order.finished:
            order.finished = gateway.stamp_text() + " UTC"
        kinds = {rule.kind: rule for rule in gateway.faults.hit(faults_of.FILL, order.client_id)}
        if order.perm_id in self._mute:
            self._mute.remove(order.perm_id)
        for execution in executions:
            self._tell_execution(order, execution)
        self._release(order)
        for _ in range(2 if "dup_status" in kinds else 1):
            self._tell_state(order)
        late = kinds.get("late_commission")
        for execution in executions:
            if execution.instrument >= 0:
                if late:
                    gateway.later(late.seconds, self._commission_later(order, execution))
                else:
                    self._tell_commission(order, execution)
                gateway.tape.traded(execution)
        gateway.books.moved(order.account, [e.instrument for e in executions])
        for kind in ("correction", "bust"):
            if kind in kinds:
                rule = kinds[kind]
                gateway.later(rule.seconds, self._correct_later(order, executions[-1], rule))

    def _commission_later(self, order: Order, execution: Execution) -> Callable[[], None]:
        return lambda: self._tell_commission(order, execution)

    def _correct_later(self, order: Order, execution: Execution, rule: Rule) -> Callable[[], None]:
        return lambda: self.correct(order, execution, rule)

    def correct(self, order: Order, execution: Execution, rule: Rule) -> None:
        """Replace an execution by another: at another price, or by none."""
        account = self.gateway.accounts[order.account]
        execution = account.latest(execution)
        if not execution.quantity:
            return
        is_bust = rule.kind == "bust"
        tick = 0.01 * max(1, round(abs(rule.fraction) * 10.0))
        price = execution.price if is_bust else round(execution.price + tick, 2)
        quantity = 0 if is_bust else execution.quantity
        new = account.correct(execution, quantity, price)
        self._tell_execution(order, new)
        self._tell_commission(order, replace(new, commission=0.0) if is_bust else new)
        self.gateway.books.moved(order.account, [execution.instrument])

    # who is told

    def sessions_for(self, order: Order) -> list[Session]:
        """Return the sessions that hear of `order`: its client's, and client 0 if it binds all."""
        found = []
        for client_id, session in self.gateway.clients.items():
            if client_id == order.client_id or (client_id == 0 and session.auto_bind):
                found.append(session)
        return found

    def _tell_state(self, order: Order) -> None:
        if order.perm_id in self._mute and not order.is_final:
            return
        held = self._held.get(order.perm_id)
        for session in self.sessions_for(order):
            messages = self._state(session, order)
            if held is not None:
                held.append((session, messages))
            else:
                for message in messages:
                    session.send(*message)

    def _state(self, session: Session, order: Order) -> list[tuple[object, ...]]:
        opened = open_order(order, self.contract(order), session.version, None)
        return [tuple(opened), order.status_fields()]

    def _release(self, order: Order) -> None:
        """Say what was held back behind an execution."""
        for session, messages in self._held.pop(order.perm_id, ()):
            for message in messages:
                session.send(*message)

    def _tell_execution(self, order: Order, execution: Execution) -> None:
        for session in self.sessions_for(order):
            self.send_execution(session, -1, execution)

    def _tell_commission(self, order: Order, execution: Execution) -> None:
        for session in self.sessions_for(order):
            send_commission(session, execution)

    def contract(self, order: Order) -> Contract:
        """Return the contract of an order as the gateway shows it."""
        listing = self.gateway.listing
        if not order.placed.is_combo:
            return listing.contracts[order.legs[0][0]]
        symbol = listing.instruments[order.legs[0][0]].symbol
        asked = order.placed.contract
        return Contract(
            con_id=BAG_CON_ID, symbol=symbol, sec_type="BAG", exchange=asked.exchange or "SMART",
            currency="USD", local_symbol=str(BAG_CON_ID), trading_class="COMB", legs=asked.legs,
        )  # fmt: skip

    def send_execution(self, session: Session, req_id: int, execution: Execution) -> None:
        """Send execDetails."""
        gateway = self.gateway
        if execution.instrument >= 0:
            contract = gateway.listing.contracts[execution.instrument]
        else:
            order = next(o for o in self.every if o.perm_id == execution.perm_id)
            contract = self.contract(order)
        zone = " UTC" if session.version >= 174 else ""
        fields: list[object] = [
            11, req_id, execution.order_id, *contract.short(), execution.exec_id,
            gateway.stamp_text(execution.ts_ns, "  " if not zone else " ") + zone,
            execution.account, "SMART" if execution.instrument < 0 else "CBOE",
            "BOT" if execution.side > 0 else "SLD", execution.quantity, execution.price,
            execution.perm_id, execution.client_id, 0, execution.total,
            round(execution.average, 8), execution.ref, "", "", "", 2,
        ]  # fmt: skip
        if session.version >= 178:
            fields.append(0)
        session.send(*fields)

    # asked for

    def send_open(self, session: Session, *, everybody: bool) -> None:
        """Send the live orders of this client, or of all of them, and the end."""
        for order in self.every:
            is_own = order.client_id == session.client_id
            if not order.is_final and (everybody or is_own):
                for message in self._state(session, order):
                    session.send(*message)
        session.send(53, 1)

    def send_completed(self, session: Session) -> None:
        """Send the orders that are over, and the end."""
        for order in self.every:
            if order.is_final:
                session.send(*completed_order(order, self.contract(order), session.version))
        session.send(102)


def send_commission(session: Session, execution: Execution) -> None:
    """Send commissionReport."""
    realized = execution.realized if execution.realized == execution.realized else math.inf
    commission = execution.commission
    session.send(59, 1, execution.exec_id, commission, "USD", realized, math.inf, "")
