"""The scan on one screen: chain, families, gates, score, proof.

Pure and synchronous: no I/O, no time but the clock it is given.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import replace

from engine.backend import Backend
from engine.clock import SYSTEM, Clock
from engine.config import ScanSettings, family_code
from engine.market.carry import PROJECTED
from engine.market.chain import OptionChain
from engine.market.fees import DERIBIT, FeeSchedule
from engine.market.terms import chain_terms
from engine.proof.verifier import reproduces, verify
from engine.scoring.carry_only import find_carry_only
from engine.scoring.gate_table import limits_of
from engine.scoring.gating import Gated, check_gates, count_reasons
from engine.scoring.legs import family_of
from engine.scoring.near import near_misses
from engine.scoring.opportunity import Funnel, NearMiss, Opportunity, ScanResult
from engine.scoring.packages import find_packages
from engine.scoring.profiles import ARBITRAGE, composite
from engine.scoring.proposal import Ranked, afford, passed, propose
from engine.scoring.synthetic import find_synthetics
from engine.scoring.usable import unusable_sentence
from engine.strategies import candidates, scratch
from engine.strategies.candidates import CandidateTable, Columns
from engine.strategies.registry import REGISTRY, why_not
from engine.strategies.screen import silent_families
from engine.strategies.view import View, days_by_row, net_prices, shape_of


def scan_chain(
    chain: OptionChain, settings: ScanSettings, backend: Backend, clock: Clock = SYSTEM
) -> ScanResult:
    """Return every executable arbitrage of `chain`, proven and ranked, and why not the others.

    Pure but for durations taken from `clock`. O(rows x expiries + candidates).
    """
    started = clock.monotonic_ns()
    if not chain.quoting.is_linear and settings.fees == FeeSchedule():
        settings = replace(settings, fees=DERIBIT)
    view = make_view(chain, settings, backend)
    paid = projected_view(view, settings)
    table, skipped = search(view, paid, settings)
    searched = clock.monotonic_ns()
    found = table.found
    gated = check_gates(view, found, settings)
    ranked, short_of_capital = rank_all(view, found, gated, settings)
    unusable = unusable_sentence(view, found, gated)
    packages: list[Ranked] = []
    refused: list[int] = []
    if "package" in settings.families and not unusable:
        packages, refused = find_packages(view, found, ranked, settings)
        ranked += packages
    if settings.profile in ARBITRAGE:
        ranked = reorder(view, ranked, settings.profile)
    ordered = [] if unusable else best(view, ranked, settings.top)
    scored = clock.monotonic_ns()
    shown, mismatches = prove(view, paid, ordered, settings)
    proven = clock.monotonic_ns()
    funnel = Funnel(
        candidates=found.count + len(packages) + len(refused),
        rejected=count_reasons((*gated.gate, *refused), short_of_capital),
        passed=len(ranked),
        by_family=_by_family(found, len(packages) + len(refused)),
        skipped=skipped,
    )
    near: tuple[NearMiss, ...] = ()
    if settings.near_misses:
        # A table of its own: what rounding makes a candidate here was never gated.
        aside = CandidateTable(view.backend, chain.n_rows, view.days)
        aside.near = table.near
        for name in table.postponed:
            REGISTRY[name].find(view, aside)
        near = near_misses(view, found, gated, table.nearest(), settings)
    carry, n_carry, more = find_carry_only(view, found, settings)
    mismatches += more
    synthetics: tuple[Opportunity, ...] = ()
    if "synthetic" in settings.families and not unusable:
        synthetics, more = find_synthetics(view, found, settings)
        mismatches += more
    scratch.give_back(shape_of(chain), view.scratch)
    return ScanResult(
        chain=chain,
        opportunities=tuple(shown),
        near_misses=near,
        funnel=funnel,
        carry=carry,
        n_carry=n_carry,
        synthetics=synthetics,
        mismatches=tuple(mismatches),
        unusable=unusable,
        timing={
            "search_s": (searched - started) / 1e9,
            "score_s": (scored - searched) / 1e9,
            "proof_s": (proven - scored) / 1e9,
            "rest_s": (clock.monotonic_ns() - proven) / 1e9,
        },
    )


def make_view(chain: OptionChain, settings: ScanSettings, backend: Backend) -> View:
    """Return `chain` as the families see it; projected dividends are paid, never received."""
    columns = scratch.take(shape_of(chain))
    receive, pay = net_prices(chain, settings.fees, backend, columns)
    return View(
        chain, chain_terms(chain, settings.carry, settings.fees), settings.fees, backend,
        receive, pay, days_by_row(chain, columns), limits_of(chain, settings), scratch=columns,
    )  # fmt: skip


def projected_view(view: View, settings: ScanSettings) -> View | None:
    """Return the same chain if projected dividends are received too; None if there are none."""
    if not any(dividend.status == PROJECTED for dividend in settings.carry.dividends):
        return None
    terms = chain_terms(view.chain, settings.carry, settings.fees, count_projected=True)
    return replace(view, terms=terms, condition=candidates.PROJECTED)


def search(
    view: View, paid: View | None, settings: ScanSettings
) -> tuple[CandidateTable, dict[str, str]]:
    """Return the candidates of every family asked for, and why families were skipped.

    What is a candidate only in `paid` is one on the condition that projected dividends are paid.
    Families that the screens rule out are postponed: only near misses need them.
    """
    table = CandidateTable(
        view.backend, view.chain.n_rows, view.days, wants_near=settings.near_misses > 0
    )
    reasons = {
        name: why_not(REGISTRY[name], view) for name in settings.families if name in REGISTRY
    }
    skipped = {name: reason for name, reason in reasons.items() if reason}
    asked = [name for name, reason in reasons.items() if not reason]
    silent = silent_families(view, asked)
    if paid is not None:
        silent &= silent_families(paid, asked)
    table.postponed = [name for name in asked if name in silent]
    heard = [name for name in asked if name not in silent]
    for name in heard:
        REGISTRY[name].find(view, table)
    if paid is not None:
        _add_projected(table, view, paid, heard, settings)
    return table, skipped


def _add_projected(
    table: CandidateTable, view: View, paid: View, names: list[str], settings: ScanSettings
) -> None:
    """Add what is a candidate, or passes the gates, only if projected dividends are paid."""
    counted = CandidateTable(paid.backend, paid.chain.n_rows, paid.days, wants_near=False)
    for name in names:
        if REGISTRY[name].gets_dividends:
            REGISTRY[name].find(paid, counted)
    gate = check_gates(view, table.found, settings).gate
    known = {table.found.key(row) for row in range(table.found.count) if not gate[row]}
    for row in range(counted.found.count):
        if counted.found.key(row) not in known:
            table.found.copy_row(counted.found, row)


def rank_all(
    view: View, found: Columns, gated: Gated, settings: ScanSettings
) -> tuple[list[Ranked], int]:
    """Return the candidates that pass every gate with their scores, and how many lack capital."""
    ranked, short = [], 0
    for row in range(found.count):
        if gated.gate[row]:
            continue
        lots, usd = gated.lots[row], gated.usd[row]
        entry = afford(view, passed(view, found, row, lots, usd, gated.flags[row]), settings)
        if entry is None:
            short += 1
        else:
            ranked.append(entry)
    return ranked, short


def best(view: View, ranked: list[Ranked], top: int) -> list[Ranked]:
    """Return the `top` best, best first."""
    k = min(top, len(ranked))
    if k == 0:
        return []
    score = array("d", (entry.score for entry in ranked))
    edge = array("d", (entry.position.edge for entry in ranked))
    order = array("l", bytes(8 * k))
    taken = view.backend.scoring.top_rows(score, edge, k, order)
    return sorted((ranked[order[place]] for place in range(taken)), key=_place)


def _place(entry: Ranked) -> tuple[object, ...]:
    """Return the key of the order of a list: score, edge, family, expiry, strike, right, legs."""
    position = entry.position
    legs = [(leg.settles_ns, leg.strike, leg.right, leg.kind, leg.side) for leg in position.legs]
    return -entry.score, -position.edge, family_code(position.family), sorted(legs)


def reorder(view: View, ranked: list[Ranked], profile: str) -> list[Ranked]:
    """Return the same positions scored by the composite of a named profile."""
    gains = [entry.position.usd / entry.capital if entry.capital > 0.0 else 0.0 for entry in ranked]
    top = max(gains, default=0.0)
    return [
        replace(
            entry,
            score=composite(view, profile, entry.position.legs, entry.position.days, gain, top),
        )
        for entry, gain in zip(ranked, gains, strict=True)
    ]


def prove(
    view: View, paid: View | None, ordered: list[Ranked], settings: ScanSettings
) -> tuple[list[Opportunity], list[Opportunity]]:
    """Return the opportunities that the verifier reproduces, and those that it does not."""
    shown: list[Opportunity] = []
    mismatches: list[Opportunity] = []
    for entry in ordered:
        is_projected = bool(entry.position.condition & candidates.PROJECTED)
        opportunity = propose(paid if is_projected and paid else view, entry, settings)
        proof = verify(
            view.chain, opportunity.legs, opportunity.unit, settings.carry,
            count_projected=is_projected,
            may_carry=bool(entry.position.condition & (candidates.BORROW | candidates.EARLY)),
        )  # fmt: skip
        opportunity = replace(opportunity, proof=proof)
        (shown if reproduces(opportunity.edge, proof) else mismatches).append(opportunity)
    return shown, mismatches


def _by_family(found: Columns, packages: int) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for row in range(found.count):
        name = family_of(found, row)
        counts[name] = counts.get(name, 0) + 1
    if packages:
        counts["package"] = packages
    return counts
