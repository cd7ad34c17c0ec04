"""What is asked of a scan of many symbols, and what it gave: frozen values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.config import FAMILIES, ScanSettings
from engine.feeds.protocol import FeedOptions
from engine.market.fees import FeeSchedule
from engine.scanner.notebook import opportunities_html
from engine.scoring.audit import Audit, combine
from engine.scoring.opportunity import Funnel, NearMiss, Opportunity, ScanResult, Selection
from engine.settings.overrides import CarryOverrides

if TYPE_CHECKING:
    from engine.backend import Backend


@dataclass(frozen=True, slots=True)
class Request:
    """What to scan and how; everything but the quotes and the kernels.

    Attributes
    ----------
    source, feed
        As `engine.feeds.open_feed` takes them; `as_of_ns` goes with them.
    symbols
        Which of the source's; none is all of them.
    settings
        Their `carry` and `fees` are replaced, chain by chain, by what `overrides` and `fees` say
        over what the source knows.
    fees
        None is the schedule of the chain's market.
    as_of_ns
        The last snapshot at or before it is scanned; None is the last there is.
    is_every_snapshot
        Scan all of them instead.
    n_seeds
        Audit so many exchanges of the demo source, from `seed` on; 0 is no audit. The scans of
        the first one are kept.
    needs_orders
        Whether the orders of what can be taken together are wanted, each proven, or their sums.
    """

    source: str = "demo"
    symbols: tuple[str, ...] = ()
    settings: ScanSettings = field(default_factory=ScanSettings)
    overrides: CarryOverrides = field(default_factory=CarryOverrides)
    fees: FeeSchedule | None = None
    as_of_ns: int | None = None
    is_every_snapshot: bool = False
    feed: FeedOptions = field(default_factory=FeedOptions)
    n_seeds: int = 0
    needs_orders: bool = True


@dataclass(frozen=True, slots=True)
class Scan:
    """One chain's result, the settings it was scanned with and what its source refused.

    `knows_dividends` is False where neither the source nor the user said a word about them: then
    an empty list of them is an assumption. `notes` are what a person should know of how the chain
    was read and what was laid over it.
    """

    result: ScanResult
    settings: ScanSettings
    problems: tuple[str, ...] = ()
    knows_dividends: bool = True
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return one line: the columns of a chain and its proofs fill screens."""
        result = self.result
        return (
            f"<Scan of {result.chain.symbol}: {len(result.opportunities)} of "
            f"{result.funnel.passed} opportunities, {len(result.near_misses)} near misses>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return opportunities_html(repr(self)[1:-1], self.result.opportunities)


@dataclass(frozen=True, slots=True)
class Failure:
    """A symbol that could not be scanned; `detail` is the traceback of a bug, else ""."""

    symbol: str
    message: str
    code: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SymbolResult:
    """What became of one symbol; `seconds` by phase ("load", "scan", of the first also "open")."""

    scans: tuple[Scan, ...] = ()
    failure: Failure | None = None
    audit: Audit | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Survey:
    """What all symbols gave, in the order of symbols, then of time; `top` limits the ranking."""

    scans: tuple[Scan, ...]
    failures: tuple[Failure, ...] = ()
    audit: Audit | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    top: int = 20

    def __repr__(self) -> str:
        """Return one line: the best of it is in `opportunities`."""
        symbols = [result.chain.symbol for result in self.results]
        named = ", ".join(symbols[:4]) + (", ..." if len(symbols) > 4 else "")
        return (
            f"<Survey of {named or 'nothing'}: {len(self.opportunities)} of {self.funnel.passed} "
            f"opportunities, {len(self.near_misses)} near misses, {len(self.failures)} failures>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return opportunities_html(repr(self)[1:-1], self.listed)

    @property
    def selection(self) -> Selection:
        """What can be taken together of every chain, in one."""
        parts = [scan.result.selection for scan in self.scans]
        orders = sorted((one for part in parts for one in part.orders), key=lambda o: -o.edge_usd)
        return Selection(
            tuple(orders), math.fsum(part.value for part in parts),
            math.fsum(part.bound for part in parts), math.fsum(part.capital for part in parts),
            min((part.limit for part in parts), default=math.inf),
            math.fsum(part.listed for part in parts), sum(int(part.rows) for part in parts),
            tuple(one for part in parts for one in part.scarce),
            tuple(one for part in parts for one in part.groups),
            sum(int(part.n_orders) for part in parts),
        )  # fmt: skip

    def select(self, capital: float = math.inf, backend: Backend | None = None) -> Selection:
        """Return what can be taken together of all chains with so much capital.

        The chains are searched again, with the settings that they were scanned with.
        """
        from engine.backend import select
        from engine.scanner.share import with_capital

        return with_capital(self, backend or select(), capital).selection

    @property
    def results(self) -> tuple[ScanResult, ...]:
        """The results without their settings."""
        return tuple(scan.result for scan in self.scans)

    @property
    def opportunities(self) -> tuple[Opportunity, ...]:
        """The best `top` of every chain together: by score, edge, family, then as scanned."""
        return ranked((o for r in self.results for o in r.opportunities), self.top)

    @property
    def carry(self) -> tuple[Opportunity, ...]:
        """The CARRY rows of every chain, ranked alike."""
        return ranked((o for r in self.results for o in r.carry), self.top)

    @property
    def synthetics(self) -> tuple[Opportunity, ...]:
        """The bounded risks of every chain, ranked alike."""
        return ranked((o for r in self.results for o in r.synthetics), self.top)

    @property
    def listed(self) -> tuple[Opportunity, ...]:
        """What a list without sections shows: opportunities, then CARRY rows and synthetics.

        CARRY rows only where the settings ask for them.
        """
        is_carry_asked = any(scan.settings.show_carry for scan in self.scans)
        return self.opportunities + (self.carry if is_carry_asked else ()) + self.synthetics

    @property
    def near_misses(self) -> tuple[tuple[str, NearMiss], ...]:
        """The near misses of every chain with their symbols, as scanned."""
        return tuple((r.chain.symbol, miss) for r in self.results for miss in once(r.near_misses))

    @property
    def mismatches(self) -> tuple[tuple[Scan, Opportunity], ...]:
        """What the verifier did not reproduce, with the scan it came from."""
        return tuple((scan, bad) for scan in self.scans for bad in scan.result.mismatches)

    @property
    def funnel(self) -> Funnel:
        """The funnels of every chain added up."""
        rejected: dict[str, int] = {}
        by_family: dict[str, int] = {}
        skipped: dict[str, str] = {}
        funnels = [result.funnel for result in self.results]
        for funnel in funnels:
            _add(rejected, funnel.rejected)
            _add(by_family, funnel.by_family)
            skipped.update(funnel.skipped)
        return Funnel(
            candidates=sum(f.candidates for f in funnels),
            rejected=rejected,
            passed=sum(f.passed for f in funnels),
            by_family=by_family,
            skipped=skipped,
        )


def survey_of(results: Iterable[SymbolResult], request: Request, total: float = 0.0) -> Survey:
    """Return what some symbols gave as one survey; `total` is how many seconds all took."""
    found = list(results)
    seconds: dict[str, float] = {}
    for one in found:
        for phase, spent in one.seconds.items():
            seconds[phase] = seconds.get(phase, 0.0) + spent
    return Survey(
        scans=tuple(scan for one in found for scan in one.scans),
        failures=tuple(one.failure for one in found if one.failure),
        audit=combine(one.audit for one in found if one.audit) if request.n_seeds else None,
        seconds={**seconds, "total": total},
        top=request.settings.top,
    )


def once(misses: Iterable[NearMiss]) -> tuple[NearMiss, ...]:
    """Return near misses without those that are the same in every field.

    A position that has no edge, but would have with a projected dividend, is found twice.
    """
    return tuple({repr(miss): miss for miss in misses}.values())  # a nan is not equal to itself


def ranked(found: Iterable[Opportunity], top: int) -> tuple[Opportunity, ...]:
    """Return the best `top`: what is taken together first, then by score, edge and family.

    Of what is taken counts the part that is. Equals keep their order.
    """
    order = {family: k for k, family in enumerate(FAMILIES)}

    def key(one: Opportunity) -> tuple[bool, float, float, int]:
        score = -math.inf if math.isnan(one.score) else one.score
        part = one.take / one.lots if one.take and one.lots else 1.0
        return not one.take, -score * part, -one.edge, order.get(one.family, len(order))

    return tuple(sorted(found, key=key)[:top])


def _add(totals: dict[str, int], counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        totals[name] = totals.get(name, 0) + count
