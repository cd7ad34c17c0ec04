"""What a screen rules out, the finder does not find: on random chains, family by family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from engine.backend import Backend, select
from engine.config import FAMILIES
from engine.feeds.demo import DemoFeed
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.market.fees import FREE
from engine.market.terms import chain_terms
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY, why_not
from engine.strategies.scratch import Scratch
from engine.strategies.screen import FLAGS, ruled_out_families
from engine.strategies.view import View, days_by_row, net_prices

CHAINS = 60


def chains() -> list[tuple[OptionChain, Carry]]:
    """Return compact demo chains as they are, and the same with a few quotes moved."""
    found = []
    for seed in range(CHAINS // 6):
        feed = DemoFeed(seed, compact=True, planted=False)
        for symbol in feed.symbols():
            (loaded,) = feed.chains(symbol)
            found.append((loaded.chain, loaded.carry or Carry()))
    return found


def moved(chain: OptionChain, draw: Random) -> OptionChain:
    bid, ask = chain.bid[:], chain.ask[:]
    size = (0.004, 0.05, 1.5)[int(3 * draw.random())]
    for _ in range(int(6 * draw.random())):
        q, step = int(len(bid) * draw.random()), size * (draw.random() - 0.5)
        bid[q] += step * chain.strike[chain.row_of(q)]
        ask[q] += step * chain.strike[chain.row_of(q)]
    return replace(chain, bid=bid, ask=ask)


def hits(view: View, name: str) -> int:
    table = CandidateTable(view.backend, view.chain.n_rows, view.days)
    REGISTRY[name].find(view, table)
    return table.found.count


def view_of(chain: OptionChain, carry: Carry, backend: Backend) -> View:
    terms = chain_terms(chain, carry, FREE)
    return View(
        chain,
        terms,
        FREE,
        backend,
        *net_prices(chain, FREE, backend, Scratch()),
        days_by_row(chain, backend, Scratch()),
    )


@pytest.fixture(scope="module")
def verdicts() -> dict[str, list[tuple[bool, bool]]]:
    """Whether each family was ruled out, and whether it has candidates, by chain."""
    backend, draw = select("pure"), Random("screen")
    found: dict[str, list[tuple[bool, bool]]] = {name: [] for name in REGISTRY}
    for chain, carry in chains():
        for change in (lambda c: c, lambda c: moved(c, draw), lambda c: moved(c, draw)):
            turn: Callable[[OptionChain], OptionChain] = change
            view = view_of(turn(chain), carry, backend)
            asked = [name for name in REGISTRY if not why_not(REGISTRY[name], view)]
            silent = ruled_out_families(view, asked)
            for name in asked:
                found[name].append((name in silent, hits(view, name) > 0))
    return found


# Searched on every American chain, without a screen.
UNSCREENED: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "name", [name for name in FAMILIES if name in REGISTRY and name not in UNSCREENED]
)
def test_what_a_screen_rules_out_is_not_found(
    name: str, verdicts: dict[str, list[tuple[bool, bool]]]
) -> None:
    seen = verdicts[name]
    assert (True, True) not in seen
    # The test would be empty if the screen never ruled out, or nothing were ever there.
    assert (True, False) in seen
    assert (False, True) in seen


def test_what_is_found_lies_in_flagged_expiries() -> None:
    """Every candidate of a family that the screen kernel judges, on 180 chains; both ways seen."""
    backend, draw = select("pure"), Random("flags")
    flagged = unflagged = found = 0
    for chain, carry in chains():
        for turn in range(3):
            view = view_of(moved(chain, draw) if turn else chain, carry, backend)
            asked = [name for name in REGISTRY if not why_not(REGISTRY[name], view)]
            ruled_out_families(view, asked)
            flags = view.flags
            assert flags is not None
            for name, flag in FLAGS.items():
                if name not in asked or name == "jelly_roll":
                    continue
                table = CandidateTable(view.backend, view.chain.n_rows, view.days)
                REGISTRY[name].find(view, table)
                expiries = {
                    chain.expiry_of(chain.row_of(q))
                    for row in range(table.found.count)
                    for q, _ in table.found.legs(row)
                }
                assert all(flags[e] & flag for e in expiries), (name, expiries)
                found += len(expiries)
                flagged += sum(bool(flags[e] & flag) for e in range(len(chain.expiries)))
                unflagged += sum(not flags[e] & flag for e in range(len(chain.expiries)))
    assert found > 100
    assert unflagged > flagged
    assert found > 0.5 * flagged  # the flags are no looser than that
