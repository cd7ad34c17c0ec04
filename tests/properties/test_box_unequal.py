"""A chain with a combo of unequal numbers is never clear to the box, whatever sizes are shown.

These families are not planted in the demo market, and no quote of it moved alone makes one: random
American chains have them (`test_missed_locks` holds each row before a judge).
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from random import Random

import pytest

from engine.backend import Backend
from engine.feeds.demo_choice import UNPLANTED
from engine.scanner import box
from engine.scanner.search import make_view
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY
from tests.properties.random_american import random_chain

SEEDS = {"three_legs": 40, "partial_box": 40, "covered_mix": 900}


def found(family: str, backend: Backend) -> int:
    """Hold the box against searches of random chains; return how many had the family."""
    had = 0
    for seed in range(SEEDS[family]):
        chain, settings = random_chain(Random(f"unequal {seed}"), 4)
        view = make_view(chain, settings, backend)
        table = CandidateTable(backend, chain.n_rows, view.days, wants_near=False)
        REGISTRY[family].find(view, table)
        if table.found.count:
            had += 1
            assert not box.is_clear(view, [family]), seed
            none = array("d", bytes(8 * len(chain.bid)))
            unseen = make_view(replace(chain, bid_size=none, ask_size=none), settings, backend)
            assert not box.is_clear(unseen, [family]), seed
    return had


@pytest.mark.parametrize("family", UNPLANTED)
def test_where_it_is_found_the_box_is_not_clear(family: str, backend: Backend) -> None:
    assert found(family, backend) >= 3


@pytest.mark.parametrize("family", UNPLANTED)
def test_a_box_that_leaves_it_out_is_noticed(
    family: str, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(box._UNEQUAL, family, lambda view: False)
    with pytest.raises(AssertionError):
        found(family, backend)
