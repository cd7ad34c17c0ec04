"""The opportunity that an id names, also when the list that was cut to its best left it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import UsageError
from engine.report.why_not import WHY_NOT
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import Opportunity

if TYPE_CHECKING:
    from engine.backend import Backend
    from engine.scanner.survey import Scan

IDS_SHOWN = 16

Named = Mapping[str, tuple["Scan", Opportunity]]


def look_up(scans: Iterable[Scan], wanted: str, backend: Backend) -> tuple[Scan, Opportunity]:
    """Return the opportunity whose id starts with `wanted` or whose key it is, and its scan.

    Where the lists have none, the chains are scanned once more with nothing cut off.

    Raises
    ------
    UsageError
        If there is none, or more than one; the message then lists them.
    """
    listed = list(scans)
    known = _named(listed)
    matching = _matching(known, wanted)
    if not matching and wanted:
        known = _named(_whole(scan, backend) for scan in listed)
        matching = _matching(known, wanted)
    if len(matching) == 1:
        return known[matching[0]]
    if matching:
        left = len(matching) - IDS_SHOWN
        more = f", ... ({len(matching)} in all)" if left > 0 else ""
        shown = ", ".join(matching[:IDS_SHOWN]) + more
        raise UsageError(f"more than one opportunity has the id {wanted!r}: {shown}")
    if not known:
        raise UsageError(f"no opportunity has the id {wanted!r}: nothing was found; try {WHY_NOT}")
    raise UsageError(
        f"no opportunity has the id {wanted!r}, among all {len(known):,} that these flags find: "
        "an id is printed again by the flags that printed it"
    )


def _matching(known: Named, wanted: str) -> list[str]:
    return [
        name
        for name, (_, one) in known.items()
        if wanted and (name.startswith(wanted) or one.key == wanted)
    ]


def _named(scans: Iterable[Scan]) -> dict[str, tuple[Scan, Opportunity]]:
    return {
        one.id: (scan, one)
        for scan in scans
        for group in (scan.result.opportunities, scan.result.carry, scan.result.synthetics,
                      scan.result.mismatches)
        for one in group
    }  # fmt: skip


def _whole(scan: Scan, backend: Backend) -> Scan:
    """Return the same scan with its lists as long as they get."""
    chain = scan.result.chain
    settings = replace(scan.settings, top=2 * chain.n_rows**2, near_misses=0)
    return replace(scan, result=scan_chain(chain, settings, backend), settings=settings)
