"""What gates check and the source does not know: shown, and never locked (SCANNER section 5)."""

from __future__ import annotations

from engine.config import ScanSettings
from engine.market.combo import Leg
from engine.scoring.gate_table import UNKNOWNS
from engine.strategies.view import View

UNKNOWN_TEXT = {unknown.name: unknown.text for unknown in UNKNOWNS}
"""What each of these conditions says in full."""


def unknown_conditions(
    view: View, legs: tuple[Leg, ...], flags: int, settings: ScanSettings
) -> list[str]:
    """Return the conditions of a combo whose gates passed for lack of knowledge. O(legs).

    `flags` are those of the gates. A gate that is switched off checks nothing.
    """
    return [one.name for one in UNKNOWNS if one.is_met(view, legs, flags, settings)]
