"""Synthetics: collars whose worst case is a bounded loss and whose best case a profit.

Not arbitrages: shown on request only, ordered by reward over risk and the quality of the quotes.
"""

from __future__ import annotations

from dataclasses import replace

from engine.config import ScanSettings
from engine.scoring.legs import cost, option_leg, stock_leg
from engine.scoring.opportunity import OPTION, STOCK, SYNTHETIC, Leg, Opportunity
from engine.scoring.profiles import SYNTHETIC as PRESETS
from engine.scoring.profiles import probability_above, synthetic_composite
from engine.scoring.proposal import Passed, propose, rank
from engine.scoring.rates import best_edge
from engine.scoring.verifier import reproduces, verify
from engine.strategies import candidates
from engine.strategies.pairs import COLLAR, REVERSE_COLLAR, collar_columns, reverse_collar_columns
from engine.strategies.view import View

DEFAULT_PRESET = "syn-balanced"


def find_synthetics(
    view: View, settings: ScanSettings
) -> tuple[tuple[Opportunity, ...], tuple[Opportunity, ...]]:
    """Return the best synthetics of usable quotes, and those the verifier does not reproduce.

    At most ``settings.top``. O(expiries x strikes^2).
    """
    if view.chain.is_inverse or not view.has_stock:
        return (), ()
    usable = replace(view, receive=view.usable_receive, pay=view.usable_pay)
    preset = settings.profile if settings.profile in PRESETS else DEFAULT_PRESET
    rows: list[tuple[float, int, Passed]] = []
    for position in _collars(usable, settings):
        reward = best_edge(view, position.family, position.legs)
        if reward > 0.0 >= position.edge:
            score = synthetic_composite(
                view, preset, position.legs, position.days, reward, -position.edge
            )
            rows.append((-score, len(rows), position))
    rows.sort(key=lambda row: row[:2])
    shown: list[Opportunity] = []
    mismatches: list[Opportunity] = []
    for negative, _, position in rows[: settings.top]:
        found = propose(view, rank(view, position, settings), settings)
        proof = verify(
            view.chain, found.legs, 1, settings.carry, count_projected=False,
            may_carry=bool(position.condition & candidates.BORROW),
        )  # fmt: skip
        found = replace(
            found, grade=SYNTHETIC, score=-negative, proof=proof,
            probability=_probability(view, found),
        )  # fmt: skip
        (shown if reproduces(found.edge, proof) else mismatches).append(found)
    return tuple(shown), tuple(mismatches)


def _collars(view: View, settings: ScanSettings) -> list[Passed]:
    """Return every collar and reverse collar of quotes that pass the gates of a leg."""
    chain, lots = view.chain, float(settings.gates.lots)
    positions = []
    for template, write in ((COLLAR, collar_columns), (REVERSE_COLLAR, reverse_collar_columns)):
        low, high, low_early, high_early = write(view)
        for e in range(len(chain.expiries)):
            rows = chain.rows(e)
            days = view.days[rows[0]]
            if not settings.gates.min_days <= days <= settings.gates.max_days:
                continue
            for i in rows:
                for j in range(i + 1, rows.stop):
                    edge = min(low[i] + high[j], low_early[i] + high_early[j])
                    if edge <= 0.0:
                        positions.append(
                            Passed(
                                template.family, _legs(view, template, i, j), 1, edge, days, lots,
                                edge * chain.contract_value * lots, template.condition,
                            )
                        )  # fmt: skip
    return positions


def _legs(view: View, template: candidates.Template, low: int, high: int) -> tuple[Leg, ...]:
    rows = {candidates.LOW: low, candidates.HIGH: high}
    options = [
        option_leg(view, view.chain.quote_index(rows[which], right), ratio)
        for which, right, ratio in template.legs
    ]
    return (*options, stock_leg(view, template.stock))


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
