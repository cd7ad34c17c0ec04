"""What the gates ask and the source does not know: shown, and never locked (SCANNER section 5)."""

from __future__ import annotations

from array import array

from engine.config import ScanSettings
from engine.market.combo import OPTION, Leg
from engine.strategies.view import View
from kernels_pure.gates import AGE_UNKNOWN, SIZE_UNKNOWN

AGES, SIZES = "ages-unknown", "sizes-unknown"
OPEN_INTEREST, VOLUME = "open-interest-unknown", "volume-unknown"
RATES = "rates-undated"
TEXT = {
    AGES: "the quotes are simultaneous, although their ages are not known",
    SIZES: "every leg can be had in the size asked, although a size is not known",
    OPEN_INTEREST: "the open interest of every leg, not known, is what the gate asks",
    VOLUME: "the volume of every leg, not known, is what the gate asks",
    RATES: "the rates are those of the day, although nobody says when they were read",
}
"""What each of these conditions says in full."""


def unknown_conditions(
    view: View, legs: tuple[Leg, ...], flags: int, settings: ScanSettings
) -> list[str]:
    """Return the conditions of a position whose gates passed for lack of knowledge. O(legs).

    `flags` are those of the gates. A gate that is switched off asks nothing.
    """
    gates, chain = settings.gates, view.chain
    found = []
    if flags & AGE_UNKNOWN and not settings.assume_synchronous:
        found.append(AGES)
    if flags & SIZE_UNKNOWN:
        found.append(SIZES)
    if gates.min_open_interest > 0.0 and _is_unknown(chain.open_interest, legs):
        found.append(OPEN_INTEREST)
    if gates.min_volume > 0.0 and _is_unknown(chain.volume, legs):
        found.append(VOLUME)
    if settings.carry.as_of_ns == 0 and gates.max_rate_age_days >= 0.0:
        found.append(RATES)
    return found


def _is_unknown(counts: array[float], legs: tuple[Leg, ...]) -> bool:
    quotes = (leg.quote for leg in legs if leg.kind == OPTION)
    return not counts or any(not counts[quote] >= 0.0 for quote in quotes)
