"""The figures of a list that no rearrangement of the program may change, and their digests.

Not in them: ids, grades, sentences, timings and whatever outputs gain. One short digest for each
chain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.backend import Backend
from engine.feeds.demo import DemoFeed
from engine.market.combo import Leg
from engine.scanner.many import scan_many
from engine.scanner.pipeline import scan_chain
from engine.scanner.survey import Request
from engine.scoring.opportunity import NearMiss, Opportunity, ScanResult
from tests.lists.scenes import SETTINGS, carry_and_fees

SEEDS = range(200)
# A sample of these runs every time; those of `scenes.SEEDS` are compared whole there.
SAMPLE = (17, 101, 186)
FULL_SEEDS = (1, 2)
# The sources in ../shared/data that tests read: name, specification of the source, settings.
PLAIN = SETTINGS
SYNCHRONOUS = replace(SETTINGS, assume_synchronous=True)
_CHAINS = "csv:options_normalised"
REAL = {
    "aapl-06": (f"{_CHAINS}/aapl_20140606.csv.gz", PLAIN),
    "aapl-06-sync": (f"{_CHAINS}/aapl_20140606.csv.gz", SYNCHRONOUS),
    "aapl-09": (f"{_CHAINS}/aapl_20140609.csv.gz", PLAIN),
    "goog": (f"{_CHAINS}/goog_20151224.csv.gz", PLAIN),
    "spx": (f"{_CHAINS}/spx_20210104.csv", SYNCHRONOUS),
    "spxw": (f"{_CHAINS}/spxw_20210104.csv", SYNCHRONOUS),
    "eth-csv": (f"{_CHAINS}/deribit_eth_20240108.csv.gz", PLAIN),
    "eth": ("deribit:deribit/eth_book_summary_20240108.csv", SYNCHRONOUS),
    "lean": ("lean:lean/Data", PLAIN),
    "lean-sync": ("lean:lean/Data", SYNCHRONOUS),
}
REAL_SAMPLE = ("spx", "spxw", "eth")


def demo_digests(seed: int, backend: Backend, *, compact: bool = True) -> Iterator[tuple[str, str]]:
    """Yield the digest of every chain of one demo exchange, by symbol."""
    feed = DemoFeed(seed, compact=compact)
    for symbol in feed.symbols():
        (loaded,) = feed.chains(symbol)
        settings = carry_and_fees(loaded)
        yield symbol, digest(scan_chain(loaded.chain, settings, backend))


def real_digests(name: str, folder: Path, backend: Backend) -> Iterator[tuple[str, str]]:
    """Yield the digest of every snapshot of a source in `folder`, by symbol and second."""
    source, settings = REAL[name]
    kind, _, path = source.partition(":")
    specification = f"{kind}:{folder / path}"
    request = Request(source=specification, settings=settings, is_every_snapshot=True)
    for result in scan_many(request, backend).results:
        yield f"{result.chain.symbol} {result.chain.ts_ns // 1_000_000_000}", digest(result)


def digest(result: ScanResult) -> str:
    """Return the digest of what a scan found, in order."""
    return hashlib.sha256(json.dumps(figures(result)).encode()).hexdigest()[:12]


def figures(result: ScanResult) -> object:
    """Return what a scan found as lists of numbers and short names."""
    funnel = result.funnel
    return [
        [_found(one) for one in result.opportunities],
        [_near(one) for one in result.near_misses],
        [funnel.candidates, funnel.passed, [*funnel.rejected.items()], [*funnel.by_family.items()]],
        [_found(one) for one in result.carry],
        result.n_carry,
        [_found(one) for one in result.synthetics],
        [_found(one) for one in result.mismatches],
        bool(result.unusable),
    ]


def _found(one: Opportunity) -> object:
    return [
        one.family, _legs(one.legs), one.unit, one.lots, one.edge, one.edge_usd,
        one.capital, one.annualised, one.score, one.days, one.best, one.fill_probability,
        one.leg_out_loss,
    ]  # fmt: skip


def _near(one: NearMiss) -> object:
    return [one.family, _legs(one.legs), one.edge, one.amount, one.unit_of_change]


def _legs(legs: tuple[Leg, ...]) -> object:
    return [
        [leg.kind, leg.side, leg.ratio, leg.right, leg.strike, leg.settles_ns, leg.price, leg.fee,
         leg.size, leg.age]
        for leg in legs
    ]  # fmt: skip
