"""What can be taken together: against the linear bound, every choice, and the sizes shown."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable
from itertools import product
from random import Random
from typing import NamedTuple

import pytest

from engine.backend import Backend, select
from engine.feeds.demo import DemoFeed
from engine.market.combo import OPTION
from engine.scanner.pipeline import scan_chain
from engine.scanner.share import select_together
from engine.scanner.survey import Scan
from engine.scoring.opportunity import ScanResult, Selection
from engine.scoring.selection import Choice, Want, choose
from engine.scoring.sharing import groups_of
from tests.lists.scenes import carry_and_fees

# How far a choice may stay behind the bound: whole contracts cost that on small lists.
NEAR = 0.993


class Case(NamedTuple):
    wants: list[Want]
    room: dict[Hashable, float]
    minimum: float

    def worth(self, j: int, lots: int) -> float:
        usd = self.wants[j].per_lot * lots
        return usd if usd >= self.minimum else 0.0


def random_case(seed: int, rows: int, most: int) -> Case:
    draw = Random(seed)
    room: dict[Hashable, float] = {
        q: float(draw.randint(1, most)) for q in range(max(2, rows // 2))
    }
    wants = []
    for _ in range(rows):
        used = draw.sample(list(room), draw.randint(1, min(3, len(room))))
        uses = tuple((q, float(draw.choice((1, 1, 1, 2, 3)))) for q in used)
        lots = int(min(room[q] // need for q, need in uses))
        if lots:
            pays = draw.choice((draw.uniform(1.0, 9.0), draw.uniform(50.0, 90.0)))
            wants.append(Want(pays, lots, draw.uniform(100.0, 900.0) * lots, uses))
    return Case(wants, room, 5.0)


def check(case: Case, choice: Choice, capital: float = math.inf) -> None:
    """Assert that nothing is oversold, no capital exceeded, and the sum is what it says."""
    used: dict[Hashable, float] = defaultdict(float)
    binds = 0.0
    for want, count in zip(case.wants, choice.take, strict=True):
        assert 0 <= count <= want.lots
        binds += want.capital / want.lots * count
        for quote, need in want.uses:
            used[quote] += need * count
    for quote, amount in used.items():
        assert amount <= case.room[quote] + 1e-9
    assert binds <= capital * (1.0 + 1e-9)
    pays = math.fsum(case.worth(j, count) for j, count in enumerate(choice.take) if count)
    assert choice.value == pytest.approx(pays)
    assert choice.value <= choice.bound * (1.0 + 1e-9)


def best_of_all(case: Case, capital: float = math.inf) -> float:
    """Return the integer optimum by trying everything."""
    best = 0.0
    for take in product(*(range(want.lots + 1) for want in case.wants)):
        used: dict[Hashable, float] = defaultdict(float)
        binds = 0.0
        for want, count in zip(case.wants, take, strict=True):
            binds += want.capital / want.lots * count
            for quote, need in want.uses:
                used[quote] += need * count
        if binds <= capital and all(used[q] <= case.room[q] for q in used):
            best = max(best, sum(case.worth(j, n) for j, n in enumerate(take) if n))
    return best


@pytest.mark.parametrize("seed", range(100))
def test_small_lists_against_every_choice(seed: int, backend: Backend) -> None:
    case = random_case(seed, 5, 4)
    choice = choose(case.wants, case.room, backend, case.worth)
    check(case, choice)
    optimum = best_of_all(case)
    assert choice.value == pytest.approx(optimum)
    assert choice.bound >= optimum - 1e-9
    capital = 0.4 * math.fsum(want.capital for want in case.wants)
    choice = choose(case.wants, case.room, backend, case.worth, capital)
    check(case, choice, capital)
    optimum = best_of_all(case, capital)
    assert choice.value == pytest.approx(optimum)
    assert choice.bound >= optimum - 1e-9


def test_what_is_rounded_is_near_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same lists where not every choice is tried: rounding and filling alone."""
    monkeypatch.setattr("engine.scoring.selection._ALL", 0)
    backend, parts, limited = select("pure"), [], []
    for seed in range(100):
        case = random_case(seed, 5, 4)
        choice = choose(case.wants, case.room, backend, case.worth)
        check(case, choice)
        optimum = best_of_all(case)
        parts.append(choice.value / optimum if optimum else 1.0)
        capital = 0.4 * math.fsum(want.capital for want in case.wants)
        choice = choose(case.wants, case.room, backend, case.worth, capital)
        check(case, choice, capital)
        optimum = best_of_all(case, capital)
        limited.append(choice.value / optimum if optimum else 1.0)
    assert sum(part > 1.0 - 1e-9 for part in parts) >= 90
    assert math.fsum(parts) >= 97.0
    assert sum(part > 1.0 - 1e-9 for part in limited) >= 95
    assert math.fsum(limited) >= 99.8


