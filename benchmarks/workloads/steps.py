"""The steps of a scan, each alone, with terms kept from one run to the next."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from benchmarks.workloads.markets import Market, clean, with_few_hits
from benchmarks.workloads.tasks import Task, python_task
from engine.backend import Backend
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.market.carry import Carry
from engine.market.chain import AMERICAN, EUROPEAN
from engine.scanner.scanner import Scanner
from engine.scoring.ranking import rank_candidates

TARGET = 4000
Maker: TypeAlias = Callable[[Backend], Task]


def _market(style: str, has_hits: bool, backend: Backend) -> Market:
    market = clean(backend, TARGET, style)
    return with_few_hits(market) if has_hits else market


def _find(style: str, has_hits: bool, backend: Backend) -> Task:
    """View, search and gates of one chain."""
    market = _market(style, has_hits, backend)
    scanner = Scanner(market.settings, backend)
    return python_task(lambda: scanner.find(market.chain).table.found.edge)


def _find_and_rank(style: str, backend: Backend) -> Task:
    market = _market(style, True, backend)
    scanner = Scanner(market.settings, backend)
    return python_task(lambda: scanner.rank(scanner.find(market.chain)).score)


def busy_index() -> Market:
    """Return an index of the demo exchange with about 150 rows that pass every gate."""
    (loaded,) = DemoFeed(2, ["ZIDX"]).chains("ZIDX")
    return Market(loaded.chain, ScanSettings(carry=loaded.carry or Carry()))


def _rank(backend: Backend) -> Task:
    market = busy_index()
    found = Scanner(market.settings, backend).find(market.chain)
    view, table, gated = found.view, found.table.found, found.gated
    return python_task(lambda: rank_candidates(view, table, gated, market.settings).score)


def _packages(backend: Backend) -> Task:
    market = busy_index()
    scanner = Scanner(market.settings, backend)
    found = scanner.find(market.chain)
    return python_task(lambda: scanner.packages(found).refused)


STEPS: dict[str, Maker] = {
    f"step/find, clean American/{TARGET}": partial(_find, AMERICAN, False),
    f"step/find, clean European/{TARGET}": partial(_find, EUROPEAN, False),
    f"step/find, few hits/{TARGET}": partial(_find, AMERICAN, True),
    f"step/find and rank, few hits/{TARGET}": partial(_find_and_rank, AMERICAN),
    "step/rank/150": _rank,
    "step/packages/ZIDX": _packages,
}
