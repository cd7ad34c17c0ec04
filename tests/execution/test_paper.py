"""The broker on paper alone: what it fills at, when, and what that costs."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from engine.clock import NS_PER_SECOND
from engine.execution.broker import (
    Absent,
    Acked,
    BrokerEvent,
    Ended,
    Fee,
    Fill,
    LinkDown,
    LinkUp,
    Warned,
)
from engine.execution.orders import DAY, IOC, Order
from engine.execution.paper import PaperBroker
from engine.execution.paper_quotes import BookQuotes, Quote
from engine.feeds.demo import DemoFeed
from engine.market.book import Book
from engine.market.combo import Combo
from engine.market.contract import OPTION, STOCK, Contract
from engine.market.fees import FREE, FeeSchedule

EXPIRY = date(2026, 3, 20)
CALL = Contract(OPTION, "X", "", EXPIRY, "C", 100.0)
PUT = Contract(OPTION, "X", "", EXPIRY, "P", 100.0)
SHARES = Contract(STOCK, "X", multiplier=1.0)
LATENCY_NS = 1_000_000
NAN = math.nan


class Still:
    """A clock that is set."""

    def __init__(self) -> None:
        self.ns = 0

    def now_ns(self) -> int:
        return self.ns

    def monotonic_ns(self) -> int:
        return self.ns


class Paper:
    """A broker with three quotes that are set by hand."""

    def __init__(self, fees: FeeSchedule = FREE, **said: Any) -> None:
        self.clock = Still()
        self.quotes: dict[str, Quote] = {
            CALL.name: (2.00, 2.10, 10, 10), PUT.name: (1.00, 1.10, 10, 10),
            "X": (100.90, 101.00, 500, 500),
        }  # fmt: skip
        self.events: list[BrokerEvent] = []
        self.broker = PaperBroker(
            "P1", lambda contract: self.quotes[contract.name], self.clock, fees=fees,
            latency_ns=LATENCY_NS, sink=self.events.append, **said,
        )  # fmt: skip
        self.number = 0

    def order(
        self, *legs: tuple[int, Contract], lots: int = 1, limit: float = 1e3, tif: str = DAY
    ) -> Order:
        self.number += 1
        return Order(f"parity-{self.number}-0.1", "P1", Combo("X", legs), lots, limit, tif)

    def send(self, *legs: tuple[int, Contract], **said: Any) -> Order:
        order = self.order(*legs, **said)
        assert self.broker.place(order)
        return order

    def later(self, ms: float = 10.0) -> list[BrokerEvent]:
        """Let time pass and return what was said meanwhile."""
        self.events.clear()
        self.clock.ns += int(ms * 1e6)
        self.broker.advance(self.clock.ns)
        return list(self.events)

    def fills(self, ms: float = 10.0) -> list[tuple[str, float, float]]:
        return [
            (e.contract, e.quantity, e.price) for e in self.later(ms) if isinstance(e, Fill)
        ]  # fmt: skip


CONVERSION = ((-1, CALL), (1, PUT), (1, SHARES))


def test_an_order_arrives_late_and_is_heard_of_later() -> None:
    paper = Paper()
    order = paper.send((1, CALL), lots=2)
    assert paper.later(0.999) == []
    assert paper.later(0.9) == []  # it has arrived
    fill = Fill(order.ref, "P1.00000001.01", CALL.name, 2.0, 2.10, LATENCY_NS, "P1-1")
    assert paper.later(0.2) == [
        Acked(order.ref, "P1-1"), fill, Fee("P1.00000001.01", 0.0), Ended(order.ref, 2, "Filled"),
    ]  # fmt: skip


def test_it_meets_the_quotes_of_when_it_arrives() -> None:
    paper = Paper()
    paper.send((1, CALL), lots=2, limit=2.15)
    paper.quotes[CALL.name] = (2.1, 2.2, 10, 10)
    assert paper.fills() == []
    paper.quotes[CALL.name] = (2.0, 2.12, 10, 10)
    # It has rested: the quote came to it.
    assert paper.fills(0.0) == []
    assert paper.fills() == [(CALL.name, 2.0, 2.15)]


def test_what_was_taken_is_gone_until_the_quote_changes() -> None:
    paper = Paper()
    order = paper.send((1, CALL), lots=15)
    assert paper.fills() == [(CALL.name, 10.0, 2.10)]
    assert paper.fills() == []
    other = paper.send((1, CALL), lots=1, tif=IOC)
    assert paper.later()[-1] == Ended(other.ref, 0, "Cancelled", "immediate or cancel")
    paper.send((-1, CALL), lots=4, limit=-1.0)
    assert paper.fills() == [(CALL.name, -4.0, 2.00)]  # the other side is still there
    paper.quotes[CALL.name] = (2.00, 2.10, 10, 3)
    paper.later(0.0)
    assert paper.fills() == [(CALL.name, 3.0, order.limit)]


def test_a_combo_trades_in_whole_lots_of_its_smallest_leg() -> None:
    paper = Paper()
    paper.quotes["X"] = (100.90, 101.00, 350, 350)
    order = paper.send(*CONVERSION, lots=5, limit=100.20)
    # The net is 100.10, and 350 shares are enough for three lots.
    assert paper.fills() == [
        ("", 3, 100.10), (CALL.name, -3.0, 2.00), (PUT.name, 3.0, 1.10), ("X", 300.0, 101.00),
    ]  # fmt: skip
    assert paper.broker.working() == [order]


@pytest.mark.parametrize(("limit", "is_filled"), [(100.10, True), (100.09, False)])
def test_the_net_of_all_legs_meets_the_limit_or_nothing_trades(
    limit: float, is_filled: bool
) -> None:
    paper = Paper()
    paper.send(*CONVERSION, limit=limit)
    assert bool(paper.fills()) == is_filled


@pytest.mark.parametrize(
    "quote",
    [(0.0, 0.0, 0, 0), (NAN, NAN, 10, 10), (2.0, 2.1, NAN, NAN), (-1.0, -1.0, 10, 10),
     (2.0, math.inf, 10, 10), (2.0, 2.1, 10, 0.4)],
)  # fmt: skip
def test_a_quote_that_is_none_fills_nothing(quote: Quote) -> None:
    paper = Paper()
    paper.quotes[CALL.name] = quote
    paper.send((1, CALL))
    paper.send((1, CALL), (1, PUT))
    assert paper.fills() == []


def test_fees_are_those_of_the_schedule_and_its_minimum_is_paid_once() -> None:
    paper = Paper(FeeSchedule())
    paper.send((1, CALL), lots=11)
    # 0.70 a contract with the exchange's part; the least of an order is 1.00.
    assert [e.amount for e in paper.later() if isinstance(e, Fee)] == [7.0]
    paper.quotes[CALL.name] = (2.00, 2.10, 10, 11)
    paper.later(0.0)
    assert [e.amount for e in paper.later() if isinstance(e, Fee)] == [0.7]
    paper.quotes[PUT.name] = (1.00, 1.10, 10, 1)
    paper.send((1, PUT), lots=2)
    assert [e.amount for e in paper.later() if isinstance(e, Fee)] == [1.0]
    paper.quotes[PUT.name] = (1.00, 1.10, 10, 2)
    paper.later(0.0)
    assert [e.amount for e in paper.later() if isinstance(e, Fee)] == [0.4]
    paper.send((1, SHARES))
    assert [e.amount for e in paper.later() if isinstance(e, Fee)] == [1.0]
    spent = (10 * 2.10 + 1e3 + 1.10 + 1e3) * 100 + 101.0 * 100 + 7.0 + 0.7 + 1.4 + 1.0
    assert paper.broker.books.cash == pytest.approx(1_000_000.0 - spent)


def test_another_broker_goes_on_where_one_has_stopped() -> None:
    paper = Paper(FeeSchedule())
    paper.send(*CONVERSION, lots=2)
    paper.later()
    said = paper.broker.evidence()
    again = Paper(FeeSchedule())
    again.broker.restore(said)
    assert again.broker.evidence()._replace(orders=said.orders) == said
    again.send((1, CALL))
    again.later()
    ids = [fill.execution for fill in again.broker.evidence().executions]
    assert len(set(ids)) == len(ids) == 5
    assert dict(again.broker.evidence().positions) == {CALL.name: -1.0, PUT.name: 2.0, "X": 200.0}


def test_faults_are_told_beforehand() -> None:
    paper = Paper(faults={1: "reject", 2: "lost", 3: "no_ack", 4: "partial", 5: "duplicate"})
    refs = [paper.send((1, CALL), lots=1 + (k == 3), limit=1.0 + 2 * (k > 2)).ref for k in range(5)]
    kinds: dict[str, list[str]] = {ref: [] for ref in refs}
    for event in paper.later():
        if not isinstance(event, Fee):
            kinds[event.ref].append(type(event).__name__)  # type: ignore[union-attr]
    assert list(kinds.values()) == [
        ["Ended"], [], [], ["Acked", "Fill"], ["Acked", "Fill", "Fill", "Ended"],
    ]  # fmt: skip
    assert paper.broker.ask(refs[1])
    assert paper.later() == [Absent(refs[1], True)]


def test_nothing_is_heard_while_the_link_is_down() -> None:
    paper = Paper()
    order = paper.send((1, CALL))
    paper.broker.disconnect("pulled out")
    assert paper.events == [LinkDown("pulled out")]
    assert paper.later() == []
    assert not paper.broker.place(paper.order((1, PUT)))
    assert not paper.broker.cancel(order.ref)
    paper.broker.reconnect()
    assert paper.events == [LinkUp()]
    assert paper.broker.evidence().executions[0].ref == order.ref


def test_a_day_ends_and_what_is_over_cannot_be_cancelled() -> None:
    paper = Paper()
    order = paper.send((1, CALL), limit=1.0)
    paper.later()
    paper.broker.close_day()
    assert paper.later() == [Ended(order.ref, 0, "Cancelled", "the session is over")]
    assert paper.broker.cancel(order.ref)
    assert paper.later() == [Warned(order.ref, 10148, "the order is over")]


def test_a_book_is_quoted_by_contract_and_a_halt_stops_it() -> None:
    (loaded,) = DemoFeed(0, ["ZETF"], compact=True).chains("ZETF")
    chain = loaded.chain
    book = Book.of(chain)
    quotes = BookQuotes(lambda symbol: book if symbol == "ZETF" else None)
    for q in range(0, book.listing.n_quotes, 7):
        contract = book.listing.contract(q)
        assert quotes(contract) == (book.bid[q], book.ask[q], book.bid_size[q], book.ask_size[q])
    side = book.underlying
    stock = Contract(STOCK, "ZETF", multiplier=1.0)
    assert quotes(stock) == (side.bid, side.ask, side.bid_size, side.ask_size)
    assert quotes(CALL) == (0.0, 0.0, 0.0, 0.0)
    later = book.relisted(book.listing.after(chain.expiries[0].settles_ns + NS_PER_SECOND))
    gone, book = book.listing.contract(0), later
    assert quotes(gone) == (0.0, 0.0, 0.0, 0.0)
    assert quotes(book.listing.contract(0))[0] == book.bid[0]
    book.is_halted = True
    assert quotes(stock) == (0.0, 0.0, 0.0, 0.0)


def test_orders_that_are_over_are_forgotten_in_the_end_and_those_alive_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.execution.paper._MOST_KEPT", 20)
    paper = Paper(FeeSchedule())
    resting = paper.send((1, CALL), limit=0.5)
    first = paper.send((1, CALL), (-1, PUT), limit=1.2)
    paper.later()
    cash, least = 0.0, 10**9
    for k in range(200):
        paper.quotes[CALL.name] = (2.00, 2.10 + 0.01 * (k % 2), 10, 10)
        paper.quotes[PUT.name] = (1.00 - 0.01 * (k % 2), 1.10, 10, 10)
        last = paper.send((1, CALL), (-1, PUT), limit=1.2)
        paper.later()
        evidence = paper.broker.evidence()
        least = min(least, len(evidence.executions))
        cash = evidence.cash or 0.0
    evidence = paper.broker.evidence()
    refs = {seen.ref for seen in evidence.orders}
    assert resting.ref in refs
    assert last.ref in refs
    assert first.ref not in refs
    assert len(refs) <= 20
    assert {fill.ref for fill in evidence.executions} <= refs
    assert len(evidence.executions) <= 60
    known = {fill.execution for fill in evidence.executions if fill.contract}
    assert {fee.execution for fee in evidence.fees} == known
    assert len(paper.broker.books._due) <= 40
    # What was held and paid is not forgotten with them.
    assert dict(evidence.positions) == {CALL.name: 201.0, PUT.name: -201.0}
    assert cash < 1_000_000.0 - 200 * 100.0
    permanents = [seen.permanent for seen in evidence.orders]
    assert len(set(permanents)) == len(permanents)
