"""Columns handed on from scan to scan: what stands in them changes no result."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace

import pytest

from engine.backend import Backend
from engine.config import FAMILIES, ScanSettings
from engine.feeds.demo import DemoFeed
from engine.feeds.demo_listing import KINDS
from engine.market.carry import Carry
from engine.scanner.pipeline import scan_chain
from engine.scanner.search import make_view
from engine.strategies import scratch
from engine.strategies.scratch import Scratch
from engine.strategies.view import shape_of

# No row of any chain: whoever took it for one would fail or write where a test sees it.
NOWHERE = -(10**6)


def spoil(columns: Scratch) -> int:
    """Write what no scan leaves to every column; return how many there are."""
    for floats in columns.floats.values():
        floats[:] = array("d", [math.nan]) * len(floats)
    for integers in columns.integers.values():
        integers[:] = array("l", [NOWHERE]) * len(integers)
    return len(columns.floats) + len(columns.integers)


@pytest.mark.parametrize("near", [0, 5])
@pytest.mark.parametrize("symbol", sorted(KINDS))
def test_no_scan_reads_what_another_left(symbol: str, near: int, backend: Backend) -> None:
    for seed in range(1 if near else 2):
        (loaded,) = DemoFeed(seed, [symbol], compact=True).chains(symbol)
        chain, settings = loaded.chain, ScanSettings(carry=loaded.carry or Carry(), top=10_000)
        settings = replace(settings, near_misses=near, families=(*FAMILIES,))
        texts = []
        for _ in range(2):
            result = scan_chain(chain, settings, backend)
            texts.append(repr(replace(result, timing={})))
            columns = scratch.take(shape_of(chain))
            assert spoil(columns) > 10
            scratch.give_back(shape_of(chain), columns)
        assert texts[0] == texts[1], seed
        assert result.opportunities


def test_a_view_has_its_columns_to_itself(backend: Backend) -> None:
    (loaded,) = DemoFeed(0, ["ZETF"], compact=True).chains("ZETF")
    settings = ScanSettings(carry=loaded.carry or Carry())
    scan_chain(loaded.chain, settings, backend)
    one, other = (make_view(loaded.chain, settings, backend) for _ in range(2))
    assert bytes(one.receive) == bytes(other.receive)
    one.receive[0] += 1.0
    one.column("low", 5)[0] = one.indices("low", 5)[0] = 7
    assert bytes(one.receive) != bytes(other.receive)
    assert other.column("low", 5)[0] != 7.0
    assert other.indices("low", 5)[0] != 7


def test_columns_of_the_last_few_shapes_are_kept() -> None:
    given = [Scratch() for _ in range(100)]
    for n, columns in enumerate(given):
        scratch.give_back((n,), columns)
    kept = [n for n, columns in enumerate(given) if scratch.take((n,)) is columns]
    assert kept == list(range(92, 100))
    assert scratch.take((99,)) is not given[99]
