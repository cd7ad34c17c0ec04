"""The scan in three steps: find (columns), prove (what is shown), explain (why not the others)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.backend import Backend
from engine.clock import SYSTEM, Clock
from engine.config import ScanSettings, family_name
from engine.market.chain import OptionChain
from engine.market.combo import combo_of, sighting_id
from engine.proof.states import Proof
from engine.proof.verifier import reproduces, verify
from engine.scanner.kept import Kept
from engine.scanner.search import Found, fees_of, paid_view, search, search_near, view_of
from engine.scoring.carry_only import find_carry_only
from engine.scoring.competition import Competition, compete, marks_of, selection_of, sum_of
from engine.scoring.gating import check_gates, count_reasons
from engine.scoring.near_misses import near_misses
from engine.scoring.opportunity import Funnel, NearMiss, Opportunity, ScanResult, Selection
from engine.scoring.packages import find_packages
from engine.scoring.proposal import Ranked, propose, rank
from engine.scoring.ranking import Ranking, best, entry, one_by_one, rank_candidates
from engine.scoring.selection import Choice
from engine.scoring.simultaneous import unusable_sentence
from engine.scoring.synthetic import find_synthetics
from engine.strategies import candidates, scratch
from engine.strategies.view import shape_of


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages that pass every gate, ranked, and the gate codes of those that do not."""

    ranked: tuple[Ranked, ...] = ()
    refused: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Proven:
    """The best of what was found that the verifier reproduces, and what it does not."""

    opportunities: tuple[Opportunity, ...]
    mismatches: tuple[Opportunity, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """What a list says besides its opportunities; see `ScanResult`."""

    near_misses: tuple[NearMiss, ...] = ()
    carry: tuple[Opportunity, ...] = ()
    n_carry: int = 0
    synthetics: tuple[Opportunity, ...] = ()
    mismatches: tuple[Opportunity, ...] = ()


class Scanner:
    """Scans snapshots of one underlying, again and again.

    Steps: `find`, `rank`, `prove`, `packages`, `explain`; all of them: `scan`.

    Terms, scratch columns and proofs are kept from one chain to the next. Terms serve chains of
    the same instant, carry and listing; with `terms_seconds`, also those at most so many seconds
    later on the same session day. Discounts move by about 1e-7 a second, so edges are then off by
    the strike times that; a proof speaks of the instant of the terms, as the edge does.

    Without `counts_projected` nothing is looked for that is a candidate only if projected dividends
    are paid.

    What `find` returns is read by the other steps until the next `find`. Not for several threads.
    """

    def __init__(
        self,
        settings: ScanSettings,
        backend: Backend,
        clock: Clock = SYSTEM,
        *,
        terms_seconds: float = 0.0,
        counts_projected: bool = True,
    ) -> None:
        self.counts_projected = counts_projected
        self.settings = settings
        self.backend = backend
        self.terms_seconds = terms_seconds
        self._clock = clock
        self._kept: Kept | None = None
        self._shape: tuple[int, ...] = ()
        self._scratch: scratch.Scratch | None = None
        self._found: Found | None = None
        self._ranking: Ranking | None = None

    def find(self, chain: OptionChain) -> Found:
        """Search `chain` and check the gates: columns, no objects. O(rows x expiries)."""
        settings = fees_of(chain, self.settings)
        kept = self._terms(chain, settings)
        columns = self._columns(chain)
        view = view_of(chain, kept.terms, settings, self.backend, columns)
        paid = None if kept.paid is None else paid_view(view, kept.paid)
        table, skipped = search(view, paid, settings)
        gated = check_gates(view, table.found, settings)
        unusable = unusable_sentence(view, table.found, gated)
        self._found = Found(chain, settings, view, paid, table, gated, skipped, unusable)
        self._ranking = None
        return self._found

    def rank(self, found: Found) -> Ranking:
        """Return the ranking of all candidates that pass, in columns; kept. O(candidates)."""
        self._check(found)
        if self._ranking is None:
            self._ranking = rank_candidates(
                found.view, found.table.found, found.gated, found.settings
            )
        return self._ranking

    def packages(self, found: Found) -> Packages:
        """Return the packages of a European chain, if they are asked for and it is believed."""
        if "package" not in found.settings.families or found.unusable:
            return Packages()
        ranking = self.rank(found)
        ranked, refused = find_packages(found.view, found.table.found, ranking, found.settings)
        return Packages(tuple(ranked), tuple(refused))

    def compete(self, found: Found, packages: Packages | None = None) -> Competition:
        """Return what passed as it competes for quotes: in columns. O(candidates)."""
        others = packages.ranked if packages else ()
        return compete(found.view, found.table.found, self.rank(found), others, found.settings)

    def select(
        self, found: Found, competition: Competition, choice: Choice, packages: Packages
    ) -> Selection:
        """Return what a choice takes together, proven; what the verifier refuses is left out."""
        taken = self._taken(found, competition, choice, packages)
        orders = [self._proven(found, one) for one in taken]
        return selection_of(found.chain, competition, choice, orders)

    def sum_up(
        self, found: Found, competition: Competition, choice: Choice, packages: Packages
    ) -> Selection:
        """Return what `select` does without the orders, and without a proof of each."""
        taken = self._taken(found, competition, choice, packages)
        amounts = [(one.position.usd, one.capital) for one in taken]
        return sum_of(found.chain, competition, choice, amounts)

    def _taken(
        self, found: Found, competition: Competition, choice: Choice, packages: Packages
    ) -> list[Ranked]:
        columns, gated, ranking = found.table.found, found.gated, self.rank(found)
        orders: list[Ranked] = []
        for number, lots in enumerate(choice.take):
            if lots:
                row = competition.rows[number]
                one = (packages.ranked[-1 - row] if row < 0
                       else entry(found.view, columns, gated, ranking, row))  # fmt: skip
                usd = competition.worth(number, lots)
                position = replace(one.position, lots=float(lots), usd=usd)
                orders.append(replace(rank(found.view, position, found.settings), take=lots))
        return orders

    def prove(
        self,
        found: Found,
        limit: int | None = None,
        packages: Packages | None = None,
        chosen: Mapping[int, tuple[int, str]] | None = None,
    ) -> Proven:
        """Return the best `limit` (None is ``settings.top``) of `found` and `packages`, proven.

        Only these become objects, and only what was not proven before is: under the same terms, at
        the same prices of its legs and of the underlying. `chosen` has by table row what a choice
        takes, which then comes first.
        """
        ranking, others = self.rank(found), packages.ranked if packages else ()
        if found.unusable:
            return Proven((), ())
        ordered = best(
            found.view, found.table.found, found.gated, ranking, others, found.settings,
            found.settings.top if limit is None else limit, chosen,
        )  # fmt: skip
        shown: list[Opportunity] = []
        mismatches: list[Opportunity] = []
        for ranked in ordered:
            opportunity = self._proven(found, ranked)
            is_good = reproduces(opportunity.edge, _proof(opportunity))
            (shown if is_good else mismatches).append(opportunity)
        return Proven(tuple(shown), tuple(mismatches))

    def prove_one(self, found: Found, sighting: str) -> Opportunity | None:
        """Return the row of `found` with this id, proven; None if there is none.

        The best rows come first, so that what was taken of them costs one proof.
        """
        view, columns, ranking = found.view, found.table.found, self.rank(found)
        rows = one_by_one(view, columns, found.gated, ranking, found.settings, columns.count)
        for ranked in rows:
            position = ranked.position
            key = combo_of(found.chain, position.legs).key
            if sighting_id(key, position.family, found.chain.ts_ns) == sighting:
                return self._proven(found, ranked)
        return None

    def explain(
        self,
        found: Found,
        *,
        near: int | None = None,
        carry: bool | None = None,
        synthetics: bool | None = None,
    ) -> Explained:
        """Return near misses (at most `near` of each kind), CARRY rows and synthetics.

        None is what the settings say.
        """
        self._check(found)
        view, columns, settings = found.view, found.table.found, found.settings
        misses: tuple[NearMiss, ...] = ()
        most = settings.near_misses if near is None else near
        if most > 0:
            nearest = search_near(view, settings, found.table)
            misses = near_misses(
                view, columns, found.gated, nearest, replace(settings, near_misses=most)
            )
        rows: tuple[Opportunity, ...] = ()
        n_rows = 0
        mismatches: tuple[Opportunity, ...] = ()
        if settings.find_carry if carry is None else carry:
            rows, n_rows, mismatches = find_carry_only(view, columns, settings)
        risks: tuple[Opportunity, ...] = ()
        is_wanted = "synthetic" in settings.families if synthetics is None else synthetics
        if is_wanted and not found.unusable:
            risks, more = find_synthetics(view, columns, settings)
            mismatches += more
        return Explained(misses, rows, n_rows, risks, mismatches)

    def funnel(self, found: Found, packages: Packages | None = None) -> Funnel:
        """Return how many candidates failed at which gate. O(candidates)."""
        ranking, others = self.rank(found), packages or Packages()
        columns, n_packages = found.table.found, len(others.ranked) + len(others.refused)
        # In the order in which families come in the table.
        codes = list(dict.fromkeys(columns.family))
        by_family = {family_name(code): columns.family.count(code) for code in codes}
        if n_packages:
            by_family["package"] = n_packages
        return Funnel(
            candidates=columns.count + n_packages,
            rejected=count_reasons((*found.gated.gate, *others.refused), ranking.short),
            passed=ranking.count + len(others.ranked),
            by_family=by_family,
            skipped=found.skipped,
        )

    def scan(self, chain: OptionChain, *, needs_orders: bool = True) -> ScanResult:
        """Return what all steps say about `chain`.

        Without `needs_orders` the selection has its sums alone: a proof of each order takes longer
        than the search.
        """
        clock = self._clock
        started = clock.monotonic_ns()
        found = self.find(chain)
        searched = clock.monotonic_ns()
        packages = self.packages(found)
        self.rank(found)
        selection, chosen = Selection(), dict[int, tuple[int, str]]()
        if not found.unusable:
            competition = self.compete(found, packages)
            choice = competition.choose(found.view, found.settings.capital)
            chosen = marks_of(chain, competition, choice)
        scored = clock.monotonic_ns()
        proven = self.prove(found, packages=packages, chosen=chosen)
        if not found.unusable:
            sums = self.select if needs_orders else self.sum_up
            selection = sums(found, competition, choice, packages)
        proved = clock.monotonic_ns()
        funnel = self.funnel(found, packages)
        explained = self.explain(found)
        return ScanResult(
            chain=chain,
            opportunities=proven.opportunities,
            near_misses=explained.near_misses,
            funnel=funnel,
            carry=explained.carry,
            n_carry=explained.n_carry,
            synthetics=explained.synthetics,
            mismatches=proven.mismatches + explained.mismatches,
            unusable=found.unusable,
            selection=selection,
            timing={
                "search_s": (searched - started) / 1e9,
                "score_s": (scored - searched) / 1e9,
                "proof_s": (proved - scored) / 1e9,
                "rest_s": (clock.monotonic_ns() - proved) / 1e9,
            },
        )

    def close(self) -> None:
        """Hand the scratch columns on to other scanners; nothing found before may be read."""
        if self._scratch is not None:
            scratch.give_back(self._shape, self._scratch)
        self._scratch = self._found = self._ranking = None

    def _terms(self, chain: OptionChain, settings: ScanSettings) -> Kept:
        kept = self._kept
        if kept is None or not kept.fits(chain, settings, self.terms_seconds):
            kept = Kept.of(chain, settings, counts_projected=self.counts_projected)
        else:
            kept = kept.moved(chain)
        self._kept = kept
        return kept

    def _columns(self, chain: OptionChain) -> scratch.Scratch:
        shape = shape_of(chain)
        if self._scratch is None or shape != self._shape:
            self.close()
            self._scratch, self._shape = scratch.take(shape), shape
        return self._scratch

    def _check(self, found: Found) -> None:
        if found is not self._found:
            raise ValueError("its columns now hold another chain: use what the last find returned")

    def _proven(self, found: Found, entry: Ranked) -> Opportunity:
        """Return one opportunity with its proof, which may be of an earlier chain."""
        kept, condition = self._kept, entry.position.condition
        assert kept is not None
        is_projected = bool(condition & candidates.PROJECTED)
        may_carry = bool(condition & (candidates.BORROW | candidates.EARLY))
        view = found.paid if is_projected and found.paid else found.view
        opportunity = propose(view, entry, found.settings)
        spot = found.chain.underlying
        key = (
            is_projected, may_carry, opportunity.unit, spot.bid, spot.ask,
            *((leg.quote, leg.side * leg.ratio, leg.price, leg.fee) for leg in opportunity.legs),
        )  # fmt: skip
        proof = kept.proofs.get(key)
        if proof is None:
            chain = found.chain
            if chain.ts_ns != kept.chain.ts_ns:
                chain = replace(chain, ts_ns=kept.chain.ts_ns)
            proof = verify(
                chain, opportunity.legs, opportunity.unit, found.settings.carry,
                count_projected=is_projected, may_carry=may_carry,
            )  # fmt: skip
            kept.keep(key, proof)
        return replace(opportunity, proof=proof)


def _proof(opportunity: Opportunity) -> Proof:
    assert opportunity.proof is not None
    return opportunity.proof
