"""What is made of what was heard: whose it is, what is news, and when it is handed on."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from ib_async.contract import Contract
from ib_async.objects import CommissionReport, Execution
from ib_async.order import Order, OrderState

from engine.execution.broker import Absent, Acked, Ended, Evidence, Fee, Fill, Seen
from engine.ib.codes import code_of
from engine.ib.inquiry import Inquiry
from engine.ib.order_table import OrderTable
from engine.ib.orders import Contracts
from engine.ib.reception import Reception
from engine.ib.what_if import read_what_if

REF = "parity-a-0.1"
AT = datetime(2026, 3, 4, 15, 0, 0, tzinfo=timezone.utc)
CALL = Contract(secType="OPT", symbol="X", lastTradeDateOrContractMonth="20260320", right="C",
                strike=100.0, tradingClass="X")  # fmt: skip
NAME = "X260320C100"


class Silent:
    """A client whose requests go nowhere."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._id = 100

    def getReqId(self) -> int:
        self._id += 1
        return self._id

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.asked.append(name)


class Desk:
    def __init__(self) -> None:
        self.events: list[Any] = []
        self.whole: list[Inquiry] = []
        self.table = OrderTable(1)
        self.it = Reception("DU1", Contracts(), self.table, self.events.append, self.whole.append)

    def begin(self, *refs: str, evidence: bool = False) -> Inquiry:
        inquiry = Inquiry(refs, evidence, evidence)
        inquiry.send(Silent(), "DU1")
        self.it.inquiry = inquiry
        return inquiry

    def opened(self, ref: str, permanent: int, account: str = "DU1") -> None:
        order = Order(orderRef=ref, permId=permanent, clientId=1, account=account)
        self.it.on_open_order(5, CALL, order, OrderState())

    def executed(self, execution: str, req_id: int = -1, **said: Any) -> None:
        values: dict[str, Any] = {
            "execId": execution, "orderRef": REF, "acctNumber": "DU1", "side": "BOT",
            "shares": 2.0, "price": 1.5, "permId": 70, "orderId": 5, "clientId": 1, "time": AT,
        }  # fmt: skip
        self.it.on_execution(req_id, CALL, Execution(**(values | said)))

    def end(self, inquiry: Inquiry) -> None:
        it = self.it
        it.on_open_end()
        it.on_completed_end()
        it.on_executions_end(inquiry.req_id)
        if inquiry.is_evidence:
            it.on_positions_end()
            it.on_summary_end(inquiry.summary_id)

    def take(self) -> list[Any]:
        events, self.events[:] = list(self.events), []
        return events


def test_an_execution_is_told_in_our_words() -> None:
    desk = Desk()
    desk.executed("e1.01", side="SLD")
    ts_ns = 1_772_636_400_000_000_000
    assert desk.take() == [Fill(REF, "e1.01", NAME, -2.0, 1.5, ts_ns, "70")]


def test_what_is_of_another_account_or_of_nobody_we_know_is_not_ours() -> None:
    desk = Desk()
    inquiry = desk.begin(evidence=True)
    desk.opened(REF, 70)
    desk.opened("by hand", 71)
    desk.opened("by hand", 72, account="DU2")
    desk.opened("parity-b-0.1", 73, account="DU2")
    desk.executed("e1.01", acctNumber="DU2")
    desk.executed("e2.01", orderRef="by hand", permId=71)
    desk.it.on_position("DU1", CALL, 2.0)
    desk.it.on_position("DU2", CALL, 7.0)
    desk.it.on_summary(inquiry.summary_id, "DU1", "TotalCashValue", "12.5")
    desk.it.on_summary(inquiry.summary_id, "DU2", "TotalCashValue", "99")
    desk.it.on_summary(7, "DU1", "TotalCashValue", "98")
    desk.it.on_summary(inquiry.summary_id, "DU1", "NetLiquidation", "97")
    desk.end(inquiry)
    assert desk.whole == [inquiry]
    desk.it.answer(inquiry)
    assert desk.take() == [
        Acked(REF, "70"),
        Evidence((Seen(REF, 0, True, "70"),), (), (), ((NAME, 2.0),), 1, True, 12.5),
    ]


def test_an_execution_without_a_reference_is_known_by_its_order() -> None:
    desk = Desk()
    desk.opened(REF, 70)
    desk.take()
    desk.executed("e1.01", orderRef="")
    assert [event.ref for event in desk.take()] == [REF]


