"""What was heard, put in the words of `engine.execution.broker`: events, and answers to questions.

It keeps the round of questions that is under way, and which executions and fees were handed on. A
live execution is always handed on; one that comes in answer to a question of ours with the whole
answer, if it is news; what the library asks for at the start of a session is in that answer too.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from ib_async.contract import Contract as IbContract
from ib_async.objects import CommissionReport, Execution
from ib_async.order import Order as IbOrder
from ib_async.order import OrderState

from engine.clock import to_ns
from engine.execution.broker import BrokerEvent, Evidence, Fee, Fill, Seen
from engine.execution.orders import PREFIX
from engine.ib.codes import Code, Kind
from engine.ib.inquiry import CASH, COMPLETED, EXECUTIONS, OPEN, POSITIONS, Inquiry
from engine.ib.order_table import OrderTable
from engine.ib.orders import Contracts
from engine.ib.what_if import WhatIf, read_what_if

_LIVE = -1  # the request id of what nobody has asked for
_REFUSALS = (Kind.ORDER_REFUSED, Kind.NO_CONTRACT)
_MOST_TOLD = 50_000
_MOST_EARLY = 1_000
_UNSET = 1e300
_V = TypeVar("_V")


class Reception:
    """Takes what `Heard` hears. `emit` takes events, `whole` a round whose last answer has come."""

    def __init__(
        self,
        account: str,
        contracts: Contracts,
        table: OrderTable,
        emit: Callable[[BrokerEvent], None],
        whole: Callable[[Inquiry], None],
    ) -> None:
        self.account = account
        self.contracts = contracts
        self.table = table
        self.inquiry: Inquiry | None = None
        self.what_ifs: dict[int, Future[WhatIf]] = {}
        self._emit = emit
        self._whole = whole
        self._told: dict[str, None] = {}
        self._told_fees: dict[str, float] = {}
        self._early: dict[str, Fee] = {}

    # orders

    def on_open_order(
        self, order_id: int, contract: IbContract, order: IbOrder, state: OrderState
    ) -> None:
        """Take an open order, or the answer to a what-if."""
        if order.whatIf:
            self._try_out(order_id, read_what_if(state))
            return
        if order.account not in ("", self.account):
            return
        inquiry = self.inquiry
        if inquiry is not None and OPEN in inquiry.waits_for:
            is_ours = order.orderRef.startswith(PREFIX)
            (inquiry.answer.opened if is_ours else inquiry.answer.foreign).add(order.permId)
        self._emit_all(
            self.table.opened(
                order.clientId, order_id, order.permId, order.orderRef, contract.secType
            )
        )

    def on_open_end(self) -> None:
        """Take the end of the open orders."""
        self._ended(OPEN)

    def on_status(
        self, order_id: int, status: str, filled: float, permanent: int, client_id: int
    ) -> None:
        """Take the status of an order."""
        self._emit_all(self.table.status(client_id, order_id, permanent, status, filled))

    def on_completed(self, contract: IbContract, order: IbOrder, state: OrderState) -> None:
        """Take an order that is over."""
        if order.account not in ("", self.account) or not order.orderRef.startswith(PREFIX):
            return
        filled = float(order.filledQuantity)
        self.table.completed(
            order.permId, order.orderRef, contract.secType, state.status,
            filled if filled < _UNSET else 0.0,
        )  # fmt: skip
        if self.inquiry is not None:
            self.inquiry.answer.completed.add(order.permId)

    def on_completed_end(self) -> None:
        """Take the end of the completed orders."""
        self._ended(COMPLETED)

    def on_code(self, about: int, code: Code, text: str) -> None:
        """Take an error or a message about an order or a request of ours."""
        if about in self.what_ifs:
            self._try_out(about, WhatIf(refusal=f"{code.number}: {text}", is_said=True))
            return
        inquiry = self.inquiry
        if inquiry is not None and about in (inquiry.req_id, inquiry.summary_id):
            part = EXECUTIONS if about == inquiry.req_id else CASH
            inquiry.is_clear = inquiry.is_clear and part == CASH
            self._ended(part)
        elif about > 0:
            is_refusal = code.kind in _REFUSALS
            self._emit_all(self.table.warned(about, code.number, text, is_refusal=is_refusal))

    def _try_out(self, order_id: int, answer: WhatIf | None) -> None:
        future = self.what_ifs.get(order_id)
        if answer is not None and future is not None and not future.done():
            future.set_result(answer)

    # executions

    def on_execution(self, req_id: int, contract: IbContract, execution: Execution) -> None:
        """Take an execution."""
        ref = execution.orderRef or self.table.ref_of_permanent(execution.permId)
        if execution.acctNumber != self.account or not ref.startswith(PREFIX):
            return
        side = 1.0 if execution.side == "BOT" else -1.0
        fill = Fill(
            ref, execution.execId, self.contracts.name(contract), side * execution.shares,
            execution.price, to_ns(execution.time), str(execution.permId),
        )  # fmt: skip
        self.table.executed(ref, execution.orderId, execution.clientId, contract.secType)
        if self.inquiry is not None:
            self.inquiry.answer.executions[fill.execution] = fill
        if req_id == _LIVE:
            self._tell_fill(fill)

    def on_executions_end(self, req_id: int) -> None:
        """Take the end of the executions asked for."""
        if self.inquiry is not None and req_id == self.inquiry.req_id:
            self._ended(EXECUTIONS)

    def on_commission(self, report: CommissionReport) -> None:
        """Take what an execution cost; it may come before the execution, and again."""
        fee = Fee(report.execId, report.commission, report.currency)
        inquiry = self.inquiry
        if inquiry is not None and fee.execution in inquiry.answer.executions:
            inquiry.fees[fee.execution] = fee
        if fee.execution in self._told:
            if self._told_fees.get(fee.execution) != fee.amount:
                self._tell_fee(fee)
        elif len(self._early) < _MOST_EARLY:
            self._early[fee.execution] = fee

    # the account

    def on_position(self, account: str, contract: IbContract, quantity: float) -> None:
        """Take a position."""
        if self.inquiry is not None and account == self.account:
            name = self.contracts.name(contract)
            if quantity:
                self.inquiry.positions[name] = quantity
            else:
                self.inquiry.positions.pop(name, None)

    def on_positions_end(self) -> None:
        """Take the end of the positions."""
        self._ended(POSITIONS)

    def on_summary(self, req_id: int, account: str, tag: str, value: str) -> None:
        """Take a value of the account."""
        inquiry = self.inquiry
        if inquiry is not None and req_id == inquiry.summary_id and account == self.account:
            inquiry.summed(tag, value)

    def on_summary_end(self, req_id: int) -> None:
        """Take the end of the account's values."""
        if self.inquiry is not None and req_id == self.inquiry.summary_id:
            self._ended(CASH)

    # answers

    def _ended(self, part: str) -> None:
        inquiry = self.inquiry
        if inquiry is not None and inquiry.ended(part):
            self.inquiry = None
            self._whole(inquiry)

    def answer(self, inquiry: Inquiry) -> None:
        """Hand on what a whole round has brought: first news of executions, then the answers."""
        said = inquiry.answer
        if inquiry.refs:
            self._tell_news(inquiry)
        for ref in inquiry.refs:
            proves = inquiry.proves(ref)
            self._emit_all(self.table.answers(ref, said, is_beyond_barrier=proves))
        if inquiry.is_asked_for:
            for execution in said.executions:
                self._told[execution] = None
                if execution in inquiry.fees:
                    self._told_fees[execution] = inquiry.fees[execution].amount
            self._emit(self._evidence(inquiry))
        self._prune()

    def _evidence(self, inquiry: Inquiry) -> Evidence:
        said, table = inquiry.answer, self.table
        answers = (
            answer
            for ref in table.refs_in(said)
            for answer in table.answers(ref, said, is_beyond_barrier=inquiry.proves(ref))
        )
        return Evidence(
            tuple(answer for answer in answers if isinstance(answer, Seen)),
            tuple(said.executions.values()),
            tuple(inquiry.fees.values()),
            tuple((name, inquiry.positions[name]) for name in sorted(inquiry.positions)),
            len(said.foreign),
            inquiry.is_clear and not inquiry.placed,
            inquiry.cash if inquiry.cash == inquiry.cash else None,
        )

    def _tell_news(self, inquiry: Inquiry) -> None:
        for fill in inquiry.answer.executions.values():
            if fill.execution not in self._told:
                self._tell_fill(fill)
        for fee in inquiry.fees.values():
            if self._told_fees.get(fee.execution) != fee.amount:
                self._tell_fee(fee)

    def _tell_fill(self, fill: Fill) -> None:
        self._told[fill.execution] = None
        self._prune()
        self._emit(fill)
        early = self._early.pop(fill.execution, None)
        if early is not None:
            self._tell_fee(early)

    def _tell_fee(self, fee: Fee) -> None:
        self._told_fees[fee.execution] = fee.amount
        self._emit(fee)

    def _emit_all(self, events: Iterable[BrokerEvent]) -> None:
        for event in events:
            self._emit(event)

    def _prune(self) -> None:
        """Forget the oldest ids, so that memory stays flat over weeks: brokers tell of one day."""
        _forget_oldest(self._told, _MOST_TOLD)
        _forget_oldest(self._told_fees, _MOST_TOLD)
        _forget_oldest(self._early, _MOST_EARLY // 2)


def _forget_oldest(known: dict[str, _V], most: int) -> None:
    if len(known) > most:
        for key in list(islice(known, len(known) - most // 2)):
            del known[key]
