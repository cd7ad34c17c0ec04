"""No lock of a few whole contracts in a small American chain is missed, and none is false.

The oracle is a search of every combo, which knows no family (`random_american`), and a brute-force
judge, which shares nothing with the verifier.
"""

from __future__ import annotations

from random import Random

import pytest
from oracles.american_judge import Option, worst

from engine.backend import Backend
from engine.market.combo import OPTION, STOCK
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import LOCKED, ScanResult
from tests.properties.random_american import NOW, locks, random_chain
from tests.unit.test_american_golden import BID

# Five dollars a contract.
LEAST = 0.05


def judged(result: ScanResult, seed: str, strikes: int = 3) -> None:
    """Hold every locked row against the judge: worth its edge, per share of its unit."""
    assert result.mismatches == ()
    carry = random_chain(Random(seed), strikes)[1].carry
    for one in result.opportunities:
        # The judge takes each contract by itself; of very many it takes too long.
        if one.grade != LOCKED or max(leg.ratio for leg in one.legs) > 12:
            continue
        options = [
            Option(leg.right, leg.strike, leg.side * leg.ratio, leg.expiry)
            for leg in one.legs
            if leg.kind == OPTION and leg.expiry
        ]
        stock = sum(leg.side * leg.ratio for leg in one.legs if leg.kind == STOCK)
        if stock < 0 or all(option.count > 0 for option in options):
            continue
        cost = sum(leg.ratio * (leg.side * leg.price + leg.fee) for leg in one.legs)
        least = (worst(options, NOW, carry, BID, stock) - cost) / one.unit
        assert least >= one.edge - 1e-9, (seed, one.family, one.legs)


def search(seeds: range, most: int, backend: Backend) -> tuple[int, int]:
    """Return how many chains hold a lock, and in how many of them the scan has a locked row."""
    holding = found = 0
    for seed in seeds:
        name = f"missed {seed}"
        chain, settings = random_chain(Random(name))
        result = scan_chain(chain, settings, backend)
        judged(result, name)
        if any(True for _ in locks(chain, settings.carry, most, LEAST)):
            holding += 1
            found += any(one.grade == LOCKED for one in result.opportunities)
    return holding, found


def test_no_lock_of_single_contracts_is_missed(backend: Backend) -> None:
    holding, found = search(range(40), 1, backend)
    assert holding > 5
    assert found == holding


@pytest.mark.long
def test_no_lock_is_missed_in_many_chains(backend: Backend) -> None:
    holding, found = search(range(40, 600), 1, backend)
    assert holding > 100
    assert found == holding


@pytest.mark.long
def test_no_lock_of_two_contracts_is_missed(backend: Backend) -> None:
    holding, found = search(range(60), 2, backend)
    assert holding > 15
    assert found == holding


@pytest.mark.parametrize("family", ["three_legs", "partial_box", "covered_mix"])
def test_the_families_of_unequal_numbers_hold_before_the_judge(
    family: str, backend: Backend
) -> None:
    """They are not planted in the demo market: here their rows are judged one by one."""
    rows = 0
    for seed in range(150 if family == "covered_mix" else 60):
        name = f"unequal {seed}"
        chain, settings = random_chain(Random(name), 4)
        only = settings.__class__(
            carry=settings.carry, fees=settings.fees, gates=settings.gates, top=1000,
            near_misses=0, families=(family,),
        )  # fmt: skip
        result = scan_chain(chain, only, backend)
        judged(result, name, 4)
        rows += len(result.opportunities)
        for one in result.opportunities:
            assert one.family == family
            assert sum(amount for _, amount in one.terms) == pytest.approx(one.edge, abs=1e-9)
    assert rows > 0
