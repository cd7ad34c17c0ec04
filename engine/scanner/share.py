"""What can be taken together of several chains with one amount of capital."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from engine.backend import Backend
from engine.scanner.scanner import Packages, Scanner
from engine.scanner.search import Found
from engine.scanner.survey import Scan, Survey
from engine.scoring.competition import Competition
from engine.scoring.opportunity import Selection
from engine.scoring.selection import Choice, Want, choose


@dataclass(frozen=True, slots=True)
class _Chain:
    scan: Scan
    scanner: Scanner
    found: Found
    packages: Packages
    competition: Competition


def select_together(
    scans: Sequence[Scan], backend: Backend, capital: float = math.inf
) -> tuple[Selection, ...]:
    """Return for each scan what to take of it, all of them with no more than `capital`.

    The chains are searched again: what a scan keeps are the rows that it shows. The bound is that
    of all chains and stands in each selection in proportion to what it pays; the sum is the bound.
    """
    chains = [_searched(scan, backend) for scan in scans]
    wants: list[Want] = []
    room: dict[Hashable, float] = {}
    homes: list[tuple[int, int]] = []
    for k, chain in enumerate(chains):
        for number, want in enumerate(chain.competition.wants):
            uses = tuple(((k, what), need) for what, need in want.uses)
            wants.append(Want(want.per_lot, want.lots, want.capital, uses))
            homes.append((k, number))
        room.update(((k, what), size) for what, size in chain.competition.room.items())

    def worth(j: int, lots: int) -> float:
        k, number = homes[j]
        return chains[k].competition.worth(number, lots)

    whole = choose(wants, room, backend, worth, capital)
    selections = []
    for k, chain in enumerate(chains):
        take = tuple(count for (home, _), count in zip(homes, whole.take, strict=True) if home == k)
        value = math.fsum(
            chain.competition.worth(n, count) for n, count in enumerate(take) if count
        )
        share = value / whole.value if whole.value > 0.0 else 1.0 / len(chains)
        prices = {what[1]: price for what, price in whole.prices.items()
                  if isinstance(what, tuple) and what[0] == k}  # fmt: skip
        choice = Choice(take, value, whole.bound * share, prices, 0.0, whole.capital_price, capital)
        selections.append(
            chain.scanner.select(chain.found, chain.competition, choice, chain.packages)
        )
        chain.scanner.close()
    return tuple(selections)


def with_capital(survey: Survey, backend: Backend, capital: float) -> Survey:
    """Return a survey whose selections share `capital`, and whose rows say what is taken."""
    selections = select_together(survey.scans, backend, capital)
    scans = []
    for scan, selection in zip(survey.scans, selections, strict=True):
        taken = {one.id: one.take for one in selection.orders}
        rows = tuple(replace(one, take=taken.get(one.id, 0)) for one in scan.result.opportunities)
        result = replace(scan.result, selection=selection, opportunities=rows)
        scans.append(replace(scan, result=result))
    return replace(survey, scans=tuple(scans))


def _searched(scan: Scan, backend: Backend) -> _Chain:
    scanner = Scanner(scan.settings, backend)
    found = scanner.find(scan.result.chain)
    packages = scanner.packages(found)
    if found.unusable:
        empty = Competition((), {}, lambda number, lots: 0.0, (), ())
        return _Chain(scan, scanner, found, packages, empty)
    return _Chain(scan, scanner, found, packages, scanner.compete(found, packages))
