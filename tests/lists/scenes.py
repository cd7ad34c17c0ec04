"""The scans whose whole output is compared across runtimes, and the digest of an output."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from engine.backend import Backend
from engine.clock import to_ns
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.feeds.protocol import Loaded
from engine.market.fees import DERIBIT
from engine.report.document import document
from engine.scanner.many import scan_many
from engine.scanner.pipeline import scan_chain
from engine.scanner.survey import Request, Scan, Survey

SEEDS = range(12)
SETTINGS = ScanSettings(top=10_000, near_misses=10, show_carry=True)
# A file of ../shared/data and instants of it, some with all quotes taken for simultaneous.
REAL_DAY = "2014-06-06"
REAL = "options_normalised/aapl_20140606.csv.gz"
MOMENTS = (("14:00", True), ("15:00", False), ("18:00", True))


def demo(seed: int, backend: Backend) -> Survey:
    """Scan every compact chain of one demo exchange."""
    scans = []
    feed = DemoFeed(seed, compact=True)
    for symbol in feed.symbols():
        (loaded,) = feed.chains(symbol)
        settings = carry_and_fees(loaded)
        scans.append(Scan(scan_chain(loaded.chain, settings, backend), settings))
    return Survey(tuple(scans), top=SETTINGS.top)


def carry_and_fees(loaded: Loaded) -> ScanSettings:
    """Return the settings of a demo chain: its own carry, the fees of its market."""
    assert loaded.carry is not None
    settings = replace(SETTINGS, carry=loaded.carry)
    return settings if loaded.chain.quoting.is_linear else replace(settings, fees=DERIBIT)


def real(folder: Path, time: str, is_synchronous: bool, backend: Backend) -> Survey:
    """Scan one moment of a real chain that is full of ties."""
    moment = datetime.fromisoformat(f"{REAL_DAY}T{time}+00:00")
    settings = replace(SETTINGS, assume_synchronous=is_synchronous)
    request = Request(source=f"csv:{folder / REAL}", settings=settings, as_of_ns=to_ns(moment))
    return scan_many(request, backend)


def digest(survey: Survey, backend: Backend) -> str:
    """Return the digest of everything a scan prints but who ran it and how long it took."""
    found = document(survey, backend)
    del found["engine"], found["timing"]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def digests(backend: Backend, folder: Path | None) -> Iterator[tuple[str, str]]:
    """Yield the digest of every scene by name; those of real quotes if `folder` is there."""
    for seed in SEEDS:
        yield f"demo {seed}", digest(demo(seed, backend), backend)
    if folder is not None:
        for time, is_synchronous in MOMENTS:
            name = f"aapl {time}{' synchronous' if is_synchronous else ''}"
            yield name, digest(real(folder, time, is_synchronous, backend), backend)