@pytest.mark.parametrize("seed", range(8))
def test_long_lists_keep_the_sizes(seed: int, backend: Backend) -> None:
    """Beyond what the programme begins with: rows are added while they are worth it."""
    case = random_case(seed, 260, 60)
    choice = choose(case.wants, case.room, backend, case.worth)
    check(case, choice)
    assert choice.value >= 0.97 * choice.bound
    capital = 0.2 * math.fsum(want.capital for want in case.wants)
    limited = choose(case.wants, case.room, backend, case.worth, capital)
    check(case, limited, capital)
    assert limited.value <= choice.bound


def scanned(seed: int, symbol: str, backend: Backend) -> tuple[ScanResult, Scan]:
    (loaded,) = DemoFeed(seed, [symbol], compact=True).chains(symbol)
    settings = carry_and_fees(loaded)
    result = scan_chain(loaded.chain, settings, backend)
    return result, Scan(result, settings)


def check_orders(selection: Selection, result: ScanResult, capital: float = math.inf) -> None:
    """Assert that orders fit into the sizes of the chain, side by side of every quote."""
    chain = result.chain
    used: dict[tuple[int, int], int] = defaultdict(int)
    for one in selection.orders:
        assert one.take == one.lots >= 1
        for leg in one.legs:
            if leg.kind == OPTION:
                used[leg.quote, leg.side] += leg.ratio * one.take
    for (quote, side), count in used.items():
        size = (chain.ask_size if side > 0 else chain.bid_size)[quote]
        assert not count > size
    assert selection.capital <= capital * (1.0 + 1e-9)


@pytest.mark.parametrize("symbol", ["ZIDX", "ZETF", "ZGRO", "ZHTB", "ZDIV", "ZCOIN"])
@pytest.mark.parametrize("seed", [0, 1])
def test_orders_of_a_scan_fit_together(symbol: str, seed: int, backend: Backend) -> None:
    result, scan = scanned(seed, symbol, backend)
    selection = result.selection
    check_orders(selection, result)
    assert NEAR * selection.bound - 60.0 <= selection.value <= selection.bound * (1.0 + 1e-9)
    assert selection.value <= selection.listed * (1.0 + 1e-9)
    # What is taken stands first in the list, and says so.
    taken = {one.id: one.take for one in selection.orders}
    listed = [one for one in result.opportunities if one.take]
    assert {one.id: one.take for one in listed} == taken
    assert list(result.opportunities[: len(listed)]) == listed
    capital = 0.3 * selection.capital
    (limited,) = select_together((scan,), backend, capital)
    check_orders(limited, result, capital)
    assert limited.value <= selection.bound * (1.0 + 1e-9)


def test_chains_share_one_capital(backend: Backend) -> None:
    pairs = [scanned(0, symbol, backend) for symbol in ("ZIDX", "ZETF", "ZDIV")]
    scans = [scan for _, scan in pairs]
    free = select_together(scans, backend)
    for selection, (result, _) in zip(free, pairs, strict=True):
        assert selection.value == pytest.approx(result.selection.value, rel=0.01)
    capital = 0.25 * math.fsum(one.capital for one in free)
    tight = select_together(scans, backend, capital)
    assert math.fsum(one.capital for one in tight) <= capital * (1.0 + 1e-9)
    value, bound = (math.fsum(getattr(one, name) for one in tight) for name in ("value", "bound"))
    assert 0.9 * bound <= value <= bound * (1.0 + 1e-9)


def test_the_same_choice_whatever_runs(backend: Backend) -> None:
    """Digests of the lists compare runtimes; here backends, order by order."""
    for seed in range(20):
        case = random_case(seed, 60, 30)
        other = choose(case.wants, case.room, select("pure"), case.worth)
        assert choose(case.wants, case.room, backend, case.worth) == other


def test_rows_stand_under_the_quote_that_most_share() -> None:
    groups = groups_of([("a", "b"), ("a", "c"), ("b", "a"), ("c", "d"), ("d", "e"), ("f",)])
    assert groups == [("a", [0, 1, 2]), ("d", [3, 4])]


def test_nothing_to_choose_from(backend: Backend) -> None:
    choice = choose([], {}, backend, lambda j, lots: 0.0)
    assert (choice.take, choice.value, choice.bound) == ((), 0.0, 0.0)
