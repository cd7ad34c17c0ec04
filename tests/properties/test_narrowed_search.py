"""A scan that is not asked for near misses looks where there may be something, and finds the same.

It leaves out expiries, pairs of expiries and wings that cannot pay. What is compared with is the
whole search, which near misses need.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from random import Random

import pytest

from engine.backend import Backend
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.feeds.demo_listing import KINDS
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.scanner.pipeline import scan_chain


def with_dear_bids(chain: OptionChain, draw: Random, count: int) -> OptionChain:
    """Return the chain with `count` of its bids, and their asks, too high by a few spreads."""
    bid, ask = array("d", chain.bid), array("d", chain.ask)
    for q in draw.sample([q for q, price in enumerate(bid) if price > 0.0], count):
        rise = round(draw.choice((0.5, 1.5, 4.0)) * (ask[q] - bid[q]) + 0.01, 2)
        bid[q], ask[q] = bid[q] + rise, ask[q] + rise
    return replace(chain, bid=bid, ask=ask)


def found(chain: OptionChain, carry: Carry, backend: Backend, near: int) -> tuple[int, str]:
    """Return how many opportunities there are, and the result as text: nan is not equal to nan."""
    settings = ScanSettings(carry=carry, top=10_000, near_misses=near)
    result = scan_chain(chain, settings, backend)
    parts = result.opportunities, result.funnel, result.mismatches, result.unusable
    return len(result.opportunities), repr(parts)


@pytest.mark.parametrize("symbol", sorted(KINDS))
def test_a_narrowed_search_finds_what_the_whole_one_finds(symbol: str, backend: Backend) -> None:
    hits = 0
    for seed in range(12):
        draw = Random(f"{symbol} {seed}")
        is_planted = seed % 3 == 0
        (loaded,) = DemoFeed(seed, [symbol], compact=True, planted=is_planted).chains(symbol)
        chain = loaded.chain if is_planted else with_dear_bids(loaded.chain, draw, 1 + seed % 4)
        carry = loaded.carry or Carry()
        whole = found(chain, carry, backend, near=10)
        assert found(chain, carry, backend, near=0) == whole, seed
        hits += whole[0]
    assert hits
