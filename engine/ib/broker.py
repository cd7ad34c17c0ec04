"""The broker that is reached through TWS or IB Gateway: orders out, what is said of them in.

Two connections. Orders, cancels and questions about them have one of their own, which carries
nothing else, so that nothing queues before an order. The other, under its own client id, is idle
until everything is to be cancelled.

* An order is sent only while the order connection is READY, nothing is queued on it and nothing
  would be; otherwise `place` returns False and nothing has happened.
* An order is known by its reference. Its number comes from a counter that never goes back, whatever
  the gateway says after a restart.
* An error about an order is `Warned`: only a status, or the answer to a question, is an end.
* READY comes after one whole round of questions on the connection as it is now.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from random import Random

from engine.clock import SYSTEM, Clock
from engine.errors import NotPermittedError
from engine.execution.broker import BrokerEvent, LinkDown, LinkUp, Sink
from engine.execution.orders import PREFIX, Order
from engine.ib.codes import Code
from engine.ib.connection import Hooks, Link, LinkSettings
from engine.ib.heard import Heard
from engine.ib.inquiry import MOST_MESSAGES, Inquiry
from engine.ib.kill import KillSwitch, pull_by
from engine.ib.order_table import OrderTable
from engine.ib.orders import COMBO_TICK, Contracts, ImpossibleOrderError, to_ib
from engine.ib.other_clients import OtherClients
from engine.ib.reception import Reception
from engine.ib.states import Signal, State
from engine.ib.what_if import WhatIf

# Messages a second that an order leaves for cancels and heartbeats, and questions for orders too.
_RESERVED = 6
_RESERVED_FOR_ORDERS = 16
_INQUIRY_TIMEOUT_S = 5.0
_INQUIRY_PAUSE_S = 0.1
_LEFTOVERS_AFTER_S = 0.25
_FUNDS, _CURRENCY = "AvailableFunds", "USD"
_CONNECTED = (State.RECONCILING, State.READY)


def _ignore(said: object) -> None:
    """Take what nobody listens to."""


def _one_cent(order: Order) -> float:
    """Return the tick of combos; nobody has said another."""
    return COMBO_TICK


class IbBroker:
    """`engine.execution.broker.Broker` over ib_async; events come on the running loop.

    Parameters
    ----------
    settings
        Of the order connection; `kill_client_id` is the other's.
    contracts
        conIds of what is traded; options may bring theirs as `exchange_id`.
    tick_of
        Return the tick that an order's limit is rounded down to.
    failure
        Takes what our own code raises on an event.

    Attributes
    ----------
    link, kill
        The order connection, and the switch with its own.
    refusal
        Why the last order was not sent.
    failed
        What our own code has raised on an event, "" if nothing: from then on no order is sent, as
        nobody knows what was not heard. Cancels and questions go on. `forgive` takes it back.
    rival
        The client id of another engine that trades the account too, 0 if none is known of.
    """

    def __init__(
        self,
        account: str,
        settings: LinkSettings,
        kill_client_id: int,
        contracts: Contracts,
        *,
        sink: Sink = _ignore,
        clock: Clock = SYSTEM,
        random: Random | None = None,
        tick_of: Callable[[Order], float] = _one_cent,
        failure: Callable[[BaseException], None] = _ignore,
        alert: Callable[[str], None] = _ignore,
    ) -> None:
        if kill_client_id == settings.client_id:
            raise ValueError(f"client id {kill_client_id} is that of the orders: give another one")
        self.account = account
        self.sink = sink
        self.table = OrderTable(settings.client_id)
        self.refusal = ""
        self.failed = ""
        self.n_failures = self.rival = 0
        self._contracts = contracts
        self._failure, self._alert = failure, alert
        self._tick_of = tick_of
        hooks = Hooks(
            state=self._on_state, code=self._on_code, reconcile=self._reconcile,
            alert=alert, failure=self._failed,
        )  # fmt: skip
        self.link = Link(settings, hooks, clock=clock, random=random)
        idle = replace(settings, client_id=kill_client_id, is_for_quotes=True)
        self.kill = KillSwitch(idle, clock, random, Hooks(alert=alert, failure=self._failed))
        self.others = OtherClients(
            settings, clock, random, taken=self._on_rival, failure=self._failed
        )
        self._reception = Reception(account, contracts, self.table, self._emit, self._whole)
        self._heard = Heard(self.link.ib, self._reception, self._failed)
        self._is_told_up = False
        self._asked: dict[str, None] = {}
        self._wants_evidence = self._wants_first = False
        self._timer: asyncio.TimerHandle | None = None
        self._leftovers: asyncio.TimerHandle | None = None
        self._answered: asyncio.Future[None] | None = None

    # life

    def start(self) -> None:
        """Begin to connect; return at once."""
        self.link.start()
        self.kill.start()

    async def stop(self) -> None:
        """Hang up both connections; orders stay as they are, and nothing more is told."""
        self.sink = _ignore
        for timer in (self._timer, self._leftovers):
            if timer is not None:
                timer.cancel()
        await self.link.stop()
        await self.kill.stop()
        await self.others.stop()

    # the requests

    def is_ready(self) -> bool:
        """Tell whether an order given now would be sent now."""
        return not self._obstacle() and self.link.is_ready and self._has_room(1 + _RESERVED)

    def place(self, order: Order) -> bool:
        """Send an order; False if it was certainly not sent, and `refusal` says why."""
        if not self.is_ready():
            state = f"the order connection is {self.link.state.value}"
            self.refusal = self._obstacle() or state
            return False
        if order.account != self.account:
            self.refusal = f"order {order.ref}: it is for account {order.account[:20]!r}"
            return False
        if self.table.is_known(order.ref) or not order.ref.startswith(PREFIX):
            self.refusal = f"order {order.ref}: its reference was used before, or is not ours"
            return False
        try:
            contract, ib_order = to_ib(order, self._contracts, self._tick_of(order))
        except ImpossibleOrderError as error:
            self.refusal = str(error)
            return False
        client = self.link.ib.client
        order_id = self._next_id()
        per_lot = float(ib_order.totalQuantity) / order.lots
        self.table.placed(order.ref, order_id, per_lot)
        try:
            client.placeOrder(order_id, contract, ib_order)
        except OSError as error:
            self.table.withdrawn(order.ref, order_id)
            self.refusal = f"order {order.ref}: {error}"
            return False
        if self._reception.inquiry is not None:
            self._reception.inquiry.placed[order.ref] = None
        return True

    def cancel(self, ref: str) -> bool:
        """Ask to cancel every order that lives under `ref`; False if that was not sent."""
        lives = [life for life in self.table.live(ref) if life.order_id > 0]
        if not lives or not self._is_open():
            return False
        is_sent = True
        try:
            for life in lives:
                if life.client_id == self.table.client_id:
                    self.link.ib.client.cancelOrder(life.order_id)
                else:
                    is_sent = self.others.cancel(life.client_id, life.order_id) and is_sent
        except OSError:
            return False
        return is_sent

    def ask(self, ref: str) -> bool:
        """Ask what became of an order."""
        if not self._is_open():
            return False
        self._asked[ref] = None
        self._pump()
        return True

    def request_evidence(self) -> bool:
        """Ask for everything."""
        if not self._is_open():
            return False
        self._wants_evidence = True
        self._pump()
        return True

    def cancel_all(self) -> bool:
        """Cancel every open order of the account by the idle connection; then what is left.

        It goes out on the order connection too, past what is queued there: of a connection that is
        dead and does not know it yet, nobody else would hear.
        """
        is_sent = self.kill.pull()
        is_sent = pull_by(self.link.ib) or is_sent
        loop = asyncio.get_running_loop()
        if self._leftovers is not None:
            self._leftovers.cancel()
        self._leftovers = loop.call_later(_LEFTOVERS_AFTER_S, self._cancel_leftovers)
        return is_sent

    def forgive(self) -> None:
        """Take orders again: a person has looked.

        After an error of our own a session begins anew, so that everything is heard again.
        """
        was_failed, self.failed, self.rival = bool(self.failed), "", 0
        if was_failed and self.link.is_up:
            self.link.give_up("begun anew after an error of our own")

    async def what_if(self, order: Order, timeout_s: float = 5.0) -> WhatIf:
        """Ask what an order would do to the margins; it is not placed."""
        if not self.is_ready():
            reason = self._obstacle() or f"the order connection is {self.link.state.value}"
            return WhatIf(refusal=reason)
        try:
            contract, ib_order = to_ib(order, self._contracts, self._tick_of(order))
        except ImpossibleOrderError as error:
            return WhatIf(refusal=str(error))
        ib_order.whatIf = True
        order_id = self._next_id()
        future: asyncio.Future[WhatIf] = asyncio.get_running_loop().create_future()
        self._reception.what_ifs[order_id] = future
        try:
            self.link.ib.client.placeOrder(order_id, contract, ib_order)
            return await asyncio.wait_for(future, timeout_s)
        except asyncio.TimeoutError:
            return WhatIf(refusal=f"no answer within {timeout_s:g} s")
        except OSError as error:
            return WhatIf(refusal=f"not sent: {error}")
        finally:
            self._reception.what_ifs.pop(order_id, None)

    def available_usd(self) -> float:
        """Return what the account can still use as margin; nan until it is told, in dollars."""
        told = self.link.ib.wrapper.accountValues.get((self.account, _FUNDS, _CURRENCY, ""))
        try:
            return float(told.value) if told is not None else math.nan
        except ValueError:
            return math.nan

    # connection

    def _obstacle(self) -> str:
        """Return why no order is sent though the connection may be good, "" if nothing is."""
        if self.rival or self.kill.is_taken:
            return "another engine trades this account"
        return self.failed

    def _is_open(self) -> bool:
        """Tell whether requests can go out now."""
        transport = self.link.ib.client.conn.transport
        return (
            self.link.state in _CONNECTED and transport is not None and not transport.is_closing()
        )

    def _has_room(self, n: int) -> bool:
        """Tell whether `n` messages would go out at once, none of them queued by the library."""
        if not self._is_open():
            return False
        client = self.link.ib.client
        since = asyncio.get_running_loop().time() - client.RequestsInterval
        recent = 0
        for sent in reversed(client._timeQ):
            if sent < since:
                break
            recent += 1
        return not client._msgQ and recent + n <= client.MaxRequests

    def _next_id(self) -> int:
        self.link.keep_ids_above(self.table.high_water)
        order_id = int(self.link.ib.client.getReqId())
        self.link.keep_ids_above(order_id)
        self.table.high_water = max(self.table.high_water, order_id)
        return order_id

    def _on_state(self, before: State, after: State, signal: Signal) -> None:
        if self._is_told_up and (after not in _CONNECTED or before is State.READY):
            self._say_down(self.link.last_error or signal.value)
        if after is State.DOWN:
            self._reception.inquiry = None
            for future in self._reception.what_ifs.values():
                if not future.done():
                    future.set_result(WhatIf(refusal="the connection was lost"))

    def _say_down(self, reason: str) -> None:
        self._is_told_up = False
        self._asked.clear()
        self._wants_evidence = False
        if self._reception.inquiry is not None:
            # Its answers are still on their way on this connection: nobody waits for them now.
            self._reception.inquiry.void()
        self._emit(LinkDown(reason))

    async def _reconcile(self) -> None:
        """Say that the link is up, and ask everything once before it may be READY."""
        if self._is_told_up:
            self._say_down("restored again")
        self._answered = asyncio.get_running_loop().create_future()
        self._wants_first = True
        self._is_told_up = True
        self._emit(LinkUp())
        self._pump()
        await self._answered

    def _on_code(self, about: int, code: Code, text: str) -> None:
        self._reception.on_code(about, code, text)

    def _cancel_leftovers(self) -> None:
        for ref in self.table.live_refs():
            self.cancel(ref)

    # questions

    def _pump(self) -> None:
        """Begin a round of questions if there is something to ask and none is under way."""
        if self._reception.inquiry is not None or not self._is_open():
            return
        if not (self._wants_first or self._asked or self._wants_evidence):
            return
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
        if not self._has_room(MOST_MESSAGES + _RESERVED_FOR_ORDERS):
            self._timer = loop.call_later(_INQUIRY_PAUSE_S, self._pump)
            return
        inquiry = Inquiry(
            tuple(self._asked), self._wants_first or self._wants_evidence, self._wants_evidence,
            self._wants_first,
        )  # fmt: skip
        self._asked.clear()
        self._wants_evidence = self._wants_first = False
        self._reception.inquiry = inquiry
        self._timer = loop.call_later(_INQUIRY_TIMEOUT_S, self._overdue, inquiry)
        self.link.keep_ids_above(self.table.high_water)
        try:
            inquiry.send(self.link.ib.client, self.account)
        except OSError:
            self._reception.inquiry = None  # the loss of the connection follows

    def _overdue(self, inquiry: Inquiry) -> None:
        if inquiry is self._reception.inquiry:
            # Ends that come later could not be told from those of the next round.
            self.link.last_error = f"no end of {', '.join(inquiry.waits_for)}"
            self.link.signal(Signal.DEAD)

    def _whole(self, inquiry: Inquiry) -> None:
        """Take a round of questions whose last answer has come."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            inquiry.unsubscribe(self.link.ib.client)
        except OSError:
            return  # the loss of the connection follows
        self.link.keep_ids_above(self.table.high_water)
        if inquiry.is_first and self.link.state is State.RECONCILING:
            # Before anybody hears of it: who hears that all is well may send an order at once.
            self.link.signal(Signal.RECONCILED)
        self._reception.answer(inquiry)
        if inquiry.is_first and self._answered is not None and not self._answered.done():
            self._answered.set_result(None)
        self._pump()

    # out

    def _emit(self, event: BrokerEvent) -> None:
        try:
            self.sink(event)
        except Exception as error:  # whatever it is, trading on would be blind
            self._failed(error)

    def _on_rival(self, client_id: int) -> None:
        """Take note that orders of ours live under an id that is in use: its engine lives too."""
        self.rival = client_id
        text = f"another engine trades account {self.account} under client id {client_id}"
        self._alert(text)
        self._failure(NotPermittedError(text))

    def _failed(self, error: BaseException) -> None:
        self.n_failures += 1
        words = " ".join(str(error).split())[:200]
        self.failed = self.failed or f"stopped by an error of our own: {words or repr(error)}"
        self._failure(error)
