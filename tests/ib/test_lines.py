"""Which contracts get a line: the budget holds, near an edge comes first, everybody has a turn."""

from __future__ import annotations

from array import array
from datetime import date
from random import Random

import pytest

from engine.ib.lines import UNDERLYING, Bounds, LineBudget
from engine.market.book import Book
from engine.market.chain import Expiry
from engine.market.listing import Listing

EXPIRY = Expiry(2_000_000_000_000_000_000, date(2033, 5, 18))


def book_of(n_rows: int, symbol: str = "Z") -> Book:
    book = Book(Listing.of_rows(symbol, [(EXPIRY, 50.0 + k) for k in range(n_rows)]))
    for quote in range(book.listing.n_quotes):
        book.set(quote, 1.0, 1.1, 5.0, 5.0, 1)
    return book


def bounds_of(book: Book, gap: float = 1.0) -> Bounds:
    """Return bounds that every quote is `gap` away from."""
    return array("d", [b + gap for b in book.bid]), array("d", [a - gap for a in book.ask])


def rows_of(lines: list[tuple[str, int]], n_rows: int) -> set[int]:
    return {quote % n_rows for _, quote in lines if quote != UNDERLYING}


def test_all_contracts_have_lines_where_there_are_enough() -> None:
    budget, book = LineBudget(100), book_of(45)
    budget.add("Z", book, 70.0)
    lines = budget.choose({"Z": None}, 0.0)
    assert lines[0] == ("Z", UNDERLYING)
    assert sorted(quote for _, quote in lines) == [-1, *range(90)]


@pytest.mark.parametrize("most", [1, 2, 3, 10, 59, 60, 100])
def test_no_choice_exceeds_the_budget(most: int) -> None:
    rng, budget = Random(most), LineBudget(most)
    books = {name: book_of(60, name) for name in "ABC"}
    for name, book in books.items():
        budget.add(name, book, 80.0)
    for k in range(60):
        budget.pin("A", [int(rng.random() * 120) for _ in range(4)])
        bounds = {name: bounds_of(book, rng.random()) for name, book in books.items()}
        lines = budget.choose(bounds, 5.0 * k)
        assert len(lines) == len(set(lines)) <= most
        assert [name for name, quote in lines if quote == UNDERLYING] == list("ABC")[:most]
        if most >= 10:
            assert {("A", quote) for quote in budget.rows["A"].pinned} <= set(lines)


def test_the_first_rows_are_those_around_the_money() -> None:
    budget, book = LineBudget(21), book_of(200)
    budget.add("Z", book, 150.2)
    assert rows_of(budget.choose({}, 0.0), 200) == set(range(96, 106))


def test_a_row_has_both_of_its_lines_or_none() -> None:
    budget, book = LineBudget(30), book_of(100)
    budget.add("Z", book, 100.0)
    for k in range(30):
        quotes = {quote for _, quote in budget.choose({"Z": bounds_of(book)}, 10.0 * k)}
        assert all((quote + 100) % 200 in quotes for quote in quotes if quote != UNDERLYING)


def test_a_row_near_an_edge_stays_and_those_far_from_any_go_round() -> None:
    budget, book = LineBudget(31), book_of(60)
    budget.add("Z", book, 80.0)
    first = rows_of(budget.choose({"Z": bounds_of(book)}, 0.0), 60)
    near = min(first)
    most_bid, least_ask = bounds_of(book)
    most_bid[near] = book.bid[near] + 0.001
    seen: set[int] = set()
    for k in range(1, 60):
        rows = rows_of(budget.choose({"Z": (most_bid, least_ask)}, 20.0 * k), 60)
        assert near in rows
        assert len(rows) == 15
        seen |= rows
    assert seen == set(range(60))
    assert budget.n_moves > 0


def test_lines_do_not_come_and_go() -> None:
    budget, book = LineBudget(31), book_of(60)
    budget.add("Z", book, 80.0)
    before = rows_of(budget.choose({"Z": bounds_of(book)}, 0.0), 60)
    for k in range(1, 200):
        rows = rows_of(budget.choose({"Z": bounds_of(book)}, 0.1 * k), 60)
        assert len(rows - before) <= 8
        before = rows
    assert budget.n_moves <= 8


def test_rows_stay_while_there_may_be_candidates() -> None:
    budget, book = LineBudget(31), book_of(60)
    budget.add("Z", book, 80.0)
    first = budget.choose({"Z": None}, 0.0)
    assert set(budget.choose({"Z": None}, 50.0)) == set(first)
    assert set(budget.choose({"Z": None}, 70.0)) != set(first)


def test_what_the_broker_does_not_list_gets_no_line() -> None:
    listing = Listing.of_rows(
        "Z", [(EXPIRY, 50.0), (EXPIRY, 51.0)], contract_ids=("1", "", "3", "4")
    )
    budget = LineBudget(100)
    budget.add("Z", Book(listing))
    assert sorted(quote for _, quote in budget.choose({}, 0.0)) == [-1, 0, 2, 3]
    budget.remove("Z")
    assert budget.choose({}, 1.0) == []