def test_a_live_execution_is_told_at_once_and_again_one_that_was_asked_for_only_if_it_is_news() -> (
    None
):
    desk = Desk()
    desk.executed("e1.01")
    desk.executed("e1.01")
    assert len(desk.take()) == 2
    inquiry = desk.begin(REF)
    desk.executed("e1.01", req_id=inquiry.req_id)
    desk.executed("e2.01", req_id=inquiry.req_id)
    assert desk.take() == []
    desk.executed("e3.01")
    assert [event.execution for event in desk.take()] == ["e3.01"]
    desk.end(inquiry)
    desk.it.answer(inquiry)
    told = desk.take()
    assert [type(event) for event in told] == [Fill, Seen]
    assert told[0].execution == "e2.01"
    assert told[1].filled == 6
    # Of a question that the library has asked: news or not, the answer to ours has it.
    desk.executed("e2.01", req_id=44)
    desk.executed("e4.01", req_id=44)
    assert desk.take() == []


def test_a_commission_is_told_once_for_each_amount_whenever_it_comes() -> None:
    desk = Desk()
    early = CommissionReport("e1.01", 0.7, "USD")
    desk.it.on_commission(early)
    assert desk.take() == []
    desk.executed("e1.01")
    assert desk.take()[1:] == [Fee("e1.01", 0.7)]
    desk.it.on_commission(early)
    assert desk.take() == []
    desk.it.on_commission(CommissionReport("e1.01", 0.8, "USD"))
    assert desk.take() == [Fee("e1.01", 0.8)]
    inquiry = desk.begin(REF)
    desk.executed("e2.01", req_id=inquiry.req_id)
    desk.it.on_commission(CommissionReport("e2.01", 0.9, "USD"))
    assert desk.take() == []
    desk.end(inquiry)
    desk.it.answer(inquiry)
    assert [type(event) for event in desk.take()] == [Fill, Fee, Seen]


def test_a_completed_order_has_neither_number_nor_client() -> None:
    desk = Desk()
    inquiry = desk.begin(REF, "parity-b-0.1")
    done = Order(orderRef=REF, permId=70, account="DU1", filledQuantity=3.0)
    desk.it.on_completed(CALL, done, OrderState(status="Filled"))
    desk.it.on_completed(CALL, Order(orderRef=REF, permId=71, account="DU2"), OrderState())
    desk.end(inquiry)
    desk.it.answer(inquiry)
    assert desk.take() == [Seen(REF, 3, False, "70"), Absent("parity-b-0.1", True)]


def test_a_round_that_is_refused_proves_nothing() -> None:
    desk = Desk()
    inquiry = desk.begin(REF)
    desk.it.on_open_end()
    desk.it.on_completed_end()
    desk.it.on_code(inquiry.req_id, code_of(321), "not now")
    assert desk.whole == [inquiry]
    desk.it.answer(inquiry)
    assert desk.take() == [Absent(REF, False)]
    # Without cash it is whole.
    inquiry = desk.begin(evidence=True)
    desk.it.on_code(inquiry.summary_id, code_of(321), "not now")
    for end in (desk.it.on_open_end, desk.it.on_completed_end, desk.it.on_positions_end):
        end()
    desk.it.on_executions_end(inquiry.req_id)
    desk.it.answer(inquiry)
    (evidence,) = desk.take()
    assert evidence.is_beyond_barrier
    assert evidence.cash is None


def test_a_void_round_is_told_to_nobody() -> None:
    desk = Desk()
    inquiry = desk.begin(REF, evidence=True)
    inquiry.void()
    desk.executed("e1.01", req_id=inquiry.req_id)
    desk.end(inquiry)
    desk.it.answer(inquiry)
    assert desk.take() == []


def test_what_was_sent_after_the_questions_is_not_absent() -> None:
    desk = Desk()
    inquiry = desk.begin(REF, "parity-b-0.1", evidence=True)
    inquiry.placed[REF] = None
    desk.end(inquiry)
    desk.it.answer(inquiry)
    first, second, evidence = desk.take()
    assert (first, second) == (Absent(REF, False), Absent("parity-b-0.1", True))
    assert not evidence.is_beyond_barrier


def test_the_end_of_an_order_is_told_with_what_was_said_of_it() -> None:
    desk = Desk()
    desk.table.placed(REF, 5, 1.0)
    desk.it.on_code(5, code_of(201), "margin")
    desk.it.on_status(5, "Cancelled", 0.0, 70, 1)
    assert desk.take()[1:] == [Acked(REF, "70"), Ended(REF, 0, "Cancelled", "margin")]


def test_a_state_without_a_margin_is_no_answer() -> None:
    assert read_what_if(OrderState()) is None
    assert read_what_if(OrderState(initMarginChange="1.7976931348623157E308")) is None
    answer = read_what_if(
        OrderState(initMarginChange="10.5", maintMarginChange="x", commission=1.2)
    )
    assert answer is not None
    assert (answer.initial, answer.commission, answer.refusal) == (10.5, 1.2, "")
    assert answer.maintenance != answer.maintenance
