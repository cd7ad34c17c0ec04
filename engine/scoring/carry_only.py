"""CARRY: stock positions that would earn something only if money were free.

Naive scanners report them as guaranteed profit. They are found with every rate at 0 and priced
with the real ones; what is left is the interest.
"""

from __future__ import annotations

import math
from dataclasses import replace

from engine.config import ScanSettings
from engine.market.terms import chain_terms
from engine.proof.verifier import reproduces, verify
from engine.scoring.breakdown import breakdown
from engine.scoring.gating import Gated, check_gates
from engine.scoring.opportunity import Opportunity
from engine.scoring.proposal import passed, propose, rank
from engine.strategies.candidates import N_LEGS, CandidateTable, Columns
from engine.strategies.family import no_rate
from engine.strategies.registry import REGISTRY, why_not
from engine.strategies.view import View


def find_carry_only(
    view: View, candidates: Columns, settings: ScanSettings
) -> tuple[tuple[Opportunity, ...], int, tuple[Opportunity, ...]]:
    """Return the best CARRY positions by their plain figure, how many there are, and mismatches.

    A position is CARRY if it has an edge without rates and is not among the `candidates`, which
    have one with them. ``settings.show_carry`` lists up to ``settings.top`` and searches collars
    too, of which there are many; without it the best one stands for all. An inverse chain, quoted
    in the coin, has none.
    """
    chain = view.chain
    if not chain.quoting.has_carry or not view.has_stock:
        return (), 0, ()
    free = replace(view, terms=chain_terms(chain, settings.carry.without_rates(), settings.fees))
    table = CandidateTable(view.backend, chain.n_rows, view.days, wants_near=False)
    wanted = [family for family in REGISTRY.values() if family.has_plain_edge]
    # Collars have a best case: of these pairs of strikes there are many, searched to be listed.
    quick = [family for family in wanted if family.best is no_rate]
    pairs = [family for family in wanted if family.best is not no_rate]
    for family in (*quick, *pairs) if settings.show_carry else quick:
        if family.name in settings.families and not why_not(family, free):
            family.find(free, table)
    found = table.found
    gated = check_gates(free, found, settings)
    rows = _unknown(found, gated, candidates)
    shown: list[Opportunity] = []
    mismatches: list[Opportunity] = []
    if settings.show_carry:
        best = sorted(rows, key=found.edge.__getitem__, reverse=True)[: settings.top]
    else:
        best = [max(rows, key=found.edge.__getitem__)] if rows else []
    for row in best:
        plain, lots = found.edge[row], gated.lots[row]
        position = passed(view, found, row, lots, 0.0, gated.flags[row])
        edge = math.fsum(x for _, x in breakdown(view, position.family, position.legs, 1))
        position = replace(position, edge=edge, usd=edge * chain.contract_value * lots)
        opportunity = propose(view, rank(view, position, settings), settings)
        proof = verify(
            chain, position.legs, 1, settings.carry, count_projected=False,
            may_carry=position.condition != 0,
        )  # fmt: skip
        opportunity = replace(opportunity, plain=plain, proof=proof)
        (shown if reproduces(edge, proof) else mismatches).append(opportunity)
    return tuple(shown), len(rows), tuple(mismatches)


def _unknown(found: Columns, gated: Gated, candidates: Columns) -> list[int]:
    """Return the rows of `found` that pass the gates and are not among the `candidates`."""
    rows = [row for row in range(found.count) if not gated.gate[row]]
    if not candidates.count:
        return rows
    known = {candidates.key(row) for row in range(candidates.count)}
    # Thousands of rows are told apart by their first leg, which costs a tenth of a key.
    firsts = set(candidates.quote[::N_LEGS])
    return [
        row for row in rows
        if found.quote[N_LEGS * row] not in firsts or found.key(row) not in known
    ]  # fmt: skip
