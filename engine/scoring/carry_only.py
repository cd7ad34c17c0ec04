"""CARRY: stock positions that would earn something only if money were free.

Naive scanners report them as guaranteed profit. They are found with every rate at 0 and priced
with the real ones; what is left is the interest.
"""

from __future__ import annotations

import math
from dataclasses import replace

from engine.config import ScanSettings
from engine.market.terms import chain_terms
from engine.scoring.accounts import account
from engine.scoring.gating import ask_gates
from engine.scoring.legs import family_of, legs_of
from engine.scoring.opportunity import Opportunity
from engine.scoring.proposal import passed, propose, rank
from engine.scoring.verifier import reproduces, verify
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY, why_not
from engine.strategies.view import View

STOCK_FAMILIES = ("conversion", "reversal", "intrinsic", "collar", "reverse_collar")
QUICK_FAMILIES = STOCK_FAMILIES[:3]


def find_carry_only(
    view: View, settings: ScanSettings
) -> tuple[tuple[Opportunity, ...], tuple[Opportunity, ...]]:
    """Return CARRY positions, best plain figure first, and those the verifier does not reproduce.

    Collars, of which there are many, are searched with ``settings.show_carry`` only. At most
    ``settings.top`` are returned. An inverse chain, quoted in the coin, has none.
    """
    chain = view.chain
    if chain.is_inverse or not view.has_stock:
        return (), ()
    free = replace(view, terms=chain_terms(chain, settings.carry.without_rates(), settings.fees))
    table = CandidateTable(view.backend, chain.n_rows, view.days)
    for name in STOCK_FAMILIES if settings.show_carry else QUICK_FAMILIES:
        if name in settings.families and not why_not(REGISTRY[name], free):
            REGISTRY[name].find(free, table)
    found = table.found
    gated = ask_gates(free, found, settings)
    rows = [row for row in range(found.count) if not gated.gate[row]]
    rows.sort(key=lambda row: (-found.edge[row], row))
    shown: list[Opportunity] = []
    mismatches: list[Opportunity] = []
    for row in rows:
        if len(shown) == settings.top:
            break
        legs = legs_of(view, found, row)
        plain = found.edge[row]
        edge = math.fsum(amount for _, amount in account(view, family_of(found, row), legs, 1))
        if edge > 0.0:
            continue
        lots = gated.lots[row]
        usd = edge * chain.contract_value * lots
        found.edge[row] = edge
        position = passed(view, found, row, lots, usd, gated.flags[row])
        opportunity = propose(view, rank(view, position, settings), settings)
        proof = verify(chain, legs, 1, settings.carry, count_projected=False)
        opportunity = replace(opportunity, plain=plain, proof=proof)
        (shown if reproduces(edge, proof) else mismatches).append(opportunity)
    return tuple(shown), tuple(mismatches)
