"""From what a scan gave to the rows that a store keeps of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace

from engine import __version__
from engine.backend import Backend, runtime
from engine.codec import encode
from engine.config import ScanSettings
from engine.market.carry import Carry
from engine.market.combo import combo_of
from engine.report.document import opportunity_object
from engine.report.rows import leg_text
from engine.scanner.survey import Scan
from engine.scoring.curves import curves
from engine.scoring.opportunity import Opportunity
from engine.store.remember import Found, ImpliedCarry, Run, ScannedChain, digest


def run_of(verb: str, settings: ScanSettings, backend: Backend, started_ns: int) -> Run:
    """Return what runs now; its id is made from when it began and what it is."""
    config = settings_digest(settings)
    return Run(
        run_id=digest(verb, config, str(started_ns)),
        verb=verb,
        started_ns=started_ns,
        version=__version__,
        runtime=runtime(),
        backend=backend.name,
        config_digest=config,
    )


def settings_digest(settings: ScanSettings) -> str:
    """Return a digest of what decides which positions are found; carry moves and is kept apart."""
    said = replace(settings, carry=Carry(), top=0, near_misses=0, show_carry=False)
    return digest(json.dumps(encode(said), sort_keys=True))


def scanned_chain(scan: Scan, scanned_ns: int) -> ScannedChain:
    """Return the rows of one chain's scan."""
    result, chain = scan.result, scan.result.chain
    listed = (*result.opportunities, *result.synthetics)
    return ScannedChain(
        symbol=chain.symbol,
        source=chain.source,
        settings=settings_digest(scan.settings),
        ts_ns=chain.ts_ns,
        scanned_ns=scanned_ns,
        candidates=result.funnel.candidates,
        passed=result.funnel.passed,
        is_whole=result.funnel.passed <= len(result.opportunities) + len(result.mismatches),
        unusable=result.unusable,
        rejected=dict(result.funnel.rejected),
        found=tuple(_unique(_found(scan, one) for one in listed)),
        implied=tuple(_implied(scan)),
    )


def _unique(found: Iterable[Found]) -> list[Found]:
    """Leave out a second row of one combo as one family; the first is ranked higher."""
    kept: dict[tuple[str, str], Found] = {}
    for one in found:
        kept.setdefault((one.combo, one.family), one)
    return list(kept.values())


def _found(scan: Scan, one: Opportunity) -> Found:
    return Found(
        combo=combo_of(scan.result.chain, one.legs).key,
        opportunity_id=one.id,
        family=one.family,
        grade=one.grade,
        legs="; ".join(leg_text(leg, one.symbol).split(" @ ")[0] for leg in one.legs),
        edge=one.edge,
        edge_usd=one.edge_usd,
        lots=one.lots,
        payload=json.dumps(opportunity_object(one), allow_nan=False),
        capital=_known(one.capital),
        annualised=_known(one.annualised),
        score=_known(one.score),
        days=_known(one.days),
        implied_rate=_known(one.implied_rate),
        implied_borrow=_known(one.implied_borrow),
    )


def _implied(scan: Scan) -> Iterable[ImpliedCarry]:
    for point in curves(scan.result.chain, scan.settings.carry, scan.settings.fees):
        yield ImpliedCarry(
            expiry=point.expiry.date.isoformat(),
            series=point.expiry.trading_class + point.expiry.settlement,
            days=point.days,
            forward=_known(point.forward),
            box_lend=_known(point.box_lend),
            box_borrow=_known(point.box_borrow),
            box_mid=_known(point.box_mid),
            borrow_bid=_known(point.borrow_bid),
            borrow_ask=_known(point.borrow_ask),
        )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
