"""Synthetics: collars whose worst case is a bounded loss and whose best case a profit.

Not arbitrages: shown on request only, ordered by reward over risk and the quality of the quotes.
"""

from __future__ import annotations

from array import array
from collections.abc import Set
from dataclasses import replace

from engine.config import ScanSettings
from engine.market.combo import OPTION, STOCK, Leg
from engine.market.terms import chain_terms
from engine.proof.verifier import reproduces, verify
from engine.scoring.gating import check_gates
from engine.scoring.legs import legs_of
from engine.scoring.opportunity import SYNTHETIC, Opportunity
from engine.scoring.profiles import SYNTHETIC as PRESETS
from engine.scoring.profiles import probability_above, synthetic_composite
from engine.scoring.proposal import Passed, fit, propose, usd_of
from engine.strategies import candidates
from engine.strategies.candidates import Columns, Template
from engine.strategies.collar import TEMPLATE as COLLAR
from engine.strategies.collar import collar_columns
from engine.strategies.family import cost
from engine.strategies.reverse_collar import TEMPLATE as REVERSE_COLLAR
from engine.strategies.reverse_collar import reverse_collar_columns
from engine.strategies.view import View

DEFAULT_PRESET = "syn-balanced"


def find_synthetics(
    view: View, found: Columns, settings: ScanSettings
) -> tuple[tuple[Opportunity, ...], tuple[Opportunity, ...]]:
    """Return the best synthetics, and those the verifier does not reproduce.

    None has the legs of one of the candidates `found` or would be CARRY. The gates are those of
    candidates; where they check the edge they check the reward, for the edge is the risk. At most
    ``settings.top``. O(expiries x strikes^2).
    """
    if not view.chain.quoting.has_carry or not view.has_stock:
        return (), ()
    preset = settings.profile if settings.profile in PRESETS else DEFAULT_PRESET
    known = {found.key(row) for row in range(found.count)}
    rows: list[tuple[float, int, Passed]] = []
    for template in (COLLAR, REVERSE_COLLAR):
        for position, reward in _collars(view, template, known, settings):
            score = synthetic_composite(
                view, preset, position.legs, position.days, reward, -position.edge
            )
            rows.append((-score, len(rows), position))
    rows.sort(key=lambda row: row[:2])
    shown: list[Opportunity] = []
    mismatches: list[Opportunity] = []
    for negative, _, position in rows:
        if len(shown) == settings.top:
            break
        entry = fit(view, position, settings)
        if entry is None:
            continue
        one = propose(view, entry, settings)
        proof = verify(
            view.chain, one.legs, 1, settings.carry, count_projected=False,
            may_carry=bool(position.condition & candidates.BORROW),
        )  # fmt: skip
        one = replace(
            one, grade=SYNTHETIC, score=-negative, proof=proof, ratio=_ratio(one),
            probability=_probability(view, one),
        )  # fmt: skip
        (shown if reproduces(one.edge, proof) else mismatches).append(one)
    return tuple(shown), tuple(mismatches)


def _collars(
    view: View, template: Template, known: Set[object], settings: ScanSettings
) -> list[tuple[Passed, float]]:
    """Return the collars of one direction that pass every gate, with their rewards."""
    chain, terms, write = view.chain, view.terms, collar_columns
    discount = terms.borrow
    if template is REVERSE_COLLAR:
        write, discount = reverse_collar_columns, terms.lend
    usable = replace(view, receive=view.usable_receive, pay=view.usable_pay)
    free_terms = chain_terms(chain, settings.carry.without_rates(), settings.fees)
    # The columns are scratch: what is written next overwrites them.
    worth = [array("d", column) for column in write(usable)]
    free = [array("d", column) for column in write(replace(usable, terms=free_terms))]
    positions: list[tuple[Passed, float]] = []
    for e in range(len(chain.expiries)):
        rows = chain.rows(e)
        low, high, risk, reward = array("l"), array("l"), array("d"), array("d")
        for i in rows:
            for j in range(i + 1, rows.stop):
                edge = _worst(worth, i, j)
                best = worth[0][i] + worth[1][j] + discount[e] * (chain.strike[j] - chain.strike[i])
                if edge <= 0.0 < best and not _worst(free, i, j) > 0.0:
                    low.append(i)
                    high.append(j)
                    risk.append(edge)
                    reward.append(best)
        table = Columns()
        table.append(
            view.backend, template, chain.n_rows, len(low), low, low, high, reward, view.days
        )
        gated = check_gates(view, table, settings)
        for row in range(table.count):
            if not gated.gate[row] and table.key(row) not in known:
                position = Passed(
                    template.family, legs_of(view, table, row), 1, risk[row], table.days[row],
                    gated.lots[row], 0.0, template.condition, gated.flags[row],
                )  # fmt: skip
                usd = usd_of(view, position, position.lots, settings)
                positions.append((replace(position, usd=usd), reward[row]))
    return positions


def _worst(worth: list[array[float]], i: int, j: int) -> float:
    """Return the worst case of a collar of two rows: held to expiry, or called away early."""
    return min(worth[0][i] + worth[1][j], worth[2][i] + worth[3][j])


def _ratio(one: Opportunity) -> float:
    """Return reward over risk; infinite without risk."""
    return one.best / -one.edge if one.edge < 0.0 else float("inf")


def _strikes(legs: tuple[Leg, ...]) -> tuple[float, float]:
    low, high = sorted(leg.strike for leg in legs if leg.kind == OPTION)
    return low, high


def _probability(view: View, found: Opportunity) -> float:
    """Return the surface's chance that the synthetic ends above its break-even."""
    option = next(leg for leg in found.legs if leg.kind == OPTION)
    e = view.chain.expiry_of(view.chain.row_of(option.quote))
    terms, low_high = view.terms, _strikes(found.legs)
    is_long = any(leg.kind == STOCK and leg.side > 0 for leg in found.legs)
    if is_long:
        level = (cost(found.legs, 1) - terms.div_in[e]) / terms.borrow[e]
    else:
        level = (-cost(found.legs, 1) - terms.div_out[e] - terms.stock_borrow[e]) / terms.lend[e]
    level = min(max(level, low_high[0]), low_high[1])
    above = probability_above(view.chain, e, level, terms.lend[e])
    return above if is_long else 1.0 - above
