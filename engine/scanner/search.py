"""The search of one chain: net quotes and terms in, a table of candidates out, all in columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.backend import Backend
from engine.config import ScanSettings
from engine.errors import UsageError
from engine.market.carry import PROJECTED
from engine.market.chain import OptionChain
from engine.market.fees import DERIBIT, FeeSchedule
from engine.market.terms import Terms, chain_terms
from engine.scoring.gate_table import limits_of
from engine.scoring.gating import Gated, check_gates
from engine.strategies import candidates, scratch
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY, reasons, why_not
from engine.strategies.screen import ruled_out_families
from engine.strategies.view import View, days_by_row, net_prices, shape_of


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found in one chain: columns, no objects by candidate.

    Attributes
    ----------
    chain, settings
        What was searched, and how: with the fees of the chain's market.
    view, paid
        The chain as the families saw it; the same if projected dividends are received, None where
        there are none.
    table, gated
        The candidates, and by row what the gates said.
    skipped
        Families that were not searched, and why.
    unusable
        A sentence when the quotes are plainly not simultaneous, else "".
    """

    chain: OptionChain
    settings: ScanSettings
    view: View
    paid: View | None
    table: CandidateTable
    gated: Gated
    skipped: dict[str, str]
    unusable: str = ""


def terms_of(
    chain: OptionChain, settings: ScanSettings, *, counts_projected: bool = True
) -> tuple[Terms, Terms | None]:
    """Return the terms of `chain`, and those that count projected dividends as received, if any.

    Without `counts_projected` there are none of the latter.

    Raises
    ------
    UsageError
        If the carry gives a share the yield of an index: a share pays dividends, on their days.
    """
    carry, fees = settings.carry, settings.fees
    if carry.index_yield and chain.underlying.is_tradable:
        raise UsageError(
            f"{chain.symbol} is no index: a yield of {carry.index_yield:.2%} is that of one; give "
            "its dividends (Carry(dividends=...), --dividends EX=AMOUNT)"
        )
    terms = chain_terms(chain, carry, fees)
    is_projected = any(dividend.status == PROJECTED for dividend in carry.dividends)
    if not (counts_projected and is_projected):
        return terms, None
    return terms, chain_terms(chain, carry, fees, count_projected=True)


def make_view(chain: OptionChain, settings: ScanSettings, backend: Backend) -> View:
    """Return `chain` as the families see it; projected dividends are paid, never received."""
    columns = scratch.take(shape_of(chain))
    terms = chain_terms(chain, settings.carry, settings.fees)
    return view_of(chain, terms, settings, backend, columns)


def view_of(
    chain: OptionChain,
    terms: Terms,
    settings: ScanSettings,
    backend: Backend,
    columns: scratch.Scratch,
) -> View:
    """Return `chain` under `terms` as the families see it, with the columns they write to."""
    receive, pay = net_prices(chain, settings.fees, backend, columns)
    return View(
        chain, terms, settings.fees, backend, receive, pay, days_by_row(chain, backend, columns),
        limits_of(chain, settings), scratch=columns,
    )  # fmt: skip


def paid_view(view: View, terms: Terms) -> View:
    """Return the same chain under `terms` that count projected dividends as received."""
    return replace(view, terms=terms, condition=candidates.PROJECTED)


def search(
    view: View, paid: View | None, settings: ScanSettings
) -> tuple[CandidateTable, dict[str, str]]:
    """Return the candidates of every family asked for, and why families were skipped.

    What is a candidate only in `paid` is one on the condition that projected dividends are paid.
    Families that the screens rule out are not searched.
    """
    table = CandidateTable(view.backend, view.chain.n_rows, view.days, wants_near=False)
    why = reasons(settings.families, view)
    skipped = {name: reason for name, reason in why.items() if reason}
    asked = [name for name, reason in why.items() if not reason]
    ruled_out = ruled_out_families(view, asked)
    if paid is not None:
        ruled_out &= ruled_out_families(paid, asked)
    searched = [name for name in asked if name not in ruled_out]
    for name in searched:
        REGISTRY[name].find(view, table)
    if paid is not None:
        _add_projected(table, view, paid, searched, settings)
    return table, skipped


def search_near(view: View, settings: ScanSettings, table: CandidateTable) -> candidates.Columns:
    """Return the best position of each template that has no candidate in `table`.

    Families of which every template has one, or that tell none, are not searched again.
    """
    near = CandidateTable(view.backend, view.chain.n_rows, view.days)
    for name in settings.families:
        family = REGISTRY.get(name)
        if family is None or not family.has_near or why_not(family, view):
            continue
        if not all(template in table.templates for template in family.templates):
            family.find(view, near)
    return near.nearest()


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


def fees_of(chain: OptionChain, settings: ScanSettings) -> ScanSettings:
    """Return the settings with the fees of the chain's market, unless others are given."""
    if not chain.quoting.is_linear and settings.fees == FeeSchedule():
        return replace(settings, fees=DERIBIT)
    return settings
