"""Whether the quotes of a chain can be simultaneous."""

from __future__ import annotations

import math

from engine.config import family_code
from engine.scoring.gating import Gated
from engine.strategies.candidates import Columns
from engine.strategies.registry import REGISTRY
from engine.strategies.view import View

LEAST_PAIRS = 500
LEAST_SHARE = 0.25


def unusable_sentence(view: View, found: Columns, gated: Gated) -> str:
    """Return why the chain is not believed, or "".

    One wrong quote makes at most a few rows per strike; when a quarter of all pairs of strikes
    "lock" a profit after every gate, the quotes were not taken at the same time.
    """
    if found.count < LEAST_PAIRS:
        return ""
    chain = view.chain
    pairs = sum(math.comb(len(chain.rows(e)), 2) for e in range(len(chain.expiries)))
    codes = {family_code(family.name) for family in REGISTRY.values() if family.is_pair}
    passing = sum(
        1 for row in range(found.count) if gated.gate[row] == 0 and found.family[row] in codes
    )
    if passing < LEAST_PAIRS or passing < LEAST_SHARE * pairs:
        return ""
    return (
        f"{passing} of {pairs} pairs of strikes would lock a profit: "
        "the quotes are not simultaneous, nothing in this chain can be believed"
    )
