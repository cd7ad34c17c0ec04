"""What was said of orders, in every order in which it may be said."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from engine.execution.broker import Absent, Acked, BrokerEvent, Ended, Fill, Seen, Warned
from engine.ib.order_table import InquiryAnswer, OrderTable

REF = "parity-a-0.1"


def sent(per_lot: float = 1.0) -> OrderTable:
    table = OrderTable(1)
    table.placed(REF, 5, per_lot)
    return table


def fill(execution: str, quantity: float, contract: str = "") -> Fill:
    return Fill(REF, execution, contract, quantity, 1.0)


def test_all_orders_of_a_trace_end_alike() -> None:
    trace: list[Callable[[OrderTable], list[BrokerEvent]]] = [
        lambda t: t.opened(1, 5, 70, REF, "BAG"),
        lambda t: t.status(1, 5, 70, "PreSubmitted", 0.0),
        lambda t: t.status(1, 5, 70, "Submitted", 1.0),
        lambda t: t.status(1, 5, 70, "Filled", 2.0),
        lambda t: t.opened(1, 5, 70, REF, "BAG"),
        lambda t: t.status(1, 5, 70, "Filled", 2.0),
    ]
    for order in permutations(trace):
        table = sent()
        events = [event for step in order for event in step(table)]
        assert events == [Acked(REF, "70"), Ended(REF, 2, "Filled")], order
        assert table.is_over(REF)
        assert table.live(REF) == []


def test_what_has_ended_does_not_live_again_and_fewer_lots_are_an_echo() -> None:
    table = sent()
    table.status(1, 5, 70, "Cancelled", 2.0)
    assert table.status(1, 5, 70, "Submitted", 2.0) == []
    assert table.status(1, 5, 70, "Cancelled", 1.0) == []
    assert table.echoes == 2
    # A fill that overtook its cancel: more than was known.
    assert table.status(1, 5, 70, "Filled", 3.0) == [Ended(REF, 3, "Filled")]
    assert table.is_over(REF)


def test_two_lives_under_one_reference_both_count() -> None:
    table = sent()
    assert table.opened(1, 5, 70, REF, "BAG") == [Acked(REF, "70")]
    assert table.opened(1, 5, 71, REF, "BAG") == [Acked(REF, "71")]
    assert len(table.live(REF)) == 2
    assert table.status(1, 5, 70, "Filled", 2.0) == []
    assert [life.permanent for life in table.live(REF)] == [71]
    said = InquiryAnswer(opened={71}, completed={70})
    answers = table.answers(REF, said, is_beyond_barrier=True)
    assert answers == [Seen(REF, 2, False, "70"), Seen(REF, 0, True, "71")]
    assert table.status(1, 5, 71, "Cancelled", 1.0) == [Ended(REF, 3, "Cancelled")]
    # And one that shows up when all was over.
    assert table.opened(1, 5, 72, REF, "BAG") == [Acked(REF, "72")]
    assert not table.is_over(REF)
    assert table.live_refs() == [REF]


def test_inactive_is_no_end() -> None:
    table = sent()
    acked, warned = table.status(1, 5, 70, "Inactive", 0.0)
    assert acked == Acked(REF, "70")
    assert isinstance(warned, Warned)
    assert [life.permanent for life in table.live(REF)] == [70]
    assert table.status(1, 5, 70, "Filled", 1.0) == [Ended(REF, 1, "Filled")]


def test_messages_about_an_order_that_is_over_or_not_ours_say_nothing() -> None:
    table = sent()
    assert table.warned(5, 399, "held") == [Warned(REF, 399, "held")]
    assert table.warned(6, 399, "held") == []
    assert table.status(1, 5, 70, "Cancelled", 0.0)[1:] == [Ended(REF, 0, "Cancelled", "held")]
    assert table.warned(5, 202, "cancelled") == []
    assert table.status(1, 9, 99, "Filled", 1.0) == []
    assert table.opened(1, 9, 99, "by hand", "OPT") == []
    # The number 5 of another client is another order.
    assert table.status(2, 5, 88, "Filled", 1.0) == []


def test_absence_is_evidence_beyond_the_barrier_alone() -> None:
    table = sent()
    nothing = InquiryAnswer()
    assert table.answers(REF, nothing, is_beyond_barrier=False) == [Absent(REF, False)]
    assert len(table.live(REF)) == 1
    assert table.answers(REF, nothing, is_beyond_barrier=True) == [Absent(REF, True)]
    assert table.live(REF) == []
    assert table.is_known(REF)
    # An order that was said to be alive and is in no answer any more.
    table = sent()
    table.opened(1, 5, 70, REF, "BAG")
    assert table.answers(REF, nothing, is_beyond_barrier=True) == [Absent(REF, True)]


def test_an_answer_counts_executions_that_no_status_has_told() -> None:
    table = sent()
    table.opened(1, 5, 70, REF, "BAG")
    executions = {
        f.execution: f
        for f in (
            fill("e1.01", 1), fill("e1.02", 2), fill("e2.01", 1), fill("e3.01", 200, "ZETF"),
        )
    }  # fmt: skip
    said = InquiryAnswer(opened={70}, executions=executions)
    assert table.answers(REF, said, is_beyond_barrier=True) == [Seen(REF, 3, True, "70")]
    # In whatever order the correction came.
    backwards = InquiryAnswer(opened={70}, executions=dict(reversed(executions.items())))
    assert table.answers(REF, backwards, is_beyond_barrier=True) == [Seen(REF, 3, True, "70")]
    # Executions alone prove that it was there.
    alone = InquiryAnswer(executions=executions)
    assert sent().answers(REF, alone, is_beyond_barrier=True) == [Seen(REF, 3, False, "")]
    assert table.refs_in(alone) == [REF]


def test_lots_are_lots_of_shares_for_stock_and_of_the_whole_for_a_combo() -> None:
    table = sent(per_lot=100.0)
    table.opened(1, 5, 70, REF, "STK")
    assert table.status(1, 5, 70, "Cancelled", 250.0) == [Ended(REF, 2, "Cancelled")]
    # After a restart: the shares of a combo's leg were heard of before the combo.
    table = OrderTable(1)
    table.executed(REF, 5, 1, "STK")
    table.opened(1, 5, 70, REF, "BAG")
    assert table.status(1, 5, 70, "Filled", 2.0) == [Ended(REF, 2, "Filled")]


def test_numbers_only_rise_and_others_numbers_are_not_ours() -> None:
    table = sent()
    assert table.high_water == 5
    table.opened(1, 8, 70, "by hand", "OPT")
    assert table.high_water == 8
    table.opened(2, 50, 71, "by hand", "OPT")
    table.executed(REF, 60, 2, "OPT")
    assert table.high_water == 8
    table.executed(REF, 9, 1, "OPT")
    assert table.high_water == 9
    table.withdrawn(REF, 5)
    assert not table.is_known(REF)
    assert table.high_water == 9


def test_of_two_lives_each_has_an_answer() -> None:
    table = sent()
    table.opened(1, 5, 70, REF, "BAG")
    table.opened(1, 5, 71, REF, "BAG")
    table.status(1, 5, 70, "Filled", 2.0)
    executions = {
        "e1.01": Fill(REF, "e1.01", "", 2, 1.0, permanent="70"),
        "e2.01": Fill(REF, "e2.01", "", 1, 1.0, permanent="71"),
    }
    said = InquiryAnswer(opened={71}, completed={70}, executions=executions)
    answers = table.answers(REF, said, is_beyond_barrier=True)
    assert answers == [Seen(REF, 2, False, "70"), Seen(REF, 1, True, "71")]
    table.status(1, 5, 71, "Cancelled", 1.0)
    said = InquiryAnswer(completed={70, 71}, executions=executions)
    answers = table.answers(REF, said, is_beyond_barrier=True)
    assert answers == [Seen(REF, 2, False, "70"), Seen(REF, 1, False, "71")]
