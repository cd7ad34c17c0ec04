"""One round of questions to the broker, and what it has answered so far.

Open orders of everybody, completed orders and executions are asked for together, in this order, and
for evidence positions and cash too. It is whole when the end of each has come. All of it passes one
connection, which keeps the order of messages: so an order that was sent before and is in none of
the answers is not at the broker.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from engine.execution.broker import Fee
from engine.ib.order_table import InquiryAnswer

OPEN, COMPLETED, EXECUTIONS, POSITIONS, CASH = (
    "open orders", "completed orders", "executions", "positions", "cash",
)  # fmt: skip
_CASH_TAG = "TotalCashValue"
MOST_MESSAGES = 7


@dataclass(eq=False, slots=True)
class Inquiry:
    """What is asked, of whom it is, and what has come.

    `refs` are the orders that somebody asked about, `placed` those that were sent after the
    questions; `is_asked_for` whether somebody wants evidence, `is_first` whether the connection is
    READY by it. `is_clear` turns False when the answer proves nothing about what is not in it.
    """

    refs: tuple[str, ...]
    is_evidence: bool
    is_asked_for: bool
    is_first: bool = False
    req_id: int = -1
    summary_id: int = -1
    waits_for: list[str] = field(default_factory=list)
    answer: InquiryAnswer = field(default_factory=InquiryAnswer)
    fees: dict[str, Fee] = field(default_factory=dict)
    positions: dict[str, float] = field(default_factory=dict)
    placed: dict[str, None] = field(default_factory=dict)
    cash: float = math.nan
    is_clear: bool = True

    def send(self, client: Any, account: str) -> None:
        """Send the questions."""
        from ib_async.objects import ExecutionFilter

        self.waits_for = [OPEN, COMPLETED, EXECUTIONS]
        self.req_id = client.getReqId()
        client.reqAllOpenOrders()
        client.reqCompletedOrders(False)
        client.reqExecutions(self.req_id, ExecutionFilter(acctCode=account))
        if self.is_evidence:
            self.waits_for += [POSITIONS, CASH]
            self.summary_id = client.getReqId()
            client.reqPositions()
            client.reqAccountSummary(self.summary_id, "All", _CASH_TAG)

    def ended(self, part: str) -> bool:
        """Take the end of a part; return whether that was the last one."""
        if part not in self.waits_for:
            return False
        self.waits_for.remove(part)
        return not self.waits_for

    def void(self) -> None:
        """Let the answers come, and tell them to nobody."""
        self.refs = ()
        self.is_asked_for = self.is_first = self.is_clear = False

    def proves(self, ref: str) -> bool:
        """Tell whether an order does not exist if it is in none of the answers."""
        return self.is_clear and ref not in self.placed

    def summed(self, tag: str, value: str) -> None:
        """Take a value of the account."""
        if tag == _CASH_TAG:
            try:
                self.cash = float(value)
            except ValueError:
                self.cash = math.nan

    def unsubscribe(self, client: Any) -> None:
        """Take back what would go on being told."""
        if self.is_evidence:
            client.cancelAccountSummary(self.summary_id)
            client.cancelPositions()
