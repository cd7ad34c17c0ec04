"""What a journal tells, against sums done by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from story_journal import CONVERSION, Writer, a_day, a_plan

from engine.live.story import Story
from engine.session.journal import read_journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_a_complete_package_is_its_edge_less_what_was_paid_above(path: Path) -> None:
    a_day(path)
    story = Story.of(path)
    package = next(iter(story.packages.values()))
    assert (package.phase, package.is_open, len(package.orders)) == ("COMPLETE", False, 1)
    money = story.money(package)
    assert (money.held, money.lots, money.is_whole, money.n_unpaid) == (2, 2, True, 0)
    # Paid 101 - 4 + 2.51 a share instead of 99.5: one cent on 200 shares; fees 7.5 instead of 6.
    assert money.paid == pytest.approx(99.51)
    assert money.slippage == pytest.approx(2.0)
    assert money.fees_more == pytest.approx(1.5)
    assert money.locked == pytest.approx(40.0 - 2.0 - 1.5)
    # The same by the definition: cash, fees, and what the position is worth at worst.
    worst = 40.0 + 99.5 * 200.0 + 6.0
    assert money.locked == pytest.approx(-99.51 * 200.0 - 7.5 + worst)
    assert package.proof is not None
    assert story.orders[package.refs[0]].state == "FILLED"


def test_money_is_kept_until_something_new_is_known(path: Path) -> None:
    a_day(path)
    story, seen = Story(), set()
    for entry in read_journal(path):
        story.take(entry)
        for package in story.packages.values():
            seen.add(repr(story.money(package)))
            assert repr(story.money(package)) == repr(story._money_of(package))
    assert len(seen) > 4


def test_what_was_unwound_is_what_it_cost(path: Path) -> None:
    a_day(path)
    story = Story.of(path)
    package = list(story.packages.values())[1]
    money = story.money(package)
    # Bought at 99.5, sold at 100.9 - 4.1 + 2.4 = 99.2, twice three dollars of fees.
    assert money.locked == pytest.approx((99.2 - 99.5) * 100.0 - 6.0)
    assert (money.held, money.unfilled, money.detected) == (0, 20.0, 20.0)
    assert money.locked == pytest.approx(
        money.detected - money.unfilled - money.slippage - money.fees_more
    )


def test_what_still_works_is_open_and_earns_nothing_yet(path: Path) -> None:
    a_day(path)
    story = Story.of(path)
    package = list(story.packages.values())[2]
    order = package.orders[0]
    assert (package.phase, package.is_open) == ("WORKING", True)
    assert (order.state, order.is_open, order.permanent) == ("ACKED", True, "1376327501")
    money = story.money(package)
    assert (money.held, money.locked, money.slippage) == (0, 0.0, 0.0)


def test_executions_told_twice_and_corrected_count_once(path: Path) -> None:
    writer = Writer(path)
    package = writer.plan(a_plan())
    ref = writer.intent(package, a_plan())
    writer.fill(ref, 2, (101.0, 4.0, 2.5), 6.0)
    writer.n_fills = 0
    writer.fill(ref, 2, (101.0, 4.0, 2.5), 6.0)
    writer.close()
    story = Story.of(path)
    assert story.money(story.packages[package]).locked == pytest.approx(40.0)
    assert story.executions.positions() == {"XYZ": 200.0, CONVERSION.legs[1][1].name: -2.0,
                                            CONVERSION.legs[2][1].name: 2.0}  # fmt: skip


def test_legs_in_unequal_number_are_not_whole(path: Path) -> None:
    writer = Writer(path)
    package = writer.plan(a_plan())
    ref = writer.intent(package, a_plan())
    writer.fill(ref, 1, (101.0, 4.0, 2.5), 3.0)
    from engine.execution.broker import Fill

    writer.event(Fill(ref, "y1.01", "XYZ", 100.0, 101.0))
    writer.close()
    story = Story.of(path)
    money = story.money(story.packages[package])
    assert (money.held, money.is_whole) == (1, False)
    # 100 shares too many, bought at the price of the plan: neither lost nor earned.
    assert money.slippage == pytest.approx(0.0, abs=1e-9)
    assert story.orders[ref].state == "PARTIAL"


def test_a_call_that_was_sold_alone_is_no_profit(path: Path) -> None:
    writer = Writer(path)
    package = writer.plan(a_plan())
    ref = writer.intent(package, a_plan())
    from engine.execution.broker import Fee, Fill

    call = CONVERSION.legs[1][1].name
    writer.event(Fill(ref, "y1.01", call, -2.0, 3.95))
    writer.event(Fee("y1.01", 1.5))
    writer.phase(package, "HALTED")
    writer.close()
    story = Story.of(path)
    money = story.money(story.packages[package])
    assert (money.held, money.is_whole) == (0, False)
    # Sold 5 cents below the plan, 200 shares, and the fee: nothing else is certain.
    assert money.locked == pytest.approx(-10.0 - 1.5)
    assert money.locked == pytest.approx(
        money.detected - money.unfilled - money.slippage - money.fees_more
    )


def test_refusals_halts_and_strangers(path: Path) -> None:
    writer = Writer(path)
    writer.start()
    writer.refused("stale-quote", "size")
    writer.refused("size")
    writer.halt("fire")
    for kind, data in (
        ("plan", {}), ("intent", {"order": 3}), ("event", {"event": "Fill"}), ("phase", {}),
        ("refused", {"refusals": 3}), ("no-such-kind", {}), ("reconciled", {"differences": [[1]]}),
    ):  # fmt: skip
        writer.journal.append(kind, data)
    writer.close()
    story = Story.of(path)
    assert story.refusals == {"size": 2, "stale-quote": 1}
    assert story.halted == "fire"
    assert len([text for _, text in story.notes if "unclear" in text]) == 4
    assert story.packages == {}
    again = Writer(path)
    again.journal.append("resume", {"reason": "looked"})
    again.close()
    assert Story.of(path).halted == ""
