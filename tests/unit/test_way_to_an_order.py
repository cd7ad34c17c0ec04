"""What the way to an order leaves out changes nothing of what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.backend import Backend, select
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.market.calendar import calendar_named
from engine.market.carry import PROJECTED, Dividend
from engine.market.chain import OptionChain
from engine.proof.verifier import reproduces
from engine.scanner.scanner import Scanner
from engine.scanner.search import Found
from engine.scoring.ranking import best, one_by_one
from engine.strategies import candidates

BACKEND = select()


def markets() -> Iterator[tuple[OptionChain, ScanSettings]]:
    for symbol in ("ZDIV", "ZETF", "ZIDX"):
        for seed in range(4):
            (loaded,) = DemoFeed(seed, [symbol], compact=True).chains(symbol)
            assert loaded.carry is not None
            chain, carry = loaded.chain, loaded.carry
            if symbol != "ZIDX":
                day = calendar_named(chain.calendar).session_date(chain.ts_ns) + timedelta(days=9)
                paid = Dividend(day, day + timedelta(days=9), 0.4, PROJECTED)
                carry = replace(carry, dividends=(*carry.dividends, paid))
            yield chain, ScanSettings(carry=carry, near_misses=0)


def rows(found: Found, *, with_projected: bool) -> list[tuple[object, ...]]:
    columns = found.table.found
    return [
        (columns.key(row), columns.edge[row], columns.condition[row], found.gated.gate[row])
        for row in range(columns.count)
        if with_projected or not columns.condition[row] & candidates.PROJECTED
    ]


def test_without_projected_dividends_all_else_is_found(backend: Backend) -> None:
    n_left_out = 0
    for chain, settings in markets():
        every = Scanner(settings, backend).find(chain)
        few = Scanner(settings, backend, counts_projected=False).find(chain)
        found = rows(few, with_projected=True)
        assert found == rows(every, with_projected=False)
        n_left_out += every.table.found.count - len(found)
    assert n_left_out > 0


@pytest.mark.parametrize("most", [1, 2, 4, 1_000])
def test_rows_one_by_one_are_those_of_the_list(most: int) -> None:
    n_rows = n_equal = 0
    for chain, settings in markets():
        scanner = Scanner(settings, BACKEND)
        found = scanner.find(chain)
        ranking, columns = scanner.rank(found), found.table.found
        for row in range(columns.count):  # so that some are as good as others
            columns.edge[row] = round(columns.edge[row])
            ranking.score[row] = min(ranking.score[row], 5.0)
        listed = best(found.view, columns, found.gated, ranking, (), settings, most)
        alone = list(one_by_one(found.view, columns, found.gated, ranking, settings, most))
        assert alone == listed
        n_rows += len(alone)
        marks = [(one.score, one.position.edge) for one in listed]
        n_equal += len(marks) - len(set(marks))
    assert n_rows >= min(most, 400)
    assert n_equal > 20 or most < 1_000


def test_one_row_is_proven_as_all_are() -> None:
    n_rows = 0
    for chain, settings in markets():
        every = Scanner(settings, BACKEND)
        found = every.find(chain)
        proven = every.prove(found, found.table.found.count)
        alone = Scanner(settings, BACKEND)
        again = alone.find(chain)
        for one in (*proven.opportunities, *proven.mismatches)[:20]:
            same = alone.prove_one(again, one.id)
            assert same is not None
            assert same.proof is not None
            assert (same.key, same.edge, same.proof) == (one.key, one.edge, one.proof)
            assert reproduces(same.edge, same.proof) == (one in proven.opportunities)
            n_rows += 1
        assert alone.prove_one(again, "none") is None
    assert n_rows > 20
